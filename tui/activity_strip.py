"""The whole trace in a line or two: how much arrived when, gaps, findings, and the time cursor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from analysis.overview import STRETCHES, Found, Overview
from analysis.timeline_bars import GAP, Scale
from analysis.trace import Summary
from tui.severities import SEVERITY_MARKS

_LEVELS = " ▁▂▃▄▅▆▇█"
_CURSOR, _CURSOR_ABOVE = "┃", "▼"
_TALL = 20
"""Lines of a terminal from which findings and cursor have a line of their own."""


class ActivityStrip(Widget):
    """Time runs from left to right; a click asks to go there."""

    DEFAULT_CSS = "ActivityStrip { height: auto; }"

    class Chosen(Message):
        """The cursor is wanted there."""

        def __init__(self, instant: datetime) -> None:
            super().__init__()
            self.instant = instant

    def __init__(self) -> None:
        super().__init__()
        self._begin: datetime | None = None
        self._end: datetime | None = None
        self._overview: Overview | None = None
        self._found: Sequence[Found] = ()
        self._instant: datetime | None = None

    def show(
        self, summary: Summary, overview: Overview | None, found: Sequence[Found], instant: datetime | None
    ) -> None:
        """Draw as much as is known; None and nothing for what is not yet."""
        self._begin, self._end = summary.first_at, summary.last_at
        self._overview, self._found, self._instant = overview, found, instant
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return 2 if viewport.height >= _TALL else 1

    def render(self) -> Text:
        width = self.size.width
        if self._begin is None or self._end is None or not width:
            return Text()
        scale = Scale(self._begin, self._end, width)
        below = self._activity(width)
        self._hatch(below, scale)
        above = below if self.size.height < 2 else [(" ", "")] * width
        for severity, mark in SEVERITY_MARKS.items():  # the worst last: it stays
            for found in self._found:
                if found.at and found.severity == severity:
                    above[scale.cell(found.at)] = mark
        if self._instant:
            cell = scale.cell(self._instant)
            below[cell] = (_CURSOR, "bold reverse")
            if above is not below and above[cell][0] == " ":
                above[cell] = (_CURSOR_ABOVE, "bold")
        lines = [below] if above is below else [above, below]
        return Text("\n", no_wrap=True).join(Text.assemble(*line) for line in lines)

    def _activity(self, width: int) -> list[tuple[str, str]]:
        """The busiest stretch of each column, on a logarithmic scale."""
        rows = self._overview.rows if self._overview else ()
        if not rows:
            return [(" ", "")] * width
        most = math.log1p(max(rows)) or 1.0
        cells = []
        for column in range(width):
            first = column * STRETCHES // width
            busiest = max(rows[first : max(first + 1, (column + 1) * STRETCHES // width)])
            cells.append((_LEVELS[math.ceil(math.log1p(busiest) / most * 8)], "dim"))
        return cells

    def _hatch(self, cells: list[tuple[str, str]], scale: Scale) -> None:
        for begin, end in self._overview.gaps if self._overview else ():
            if begin <= scale.end and end >= scale.begin:
                for cell in range(scale.cell(begin), scale.cell(end) + 1):
                    cells[cell] = (GAP, "bold yellow")

    def on_click(self, click: events.Click) -> None:
        if self._begin and self._end:
            share = click.x / max(1, self.size.width - 1)
            self.post_message(self.Chosen(self._begin + (self._end - self._begin) * share))
