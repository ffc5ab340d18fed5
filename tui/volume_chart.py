"""A volume's life on one scale of time: its own steps, then those of each use, then the calls to its driver."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from tui.owners import DRIVER, look_of

_WIDE = 64
"""Columns from which a row has room for the owner."""
_CURSOR = "│"
_KNOWN, _BOUND = ("◆", ""), ("◇", "dim")
"""A milestone, and one of which only the latest time is known."""
_DONE, _FAILED, _UNKNOWN = ("●", DRIVER.colour), ("✗", "bold red"), ("○", "yellow")
"""Calls by their outcome."""


@dataclass(frozen=True, slots=True)
class _Heading:
    """Whose the lines below are."""

    text: str


@dataclass(frozen=True, slots=True)
class _Marks:
    """A line of instants, each a sign and its style."""

    name: str
    marks: Sequence[tuple[datetime, tuple[str, str]]]


_Line = _Heading | _Marks | int
"""An int is the index of a phase."""


class VolumeChart(Widget, can_focus=True):
    """Only the lines that fit are drawn, the selected phase among them."""

    DEFAULT_CSS = "VolumeChart { height: 2fr; min-height: 3; }"

    class Moved(Message):
        """Another phase is to be selected."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self._life: Timeline | None = None
        self._phases: Sequence[dict[str, Any]] = ()
        self._lines: Sequence[_Line] = ()
        self._selected = 0
        self._instant: datetime | None = None
        self._top = 0

    def show(self, life: Timeline) -> None:
        """Draw this life."""
        self._life = life
        self._phases = life.phases.rows(named=True)
        self._lines = [*_steps(self._phases, life.milestones.rows(named=True)), *_calls(life.calls.rows(named=True))]
        self.refresh()

    def show_words(self, words: str) -> None:
        """Draw a sentence instead."""
        self._life, self._words = None, words
        self.refresh()

    def point(self, selected: int, instant: datetime | None) -> None:
        """Mark the phase that is selected, and the instant of the time cursor by a line."""
        self._selected, self._instant = selected, instant
        self.refresh()

    def render(self) -> Text:
        if self._life is None:
            return Text(visible(self._words))
        begins = [each["begins_at"] for each in self._phases if each["begins_at"]]
        ends = [each["seen_until"] for each in self._phases if each["seen_until"]]
        if not begins or not ends:
            return Text("When its steps were is not known." if self._phases else "No step of it is known.")
        words = 50 if self.size.width >= _WIDE else 26
        scale = Scale(min(begins), max(ends), max(4, self.size.width - words))
        lines = [line[: self.size.width] for line in self._drawn(self._life, scale, words)]
        return Text("\n", no_wrap=True, overflow="crop").join(lines)

    def _drawn(self, life: Timeline, scale: Scale, words: int) -> Iterator[Text]:
        gaps = gap_strip(life, scale)
        span = f"  {scale.begin:%H:%M:%S} to {scale.end:%H:%M:%S} UTC"
        yield Text(set_cell_size(span, words) + gaps, "bold yellow" if gaps else "bold")
        room = max(0, self.size.height - 1)
        place = self._lines.index(self._selected) if self._phases else 0
        self._top = max(0, min(place - room // 2, len(self._lines) - room))
        for line in self._lines[self._top : self._top + room]:
            match line:
                case _Heading(text):
                    yield Text(visible(text), "bold")
                case _Marks(name, marks):
                    signs = {scale.cell(at): sign for at, sign in marks if scale.begin <= at <= scale.end}
                    cells = [signs.get(cell, (" ", "")) for cell in range(scale.width)]
                    yield self._row(Text(set_cell_size(visible(f"  {name}"), words), "dim"), cells, scale, gaps)
                case index:
                    yield self._phase(index, words, scale, gaps)

    def _phase(self, index: int, words: int, scale: Scale, gaps: str) -> Text:
        phase, look = self._phases[index], look_of(self._phases[index]["owner"])
        longer = ">" if phase["left_censored"] or phase["right_censored"] else ""
        duration = took(phase["duration_us"] if phase["duration_us"] is not None else phase["shortest_us"])
        name = set_cell_size(phase["phase"], 20) + " " + set_cell_size(phase["owner"], 17)
        if words < 50:
            name = set_cell_size(phase["phase"], 14)
        mark = "> " if index == self._selected else "  "
        text = Text(f"{mark}{name}{longer + duration:>9} ", "reverse" if index == self._selected else "")
        is_placed = phase["begins_at"] and phase["seen_until"]
        drawn = bar(phase, scale, look.shape) if is_placed else "?"
        return self._row(text, [(cell, look.colour) for cell in drawn.ljust(scale.width)], scale, gaps)

    def _row(self, text: Text, cells: Sequence[tuple[str, str]], scale: Scale, gaps: str) -> Text:
        """The words, then the cells: where they are empty a gap shows through, and the cursor lies over all."""
        instant = self._instant
        cursor = scale.cell(instant) if instant and scale.begin <= instant <= scale.end else None
        row = Text(no_wrap=True).append_text(text)
        for cell, (sign, style) in enumerate(cells):
            if cell == cursor:
                row.append(_CURSOR, "bold")
            elif sign == " " and gaps[cell : cell + 1] == GAP:
                row.append(GAP, "dim")
            else:
                row.append(sign, style)
        return row

    def on_click(self, click: events.Click) -> None:
        line = self._top + click.y - 1
        if click.y > 0 and line < len(self._lines) and isinstance(index := self._lines[line], int):
            self.post_message(self.Moved(index))


def _steps(phases: Sequence[dict[str, Any]], milestones: Sequence[dict[str, Any]]) -> Iterator[_Line]:
    """The phases of the volume, then use by use; below each of them its milestones."""
    uses = dict.fromkeys(phase["use_id"] for phase in phases)
    for use_id in uses:
        of_use = [index for index, phase in enumerate(phases) if phase["use_id"] == use_id]
        if use_id is not None:
            use = phases[of_use[0]]
            yield _Heading(f"  pod {use['namespace']}/{use['pod']}" + (f" on {use['node']}" if use["node"] else ""))
        yield from of_use
        marks = [
            (each["instant"], _KNOWN if each["happened_at"] else _BOUND)
            for each in milestones
            if each["use_id"] == use_id and each["instant"]
        ]
        if marks:
            yield _Marks(f"milestones {len(marks)}", marks)


def _calls(calls: Sequence[dict[str, Any]]) -> Iterator[_Line]:
    """A line for each method that was called, with every attempt on it."""
    if calls:
        yield _Heading("  calls to its driver")
    for method in dict.fromkeys(call["method"] for call in calls):
        marks = [(call["instant"], _outcome(call["code"])) for call in calls if call["method"] == method]
        failed = sum(sign == _FAILED for _, sign in marks)
        yield _Marks(f"{method} {len(marks)}" + (f", {failed} failed" if failed else ""), marks)


def _outcome(code: str | None) -> tuple[str, str]:
    if code is None:
        return _UNKNOWN
    return _DONE if code == "OK" else _FAILED
