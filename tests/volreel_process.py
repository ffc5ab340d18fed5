"""The command line as a process of its own."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from asyncio.subprocess import Process
from dataclasses import dataclass
from pathlib import Path

COMMAND = (sys.executable, "-m", "volreel")


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line of an error; fails where there are more."""
        [line] = self.err.splitlines()
        return line


def environment(home: Path) -> dict[str, str]:
    """Nothing of the user's own configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "VOLREEL"))}
    return {**kept, "HOME": str(home), "COLUMNS": "80"}


async def start(*arguments: str, home: Path, **env: str) -> Process:
    """Start `volreel ARGUMENTS`; its output goes into pipes."""
    return await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        env=environment(home) | env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def ended(process: Process, within_s: float = 30.0) -> Ended:
    """How the process ends."""
    try:
        async with asyncio.timeout(within_s):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def run(*arguments: str, home: Path, **env: str) -> Ended:
    """Run `volreel ARGUMENTS` to its end."""
    return await ended(await start(*arguments, home=home, **env))


def on_terminal(arguments: list[str], home: Path, columns: int = 80) -> str:
    """What a command writes to a terminal of so many columns and 30 lines."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    env = environment(home) | {"TERM": "xterm"}
    del env["COLUMNS"]  # it would be believed more than the terminal is
    with subprocess.Popen([*COMMAND, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=env) as process:
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 65536):
                parts.append(part)
        except OSError:  # the other side is closed
            pass
        assert process.wait(30) == 0
    os.close(ours)
    return b"".join(parts).decode()
