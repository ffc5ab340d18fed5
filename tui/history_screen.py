"""The view of all rows around the time cursor, and of what the one at the cursor changed."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from analysis.explaining.explain import PROCEDURES
from analysis.history import Change, History, HistoryRow
from analysis.landmarks import Spot
from tracer.errors import VolreelError
from tui.cursor import ROWS, Cursor
from tui.history_view import HistoryView
from tui.messages import ChangeLoaded, RowsLoaded
from tui.replay import Replay
from tui.view_screen import ViewScreen
from tui.wording import change_text

_WORDS = {procedure.kind: word for word, procedure in PROCEDURES.items()}


class HistoryScreen(ViewScreen):
    """Stands on a row: steps go from row to row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", "row before", show=False),
        Binding("down", "step(1)", "next row", show=False),
        Binding("home", "end(-1)", "first row", show=False),
        Binding("end", "end(1)", "last row", show=False),
        Binding("pageup", "scroll_change(-1)", "scroll the change up", show=False),
        Binding("pagedown", "scroll_change(1)", "scroll the change down", show=False),
    ]
    DEFAULT_CSS = """
    HistoryScreen #change-scroll { height: 1fr; }
    """

    def __init__(self, replay: Replay) -> None:
        super().__init__(replay)
        self.cursor = Cursor()
        self._history = History(self.trace)
        self._changed_seq: int | None = None
        """The row whose change is shown, or asked for."""

    def compose_view(self) -> ComposeResult:
        yield HistoryView()
        with VerticalScroll(id="change-scroll", can_focus=False):
            yield Static(id="change")

    def show_place(self) -> None:
        spot = self.place.spot
        if spot is None:
            self.query_one(HistoryView).show_words("This trace is empty: nothing was recorded.")
        elif self.cursor.reach(spot):
            self._draw()
        else:
            self._load(spot)

    def renewed(self) -> None:
        self.cursor = Cursor()

    def command(self) -> list[str]:
        seq = self.cursor.row.seq if self.cursor.row else 0
        return ["sql", str(self.trace.path), f"from objects where seq = {seq}"]

    def subject(self) -> tuple[str, str]:
        row = self.cursor.row
        if row is None or row.kind not in _WORDS or row.name is None:
            raise VolreelError(f"a {row.kind if row else 'row'} cannot be explained, only {', '.join(_WORDS.values())}")
        return _WORDS[row.kind], f"{row.namespace}/{row.name}" if row.namespace else row.name

    def go_back(self) -> None:
        self.show_view("volume" if self.place.volume_id else "volumes")

    # -- keys -------------------------------------------------------------------------------------------------------

    def action_step(self, steps: int) -> None:
        """Move by rows: those that are not here yet are owed."""
        self.replay.pace.pause()
        self.cursor.step(steps)
        if row := self.cursor.row:
            self.place.move(Spot(row.observed_at, row.seq))
        self.tell("")
        self._draw()

    def action_end(self, side: int) -> None:
        """Go to the first or the last row."""
        self.replay.pace.pause()
        if instant := self.replay.summary.last_at if side > 0 else self.replay.summary.first_at:
            self.move(Spot(instant, None))

    def action_scroll_change(self, pages: int) -> None:
        """Scroll what changed."""
        scroll = self.query_one("#change-scroll", VerticalScroll)
        scroll.scroll_relative(y=pages * max(1, scroll.size.height - 1), animate=False)

    # -- showing ----------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        """Draw the rows, and fetch what is missing there."""
        row = self.cursor.row
        if row is None:
            return
        self.query_one(HistoryView).show(self.cursor.rows, self.cursor.index)
        if row.seq != self._changed_seq:
            self._changed_seq = row.seq
            self.ask("change", lambda: ChangeLoaded(row, self._change(row)))
        if self.cursor.needs_rows and not self.is_asking("rows"):
            self.ask("rows", lambda: RowsLoaded(row.seq, self._history.around(row.seq, ROWS), is_refill=True))

    # -- asking the trace, in threads -------------------------------------------------------------------------------

    def _load(self, spot: Spot) -> None:
        self.ask("rows", lambda: self._rows_around(spot))

    def _rows_around(self, spot: Spot) -> Message:
        seq = spot.seq if spot.seq is not None else self._history.at(spot.at)
        return RowsLoaded(seq, self._history.around(seq, ROWS) if seq is not None else (), is_refill=False)

    def _change(self, row: HistoryRow) -> Change:
        try:
            return self._history.change(row)
        except VolreelError as error:
            return Change(str(error), ())

    @on(RowsLoaded)
    def _take_rows(self, loaded: RowsLoaded) -> None:
        if loaded.seq is None:
            self.query_one(HistoryView).show_words("This trace holds no observations.")
            return
        before = self.cursor.row
        if loaded.is_refill:
            self.cursor.refill(loaded.rows, loaded.seq)
        else:
            self.cursor.jump(loaded.rows, loaded.seq)
        if loaded.is_refill and self.cursor.row != before:
            self.action_step(0)  # steps that were owed
        else:
            self.show_place()

    @on(ChangeLoaded)
    def _take_change(self, loaded: ChangeLoaded) -> None:
        if loaded.row.seq == self._changed_seq:
            self.query_one("#change", Static).update(change_text(loaded.row, loaded.change))
            self.query_one("#change-scroll", VerticalScroll).scroll_home(animate=False)
