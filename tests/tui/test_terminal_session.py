"""The replay as a process: in a real terminal, in a browser, and beside a recorder."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest
from small_trace import SmallTrace, claim
from volreel_process import run, start

SAMPLES = Path(__file__).parents[2] / "sample_traces"
PAUSE_S = 0.1
"""Between two looks at a terminal."""
PATIENCE_S = 60.0
"""After which a terminal that does not show what it should is a failure."""
PENDING = SAMPLES / "pending-claims.trace"


class Terminal:
    """A shell in a tmux of its own."""

    def __init__(self, folder: Path) -> None:
        self._tmux = ["tmux", "-S", str(folder / "socket"), "-f", "/dev/null"]
        self("new-session", "-d", "-x", "80", "-y", "24", f"PS1='$ ' XDG_CACHE_HOME={folder} sh")

    def __call__(self, *arguments: str) -> str:
        return subprocess.run([*self._tmux, *arguments], check=True, capture_output=True, text=True).stdout

    def type(self, *keys: str) -> None:
        self("send-keys", *keys)

    def modes(self) -> str:
        """What a program may leave behind: the other screen, the mouse, a hidden cursor."""
        return self("display", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}")

    def until(self, *words: str) -> None:
        """Return once all these words are on the screen."""
        self.wait(lambda: all(each in self("capture-pane", "-p") for each in words))

    def wait(self, is_so: Callable[[], bool]) -> None:
        """Return once it is so; a failure shows the screen."""
        end = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < end, self("capture-pane", "-p")
            time.sleep(PAUSE_S)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    if shutil.which("tmux") is None:
        pytest.skip("there is no tmux")
    terminal = Terminal(tmp_path)
    yield terminal
    terminal("kill-server")


def replay(*arguments: str) -> str:
    return shlex.join([sys.executable, "-m", "volreel", "replay", *arguments])


def test_a_session_starts_plays_jumps_quits_and_leaves_the_terminal_clean(terminal):
    terminal.until("$")
    before = terminal.modes()
    terminal.type(replay(str(PENDING), "--view", "history"), "Enter")
    terminal.until("> ")
    terminal.until("0%  paused 1x")
    terminal.type("]")
    terminal.until("no gap after this")
    terminal.type("g")
    terminal.until("Go to (UTC)")
    terminal.type("50%", "Enter")
    terminal.until("50%  paused 1x")
    terminal.type("+" * 9, "Space")
    terminal.until("100%  paused 1000x")
    terminal.type("q")
    terminal.wait(lambda: terminal.modes() == before)
    terminal.type("echo $((40 + 2))", "Enter")
    terminal.until("42")


def test_the_cursor_rides_at_the_end_of_a_trace_being_recorded(terminal, tmp_path):
    small = SmallTrace(tmp_path / "t.trace").note(0, "synced").observe(1, "ADDED", claim("first"))
    small.writer.flush()
    terminal.type(replay(str(small.path), "--view", "history", "--follow"), "Enter")
    terminal.until("> 07:00:01.000", "100%  live")
    small.observe(60, "ADDED", claim("second")).writer.flush()
    terminal.until("> 07:01:00.000", "shop/second", "100%  live")
    terminal.type("Left")
    terminal.until("paused 1x")
    small.observe(120, "ADDED", claim("third")).writer.seal()
    terminal.until("> 07:00:01.000", "shop/third")
    terminal.type("n")
    terminal.until("> 07:02:00.000", "100%  live")
    small.ended()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--view", "words"], "there is no view 'words'. There are volumes, volume, history"),
        (["--at", "noon"], "'noon' is no time. Give 14:03:07"),
        (["--volume", "nobody"], "no volume, claim or pod of"),
    ],
)
async def test_what_cannot_be_opened_is_one_line(arguments, why, tmp_path):
    trace = SmallTrace(tmp_path / "t.trace").observe(1, "ADDED", claim()).ended()
    answer = await run("replay", str(trace), *arguments, home=tmp_path)
    assert (answer.code, answer.err.count("\n"), why in answer.err) == (2, 1, True)


async def is_served(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def test_a_browser_on_this_machine_is_served_the_same_screen(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await start("replay", str(PENDING), "--view", "history", "--web", str(port), home=tmp_path)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await is_served(port):
                await asyncio.sleep(PAUSE_S)
        async with asyncio.timeout(PATIENCE_S), aiohttp.ClientSession(f"http://127.0.0.1:{port}") as browser:
            assert "volreel" in await (await browser.get("/")).text()
            async with browser.ws_connect("/ws?width=80&height=24") as socket_:
                shown = ""
                while "observations" not in shown:
                    message = await socket_.receive()
                    shown += message.data.decode() if isinstance(message.data, bytes) else str(message.data)
    finally:
        process.terminate()
        await process.wait()
