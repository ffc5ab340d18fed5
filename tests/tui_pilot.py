"""The replay app driven by keys in a test, as a person would drive it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

from textual.pilot import Pilot
from textual.widget import Widget

from analysis import Trace, open_trace
from tui.app import ReplayApp

Press = Callable[..., Awaitable[None]]


@asynccontextmanager
async def driving(trace: Path | Trace, size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[Pilot[None], Press]]:
    """The app on a trace, and what presses keys and waits until all that they asked for is drawn."""
    with open_trace(trace) if isinstance(trace, Path) else nullcontext(trace) as opened:
        async with ReplayApp(opened, opened.summary()).run_test(size=size) as pilot:

            async def press(*keys: str) -> None:
                for key in keys or ("",):
                    await pilot.press(*filter(None, [key]))
                    for _ in range(3):  # an answer may ask the next question
                        while not all(worker.is_finished for worker in pilot.app.workers):
                            await pilot.pause()
                        await pilot.pause()

            await press()
            yield pilot, press


def shown(widget: Widget) -> list[str]:
    """The lines that a widget draws, without the blanks at their ends."""
    return [line.rstrip() for line in str(widget.render()).split("\n")]
