"""A volume's phases as bars on one scale of time, its own first, then those of each use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from rich.cells import set_cell_size
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from analysis.text import took
from analysis.timeline import Timeline
from analysis.timeline_bars import GAP, Scale, bar, gap_strip
from tracer.trace.visible import visible
from tui.owners import look_of

_WIDE = 64
"""Columns from which a row has room for the owner."""
_CURSOR = "│"


class VolumeChart(Widget, can_focus=True):
    """Only the rows that fit are drawn, the selected phase among them."""

    DEFAULT_CSS = "VolumeChart { height: 2fr; min-height: 3; }"

    class Moved(Message):
        """Another phase is to be selected."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self) -> None:
        super().__init__()
        self._life: Timeline | None = None
        self._phases: Sequence[dict[str, Any]] = ()
        self._selected = 0
        self._instant: datetime | None = None
        self._words = ""
        self._rows: list[int | None] = []
        """The index of the phase on each line; None for the heading of a use."""
        self._top = 0

    def show(self, life: Timeline, phases: Sequence[dict[str, Any]], selected: int, instant: datetime | None) -> None:
        """Draw these phases of the life, and the instant of the time cursor as a line."""
        self._life, self._phases, self._selected, self._instant = life, phases, selected, instant
        self._rows = []
        for index, phase in enumerate(phases):
            if phase["use_id"] and (index == 0 or phases[index - 1]["use_id"] != phase["use_id"]):
                self._rows.append(None)
            self._rows.append(index)
        self.refresh()

    def show_words(self, words: str) -> None:
        """Draw a sentence instead."""
        self._life, self._words = None, words
        self.refresh()

    def render(self) -> Text:
        if self._life is None or not self._phases:
            return Text(visible(self._words) if self._life is None else "No step of it is known.")
        lines = []
        for line in self._lines(self._life):
            line.truncate(self.size.width)
            lines.append(line)
        return Text("\n", no_wrap=True, overflow="crop").join(lines)

    def _lines(self, life: Timeline) -> Iterator[Text]:
        width, height = self.size.width, self.size.height
        words = 50 if width >= _WIDE else 26
        begins = [each["begins_at"] for each in self._phases if each["begins_at"]]
        ends = [each["seen_until"] for each in self._phases if each["seen_until"]]
        if not begins or not ends:
            yield Text("When its steps were is not known.")
            return
        begin, end = min(begins), max(ends)
        scale = Scale(begin, end, max(4, width - words))
        gaps = gap_strip(life, scale)
        yield Text(
            set_cell_size(f"  {begin:%H:%M:%S} to {end:%H:%M:%S} UTC", words) + gaps, "bold yellow" if gaps else "bold"
        )
        place = self._rows.index(self._selected)
        self._top = max(0, min(place - (height - 1) // 2, len(self._rows) - (height - 1)))
        for row, index in enumerate(self._rows[self._top : self._top + height - 1], start=self._top):
            if index is None:
                use = self._phases[self._rows[row + 1] or 0]
                where = f" on {use['node']}" if use["node"] else ""
                yield Text(visible(f"  pod {use['namespace']}/{use['pod']}{where}"), "bold")
            else:
                yield self._line(index, words, scale, gaps)

    def _line(self, index: int, words: int, scale: Scale, gaps: str) -> Text:
        phase, is_selected = self._phases[index], index == self._selected
        look = look_of(phase["owner"])
        text = Text("> " if is_selected else "  ", no_wrap=True)
        if words > 26:
            text.append(set_cell_size(phase["phase"], 20) + " " + set_cell_size(phase["owner"], 17))
        else:
            text.append(set_cell_size(phase["phase"], 14))
        longer = ">" if phase["left_censored"] or phase["right_censored"] else ""
        duration = took(phase["duration_us"] if phase["duration_us"] is not None else phase["shortest_us"])
        text.append(f"{longer + duration:>9} ")
        if is_selected:
            text.stylize("reverse")
        cursor = self._cursor_cell(scale)
        is_placed = phase["begins_at"] and phase["seen_until"]
        drawn_bar = bar(phase, scale, look.shape) if is_placed else "?"
        for cell, drawn in enumerate(drawn_bar.ljust(scale.width)):
            if cell == cursor:
                text.append(_CURSOR, "bold")
            elif drawn == " ":
                text.append(GAP if gaps[cell : cell + 1] == GAP else " ", "dim")
            else:
                text.append(drawn, look.colour)
        return text

    def _cursor_cell(self, scale: Scale) -> int | None:
        instant = self._instant
        return scale.cell(instant) if instant and scale.begin <= instant <= scale.end else None

    def on_click(self, click: events.Click) -> None:
        row = self._top + click.y - 1
        if click.y > 0 and row < len(self._rows) and (index := self._rows[row]) is not None:
            self.post_message(self.Moved(index))
