"""The view of the log lines around the cursor: those of the volume that is looked at, of its components, or all."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import set_cell_size
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input, Static

from analysis.landmarks import Spot
from analysis.log_rows import LogGap, LogRow, LogRows
from analysis.log_text import said, speaker
from analysis.loglines import LogLine, Wanted
from analysis.timeline_bars import GAP
from tracer.errors import VolreelError
from tracer.trace.visible import visible
from tui.line_list import Heading, LineList
from tui.list_screen import ListScreen
from tui.log_stretch import LogStretch, Searched, near
from tui.messages import LinesLoaded
from tui.replay import Replay
from tui.wording import plain

_WIDE = 64
"""Columns from which a line has room for its microseconds and the whole name of who wrote it."""
_STYLES = {"W": "bold yellow", "E": "bold red", "F": "bold red reverse"}
_SEVERITIES = (None, "W", "E")
_SCOPES = ("volume", "components", "all")
_RULE = 200
"""Columns of the line that is the cursor: what the terminal does not have is cut."""
_LONGEST = 2_000
"""Characters of a line that are shown below the list."""


class LogsScreen(ListScreen):
    """Holds the lines around the selected one, which follows the cursor until the user moves it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go", "go there", tooltip="put the cursor on the line"),
        Binding("slash", "grep", "grep", key_display="/", tooltip="only lines in which an expression is found"),
        Binding("v", "scope", "scope", tooltip="lines of the volume, of the logs that name it, or all"),
        Binding("c", "component", "component", tooltip="only the component of the line, or any", show=False),
        Binding("s", "severity", "severity", tooltip="lines at least so bad: any, W, E", show=False),
    ]
    DEFAULT_CSS = """
    LogsScreen #about { height: auto; max-height: 25%; background: $panel; }
    LogsScreen #wanted { height: 1; background: $panel; }
    LogsScreen Input { border: none; height: 1; padding: 0; display: none; }
    """

    def __init__(self, replay: Replay) -> None:
        super().__init__(replay)
        self._scope = _SCOPES[0]
        self._component: str | None = None
        self._severity: str | None = None
        self._pattern: str | None = None
        self._source: LogRows | None = None
        self._asked: tuple[Wanted, str] | None = None
        """What the source was made for."""
        self._label: str | None = None
        """The volume whose lines are shown; None for any."""
        self._stretch = LogStretch()
        self._here = 0
        """The seq at the cursor."""
        self._seq: int | None = None
        """The line that the user has selected; None while the selection follows the cursor."""
        self._is_stopped = False
        """Whether the user has stopped the search."""

    def compose_view(self) -> ComposeResult:
        yield LineList(self._draw_row)
        yield Input(placeholder="a regular expression, e.g.  timed out|ResourceExhausted")
        yield Static(id="about")
        yield Static(id="wanted")

    # -- what is wanted ---------------------------------------------------------------------------------------------

    def _wanted(self) -> Wanted:
        volume = self.place.volume_id if self._scope != "all" else None
        return Wanted(volume=volume, component=self._component, severity=self._severity, pattern=self._pattern)

    def show_place(self) -> None:
        spot = self.place.spot
        if spot is None or not self.replay.summary.log_lines:
            self.show_words("This trace is empty: nothing was recorded." if spot is None else "This trace has no logs.")
            return
        asked = (self._wanted(), self._scope)
        if self._source is None or asked != self._asked:
            wanted, scope = self._asked = asked
            of_components = scope == "components" and wanted.volume is not None
            self._source, self._stretch = LogRows(self.trace, wanted, of_components=of_components), LogStretch()
        self._seq, self._is_stopped = None, False
        here = spot.seq if spot.seq is not None else self._stretch.seq_at(spot.at)
        if here is None or not self._stretch.holds(here):
            self._load(self._source, spot)
        else:
            self._here = here
            self._show_rows()

    def renewed(self) -> None:
        self._is_stopped = False

    def _change(self) -> None:
        """Show what is wanted now. An expression that is none is told, and forgotten."""
        try:
            self.trace.log_reader(self._wanted())
        except VolreelError as error:
            self._pattern = None
            self.tell(str(error))
        self.show_place()

    def action_scope(self) -> None:
        """Take the next scope."""
        self._scope = _SCOPES[(_SCOPES.index(self._scope) + 1) % len(_SCOPES)]
        self._change()

    def action_component(self) -> None:
        """Only the component of the selected line; or any again."""
        line = self.selected
        self._component = speaker(line) if self._component is None and isinstance(line, LogLine) else None
        self._change()

    def action_severity(self) -> None:
        """Take the next severity."""
        self._severity = _SEVERITIES[(_SEVERITIES.index(self._severity) + 1) % len(_SEVERITIES)]
        self._change()

    def action_grep(self) -> None:
        """Ask for an expression."""
        words = self.query_one(Input)
        words.display = True
        words.focus()

    @on(Input.Submitted)
    def _take_words(self, submitted: Input.Submitted) -> None:
        self._close_input()
        self._pattern = submitted.value or None
        self._change()

    def _close_input(self) -> None:
        self.query_one(Input).display = False
        self.query_one(LineList).focus()

    def go_back(self) -> None:
        """Leave the expression, then the filter, then the view."""
        words = self.query_one(Input)
        if words.display:
            self._close_input()
        elif self._component or self._severity or self._pattern:
            words.clear()
            self._component = self._severity = self._pattern = None
            self._change()
        else:
            super().go_back()

    def command(self) -> list[str]:
        wanted = self._wanted()
        options = {
            "--volume": wanted.volume,
            "--component": wanted.component,
            "--severity": wanted.severity,
            "--grep": wanted.pattern,
        }
        given = [word for option, value in options.items() if value for word in (option, value)]
        return ["logs", str(self.trace.path), *given]

    # -- moving and showing -----------------------------------------------------------------------------------------

    def action_go(self) -> None:
        """Put the cursor on the selected line."""
        if (row := self.selected) is not None:
            self.replay.pace.pause()
            self.move(Spot(row.observed_at, row.seq))

    def action_end(self, side: int) -> None:
        """Select the first line of the trace, or the last."""
        if self._source is not None:
            self._seq, self._is_stopped = self.trace.last_seq if side > 0 else 0, False
            self._show_rows()

    def chosen(self) -> None:
        self._seq, self._is_stopped = self.selected.seq, False
        self._show_rows()

    def _show_rows(self) -> None:
        """Draw the rows with the cursor between them, and look for those that are missing."""
        rows, place = self._stretch.rows, self._stretch.index(self._here)
        cursor = Heading(f"── cursor {self.place.instant:%H:%M:%S.%f} {'─' * _RULE}", "bold cyan")
        if self._seq is None:
            index, middle = place - 1, place
        else:
            before = self._stretch.index(self._seq) - 1
            index, middle = before + (before >= place), None
        self.show_items([*rows[:place], cursor, *rows[place:]], index, middle=middle)
        self._search()

    def show_selected(self) -> None:
        self.query_one("#about", Static).update(_about(self.selected))
        self.query_one("#wanted", Static).update(plain(" · ".join(self._in_words())))

    def _in_words(self) -> list[str]:
        """What is wanted, and how much of the trace was looked through for it where that is not all."""
        searched, last = self._stretch.searched, self.trace.last_seq
        of = "logs" if self._scope == "components" else "lines"
        words = [f"{of} that name {self._label}" if self._label else "all lines"]
        words += [f"of {self._component}"] if self._component else []
        words += [f"at least {self._severity}"] if self._severity else []
        words += [f"/{self._pattern}/"] if self._pattern else []
        if searched and self._missing() is not None:
            share = (searched.last - searched.first + 1) / (last + 1)
            words.append(f"{share:.0%} looked through{', stopped' if self._is_stopped else ' ...'}")
        elif not self._stretch.rows:
            words.append("there is none")
        return words

    def _draw_row(self, row: LogRow, width: int) -> Text:
        is_wide = width >= _WIDE
        if isinstance(row, LogGap):
            words = f"{GAP * 3} {_clock(row, is_wide)} {visible(f'{row.why}, {row.stream}')} "
            return Text(words.ljust(width, GAP), "bold yellow")
        who = visible(speaker(row))
        name = set_cell_size(who if is_wide else who.removeprefix("csi-"), 16 if is_wide else 8)
        line = Text(f"{_clock(row, is_wide)} {row.severity or '-'} {name} ", "dim" if row.seq > self._here else "")
        line.append(visible(said(row)[:_LONGEST]))
        line.stylize(_STYLES.get(row.severity or "", ""))
        return line

    # -- asking the trace, in threads -------------------------------------------------------------------------------

    @property
    def _center(self) -> int:
        return self._here if self._seq is None else self._seq

    def _missing(self) -> Searched | None:
        return self._stretch.missing(self._center, self.trace.last_seq)

    def _search(self) -> None:
        """Look through more of the trace where too few lines are held."""
        source = self._source
        if source is None or self._is_stopped or self.is_asking("lines"):
            return
        if searched := self._missing():
            self.ask("lines", lambda: _read(source, searched))

    def _load(self, source: LogRows, spot: Spot) -> None:
        """Read the rows around a spot."""

        def loaded() -> Message:
            here = spot.seq if spot.seq is not None else source.last_arrived(spot.at)
            return _read(source, near(here, self.trace.last_seq), here)

        self.ask("lines", loaded)

    @on(LinesLoaded)
    def _take_lines(self, loaded: LinesLoaded) -> None:
        if loaded.source is not self._source:
            return
        if loaded.here is not None:
            self._here = loaded.here
        elif self._stretch.holds(self._center) and not self._stretch.is_beside(loaded.searched):
            return  # it was asked for before the cursor jumped
        self._label = loaded.label
        self._stretch.take(loaded.searched, loaded.rows, self._center)
        self._show_rows()

    def show_refusal(self, group: str, why: str) -> None:
        if group == "lines":
            self._is_stopped = True
            if self._stretch.searched is None:
                self.show_words(f"{why}. 4 asks again.")
            self.show_selected()
        super().show_refusal(group, why)


def _read(source: LogRows, searched: Searched, here: int | None = None) -> Message:
    return LinesLoaded(source, source.label, searched, source.read(searched), here)


def _clock(row: LogRow, is_wide: bool) -> str:
    at = row.happened_at if isinstance(row, LogLine) else row.observed_at
    return f"{at:%H:%M:%S.%f}" if is_wide else f"{at:%H:%M:%S}"


def _about(row: LogRow | None) -> Text:
    """The whole line, and where it stands."""
    if row is None:
        return Text("")
    if isinstance(row, LogGap):
        return Text(visible(f"{row.why}: lines of {row.stream} may be missing before this (seq {row.seq})"), "yellow")
    where = " ".join(filter(None, (row.source, f"on {row.node}" if row.node else None, f"seq {row.seq}")))
    text = Text(visible(f"{row.stream.removeprefix('log/')}  {where}"), "bold")
    text.append("\n" + visible(said(row)[:_LONGEST]), "not bold")
    return text
