"""Drives the replay by keys, as a person would, and reads what it draws."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from textual.pilot import Pilot
from textual.widget import Widget

from analysis import Trace, open_trace
from tui.app import LEARNING, ReplayApp

HOSTILE = "\x1b[2J[red]x[/red]\x07[@click=app.quit]"
SHOWN_HOSTILE = r"\x1b[2J[red]x[/red]\x07[@click=app.quit]"


class Driver:
    """An app under test."""

    def __init__(self, app: ReplayApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    async def until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            await self.pilot.pause()

    async def settled(self) -> None:
        """Return when no view waits for an answer."""
        for _ in range(3):  # an answer may ask the next question
            await self.until(lambda: all(each.is_finished or each.group == LEARNING for each in self.app.workers))
            await self.pilot.pause()

    async def learnt(self) -> None:
        """Return when what the first lines tell is known."""
        await self.until(lambda: all(worker.is_finished for worker in self.app.workers))
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settled()

    async def type(self, words: str) -> None:
        await self.press(*("space" if letter == " " else letter for letter in words), "enter")

    def drawn(self, kind: type[Widget] | str) -> list[str]:
        """The lines of one widget of the screen in front, as they are on the terminal."""
        widget = self.app.screen.query_one(kind)
        return [widget.render_line(line).text for line in range(widget.size.height)]

    def screen(self) -> str:
        """All that the screen in front draws."""
        return "\n".join(
            line
            for widget in self.app.screen.walk_children()
            if not widget.children and widget.display
            for line in (widget.render_line(each).text for each in range(widget.size.height))
        )


@asynccontextmanager
async def replay(
    trace: Trace | Path,
    size: tuple[int, int] = (80, 24),
    *,
    start: datetime | None = None,
    view: str | None = None,
    volume_id: str | None = None,
) -> AsyncIterator[Driver]:
    """The app over a trace: one that is open already has its models built."""
    opened = open_trace(trace) if isinstance(trace, Path) else trace
    try:
        app = ReplayApp(opened, opened.summary(), start=start, view=view, volume_id=volume_id)
        async with app.run_test(size=size) as pilot:
            driver = Driver(app, pilot)
            await driver.settled()
            yield driver
    finally:
        if isinstance(trace, Path):
            opened.close()
