"""The view of what went wrong: root causes with their echoes, then what could not be decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from rich.cells import set_cell_size
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from analysis.explaining.explain import volume_subject
from analysis.finding_words import COULD_NOT_BE_DECIDED, Finding, Undecided, evidence, lasted, subject, undecided
from analysis.landmarks import Spot
from analysis.text import took
from tracer.trace.visible import visible
from tui.line_list import Heading, LineList
from tui.list_screen import ListScreen
from tui.messages import FindingsLoaded
from tui.replay import Replay
from tui.severities import SEVERITY_MARKS

_WIDE = 64
"""Columns from which a line has room for when it was."""
_NOW = "◆"
"""Marks what goes on at the cursor."""


class FindingsScreen(ListScreen):
    """Asks once; the list then stays, and what goes on at the cursor is marked in it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", tooltip="show the volume, or the rows, where it began")
    ]
    DEFAULT_CSS = """
    FindingsScreen VerticalScroll { height: auto; max-height: 45%; background: $panel; }
    """

    def __init__(self, replay: Replay) -> None:
        super().__init__(replay)
        self._findings: Sequence[Finding] | None = None

    def compose_view(self) -> ComposeResult:
        yield LineList(self._draw)
        with VerticalScroll(can_focus=False):
            yield Static(id="about")

    def show_place(self) -> None:
        if self._findings is None:
            if not self.is_asking("findings"):
                self.show_words("Looking for what went wrong ... Escape stops it.")
                self.ask("findings", self._find)
        else:
            self.show_items(self._items, self._beginning_here())

    def renewed(self) -> None:
        self.ask("findings", self._find)

    def show_advance(self, done: int, total: int) -> None:
        if self._findings is None:
            self.show_words(f"Looking for what went wrong: {done} of {total} models built. Escape stops it.")

    def show_refusal(self, group: str, why: str) -> None:
        if group == "findings":
            self._findings = None
            self.show_words(f"{why}. Enter asks again.")
        else:
            super().show_refusal(group, why)

    def command(self) -> list[str]:
        return ["diagnose", str(self.trace.path)]

    def subject(self) -> tuple[str, str]:
        if (finding := self._finding()) and finding["volume_id"]:
            return volume_subject(self.trace, finding["volume_id"])
        return super().subject()

    def chosen(self) -> None:
        if (finding := self._finding()) and finding["volume_id"]:
            self.place.volume_id = finding["volume_id"]

    def action_open(self) -> None:
        """Put the cursor where the finding began, and show its volume there; where it has none, the rows."""
        finding = self._finding()
        if self._findings is None:
            self.show_place()
        if finding is None:
            return
        self.chosen()
        view = "volume" if finding["volume_id"] else "history"
        if finding["from_at"]:
            self.move(Spot(finding["from_at"], None))
            self.show_view(view)
        elif finding["evidence"]:
            self.go_to_row(finding["evidence"][0], view)

    def _finding(self) -> Finding | None:
        return None if isinstance(self.selected, Undecided) else self.selected

    def _beginning_here(self) -> int | None:
        """The finding that the cursor was put on; else the one that is selected."""
        here, selected = self.place.instant, self._finding()
        if here is None or (selected and selected["from_at"] == here):
            return self._index
        begins = (place for place, item in enumerate(self._items) if isinstance(item, dict) and item["from_at"] == here)
        return next(begins, self._index)

    def show_selected(self) -> None:
        self.query_one("#about", Static).update(_about(self.selected, self.replay.summary.last_at))

    def _find(self) -> Message:
        found = self.trace.findings().rows(named=True)
        return FindingsLoaded(found, undecided(self.trace.undecidable().rows(named=True)))

    @on(FindingsLoaded)
    def _take_findings(self, loaded: FindingsLoaded) -> None:
        self._findings = loaded.findings
        self.show_items(list(_items(loaded)), 0)
        self.show_place()

    def _draw(self, item: Finding | Undecided, width: int) -> Text:
        if isinstance(item, Undecided):
            return Text(visible(f"? {item.sentence}"), "yellow")
        mark, style = SEVERITY_MARKS[item["severity"]]
        instant, begin, end = self.place.instant, item["from_at"], item["to_at"]
        goes_on = instant and begin and begin <= instant and (end is None or end > instant)
        head = f"{'└ ' if item['echo_of'] else ''}{mark} {_NOW if goes_on else ' '} "
        name = visible(subject(item))
        if width < _WIDE:
            line = f"{head}{set_cell_size(name, 14)} {item['title']}"
        else:
            room = max(20, min(40, width - 60))
            line = f"{set_cell_size(head + name, room)} {_when(item, self.replay.summary.last_at)} {item['title']}"
        return Text(line, style)


def _when(finding: Finding, end: datetime | None) -> str:
    """When it began and how long it lasted, in a few characters; `>` where it goes on."""
    begin, until = finding["from_at"], finding["to_at"]
    if begin is None:
        return f"{'?':^14} {'?':>8}"
    last = until or end
    length = took(round((last - begin).total_seconds() * 1_000_000) if last else None)
    return f"{begin:%m-%d %H:%M:%S} {length if until else f'>{length}':>8}"


def _items(loaded: FindingsLoaded) -> Iterator[Heading | Finding | Undecided]:
    if not loaded.findings:
        yield Heading("Nothing found.")
    yield from loaded.findings
    if loaded.undecided:
        yield Heading(COULD_NOT_BE_DECIDED, "bold yellow")
    yield from loaded.undecided


def _about(item: Finding | Undecided | None, end: datetime | None) -> Text:
    """All that is known of a finding, or the rules that could not be decided."""
    if item is None:
        return Text("")
    if isinstance(item, Undecided):
        lines = [item.sentence, *(f"{rule} {title}" for rule, title in item.rules.items())]
    else:
        doubt = "" if item["confidence"] == "certain" else f" ({item['confidence']})"
        lines = [
            f"{item['severity']} {item['rule']} {item['title']}{doubt}",
            f"{subject(item)}, {item['step']}, {lasted(item, end)}",
            item["sentence"],
            f"cause: {item['cause']}",
            f"advice: {item['advice']}",
            f"evidence: {evidence(item)}",
        ]
    text = Text("\n").join(Text(visible(" ".join(line.split()))) for line in lines)
    text.stylize("bold", 0, len(lines[0]))
    return text
