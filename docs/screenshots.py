"""Draw the screens that README.md shows, by the app itself from a sample trace: `make screenshots`.

With --check only say which are stale.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from textual.pilot import Pilot

from analysis import open_trace
from tui.app import ReplayApp

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "screens"
_TRACE = ROOT / "sample_traces" / "stuck-attach.trace"
_SIZE = (110, 30)
SCREENS = {
    "volumes": ("1",),
    "volume": ("slash", *"s10/d2", "enter", "enter"),
    "latency": ("6", "down", "down", "down"),
}
"""Name -> the keys that lead to it, from the screen before."""


async def screens() -> dict[Path, str]:
    """Each picture's path and SVG. They follow from the trace alone."""
    found = {}
    with open_trace(_TRACE) as trace:
        async with ReplayApp(trace, trace.summary()).run_test(size=_SIZE) as pilot:
            await _settled(pilot)
            for name, keys in SCREENS.items():
                for key in keys:
                    await pilot.press(key)
                    await _settled(pilot)
                found[FOLDER / f"{name}.svg"] = pilot.app.export_screenshot(title=f"volreel replay {_TRACE.name}")
    return found


async def _settled(pilot: Pilot[None]) -> None:
    for _ in range(3):  # an answer may ask the next question
        while not all(worker.is_finished for worker in pilot.app.workers):
            await pilot.pause()
        await pilot.pause()


def main() -> None:
    """Write, or with --check say what is stale."""
    drawn = asyncio.run(screens())
    stale = [path for path, text in drawn.items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in sys.argv:
        sys.exit("\n".join(f"{path} is stale: run `make screenshots`" for path in stale) or 0)
    FOLDER.mkdir(exist_ok=True)
    for path in stale:
        path.write_text(drawn[path], "utf-8")


if __name__ == "__main__":
    main()
