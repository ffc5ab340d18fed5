"""How long the screen takes on long traces: `python -m benchmarks.replay`.

`--folder F` keeps the generated traces there for the next run; `--sizes 1000000` chooses other ones. Each figure is the
clock's, from the key to the drawn answer, on a screen of 160x50 without a terminal; the first screen is that of a whole
process, models kept.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pty
import random
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path
from typing import Any

SIZES = (1_000_000, 10_000_000)
_ROUNDS = 3
_JUMPS = 40
_FIRST_ROW = b"stuck first"
"""Stands below the table of volumes once it is drawn."""
_FILTERS = ("class=fast", "attach", "slowest>1s", "b33", "age>2m", "driver", "waiting>1s")


def first_screen(trace: Path, cache: Path) -> float:
    """Seconds from the start of a process until it has drawn the volumes."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
    started = time.perf_counter()
    command = [sys.executable, "-m", "volreel", "replay", str(trace)]
    environment = os.environ | {"XDG_CACHE_HOME": str(cache), "TERM": "xterm-256color"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        drawn = b""
        while _FIRST_ROW not in drawn:
            drawn += os.read(ours, 1 << 16)
        taken = time.perf_counter() - started
        process.terminate()
    os.close(ours)
    return taken


async def measure(path: Path) -> dict[str, Any]:
    """Jump, scroll and filter in this process: seconds of each, and the peak of memory in bytes."""
    from textual.widgets import Input

    from analysis import open_trace
    from analysis.landmarks import Spot
    from tui.app import LEARNING, ReplayApp
    from tui.view_screen import ViewScreen

    with open_trace(path) as trace:
        summary = trace.summary()
        app = ReplayApp(trace, summary)
        async with app.run_test(size=(160, 50)) as pilot:

            async def settled() -> None:
                while not all(worker.is_finished or worker.group == LEARNING for worker in app.workers):
                    await asyncio.sleep(0.001)
                await pilot.pause()

            async def timed(act: Callable[[], object]) -> float:
                started = time.perf_counter()
                act()
                await settled()
                return time.perf_counter() - started

            def view() -> ViewScreen:
                assert isinstance(app.screen, ViewScreen)
                return app.screen

            await settled()
            while not all(worker.is_finished for worker in app.workers):
                await asyncio.sleep(0.1)
            chance = random.Random(1)
            span = summary.last_at - summary.first_at if summary.first_at and summary.last_at else None
            assert summary.first_at
            assert span
            figures: dict[str, Any] = {"observations": summary.observations}
            figures["scroll"] = [
                await timed(lambda: app.simulate_key(chance.choice(("down", "pagedown", "pageup", "end", "home"))))
                for _ in range(_JUMPS)
            ]

            def filter_by(words: str) -> None:
                line = view().query_one(Input)
                line.value = words
                line.post_message(Input.Submitted(line, words))

            figures["filter"] = [await timed(lambda words=words: filter_by(words)) for words in _FILTERS * 3]
            for name in ("history", "worlds"):
                await app.run_action(f"view({name!r})")
                await settled()
                figures[name] = [
                    await timed(lambda: view().move(Spot(summary.first_at + span * chance.random(), None)))
                    for _ in range(_JUMPS)
                ]
        figures["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return figures


def measured_in_a_process(trace: Path, cache: Path) -> dict[str, Any]:
    """The figures of a process of its own, whose models are kept."""
    command = [sys.executable, "-m", "benchmarks.replay", "--measure", str(trace)]
    environment = os.environ | {"XDG_CACHE_HOME": str(cache)}
    ended = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def report(sizes: tuple[int, ...] = SIZES, folder: Path | None = None) -> str:
    """The table, as Markdown."""
    from benchmarks.generate import generate

    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        cache = (folder or Path(temporary)) / "cache"
        for size in sizes:
            trace = (folder or Path(temporary)) / f"{size}.trace"
            if not (trace / "trace.json").exists():
                shutil.rmtree(trace, ignore_errors=True)
                trace.parent.mkdir(parents=True, exist_ok=True)
                generate(trace, size)
            found = measured_in_a_process(trace, cache)
            first = min(first_screen(trace, cache) for _ in range(_ROUNDS))
            rows.append(_row(found, first))
            if folder is None:
                shutil.rmtree(trace)
    head = ["observations", "first screen", "jump in history", "jump in worlds", "scroll", "filter", "peak memory"]
    goal = "| goal | < 1 s | p95 < 50 ms | p95 < 50 ms | p95 < 50 ms | p95 < 50 ms | |"
    return "\n".join([f"| {' | '.join(head)} |", f"|{' ---: |' * len(head)}", *rows, goal])


def _row(found: dict[str, Any], first: float) -> str:
    times = (_told(found[name]) for name in ("history", "worlds", "scroll", "filter"))
    cells = [f"{found['observations']:,}", f"{first:.2f} s", *times, f"{found['peak'] / 2**20:,.0f} MiB"]
    return f"| {' | '.join(cells)} |"


def _told(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p50, p95 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95))
    return f"{p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(asyncio.run(measure(given.measure))))
        return
    print(report(tuple(int(size) for size in given.sizes.split(",")), given.folder))


if __name__ == "__main__":
    main()
