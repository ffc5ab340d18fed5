"""The replay screen: a time cursor over the trace's rows, moved by keys or by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static
from textual.worker import get_current_worker

from analysis.history import Change, History, HistoryRow
from analysis.instants import go_to
from analysis.trace import Summary, Trace
from tracer.errors import VolreelError
from tui.cursor import ROWS, Cursor
from tui.dialogs import GoToDialog, KeysDialog
from tui.history_view import HistoryView
from tui.keys import REPLAY_KEYS
from tui.messages import ChangeLoaded, RefusedToAnswer, RowsLoaded
from tui.pace import Pace
from tui.place import Place
from tui.wording import change_text, headline, position

_TICK_S = 0.1


class ReplayScreen(Screen[None]):
    """Widgets draw, workers ask the trace, this screen decides."""

    BINDINGS = REPLAY_KEYS
    DEFAULT_CSS = """
    ReplayScreen #headline { height: 1; background: $panel; }
    ReplayScreen #position { height: 1; background: $panel; }
    ReplayScreen #change-scroll { height: 1fr; }
    """

    def __init__(self, trace: Trace, summary: Summary, place: Place) -> None:
        super().__init__()
        self.cursor = Cursor()
        self.pace = Pace()
        self._place = place
        self._history = History(trace)
        self._summary = summary
        self._is_loading = False
        self._changed_seq: int | None = None
        """The row whose change is shown, or asked for."""
        self._note = ""

    def compose(self) -> ComposeResult:
        yield Static(headline(self._summary), id="headline")
        yield HistoryView()
        yield Static(id="position")
        with VerticalScroll(id="change-scroll", can_focus=False):
            yield Static(id="change")
        yield Footer(show_command_palette=False)

    @property
    def instant(self) -> datetime | None:
        """The cursor's time, for all views; while playing it runs on between rows. None in an empty trace."""
        return self._place.instant

    @instant.setter
    def instant(self, instant: datetime | None) -> None:
        self._place.instant = instant

    def on_mount(self) -> None:
        self.set_interval(_TICK_S, self._tick)
        if self.instant is None:
            self.query_one(HistoryView).show_words("This trace is empty: nothing was recorded.")
        elif self._place.seq is None:
            self._jump(self.instant)

    def on_screen_resume(self) -> None:
        """Stand on the row that another view has asked for."""
        if (seq := self._place.seq) is not None:
            self._place.seq = None
            self.pace.pause()
            self._note = ""
            self._load(lambda: seq)

    def on_screen_suspend(self) -> None:
        self.pace.pause()

    def on_resize(self) -> None:
        self._show()

    # -- keys -------------------------------------------------------------------------------------------------------

    def action_step(self, steps: int) -> None:
        """Move by rows."""
        self.pace.pause()
        self._note = ""
        self.cursor.step(steps)
        if row := self.cursor.row:
            self.instant = row.observed_at
        self._show()

    def action_play(self) -> None:
        """Let the clock move the cursor, or stop it."""
        if self.pace.is_playing or not self.cursor.rows:
            self.pace.pause()
        else:
            self.pace.play()
        self._show()

    def action_faster(self, steps: int) -> None:
        """Change the speed of playing."""
        self.pace.change(steps)
        self._show()

    def action_end(self, side: int) -> None:
        """Go to the first or the last row."""
        if instant := self._summary.last_at if side > 0 else self._summary.first_at:
            self._jump(instant)

    def action_go_to(self) -> None:
        """Ask where to go."""
        first, last, cursor = self._summary.first_at, self._summary.last_at, self.instant

        def go(instant: datetime | None) -> None:
            if instant:
                self._jump(instant)

        self.app.push_screen(GoToDialog(lambda words: go_to(words, first, last, cursor)), go)

    def action_gap(self, side: int) -> None:
        """Go to the next gap, or to the one before."""
        if row := self.cursor.row:
            self.pace.pause()
            self._load(lambda: self._gap_beside(row.seq, side))

    def action_scroll_change(self, pages: int) -> None:
        """Scroll what changed."""
        scroll = self.query_one("#change-scroll", VerticalScroll)
        scroll.scroll_relative(y=pages * max(1, scroll.size.height - 1), animate=False)

    def action_keys(self) -> None:
        """List the keys."""
        self.app.push_screen(KeysDialog())

    # -- moving and showing -----------------------------------------------------------------------------------------

    def _jump(self, instant: datetime) -> None:
        self.pace.pause()
        self._note = ""
        self.instant = instant
        self._load(lambda: self._history.at(instant), instant=instant)

    def _tick(self) -> None:
        if not self.pace.is_playing or self.instant is None or self._is_loading:
            return
        self.instant = instant = self.instant + self.pace.elapsed()
        if self._summary.last_at and instant >= self._summary.last_at:
            self.instant = self._summary.last_at
            self.pace.pause()
        if not self.cursor.reach(instant):
            self._load(lambda: self._history.at(instant))
        self._show()

    def _show(self) -> None:
        """Draw the cursor where it is, and fetch what it needs there."""
        words = position(self._summary, self.instant, str(self.pace), self._note, self.size.width)
        self.query_one("#position", Static).update(words)
        row = self.cursor.row
        if row is None:
            return
        self.query_one(HistoryView).show(self.cursor.rows, self.cursor.index)
        if row.seq != self._changed_seq:
            self._changed_seq = row.seq
            self._fetch_change(row)
        if self.cursor.needs_rows and not self._is_loading:
            self._load(lambda: row.seq, is_refill=True)

    # -- asking the trace, in threads -------------------------------------------------------------------------------

    def _gap_beside(self, seq: int, side: int) -> int:
        gap = self._history.next_gap(seq) if side > 0 else self._history.previous_gap(seq)
        if gap is None:
            raise VolreelError("no gap after this" if side > 0 else "no gap before this")
        return gap

    def _load(
        self, find: Callable[[], int | None], *, instant: datetime | None = None, is_refill: bool = False
    ) -> None:
        """Fetch the rows around what `find` finds; the last one asked for wins.

        The cursor's time becomes `instant`, or the time of the row found; a refill leaves the cursor on its row.
        """
        self._is_loading = True
        self._fetch_rows(find, instant, is_refill)

    @work(thread=True, exclusive=True, group="rows")
    def _fetch_rows(self, find: Callable[[], int | None], instant: datetime | None, is_refill: bool) -> None:
        worker = get_current_worker()
        if worker.is_cancelled:  # overtaken while it waited for a thread
            return
        answer: Message
        try:
            seq = find()
            rows = self._history.around(seq, ROWS) if seq is not None else ()
            answer = RowsLoaded(seq, rows, instant, is_refill)
        except VolreelError as error:
            answer = RefusedToAnswer(str(error))
        if not worker.is_cancelled:
            self.post_message(answer)

    @work(thread=True, exclusive=True, group="change")
    def _fetch_change(self, row: HistoryRow) -> None:
        worker = get_current_worker()
        if worker.is_cancelled:
            return
        try:
            change = self._history.change(row)
        except VolreelError as error:
            change = Change(str(error), ())
        if not worker.is_cancelled:
            self.post_message(ChangeLoaded(row, change))

    @on(RowsLoaded)
    def _take_rows(self, loaded: RowsLoaded) -> None:
        self._is_loading = False
        if loaded.seq is None:
            self.query_one(HistoryView).show_words("This trace holds no observations.")
            return
        if loaded.is_refill:
            self.cursor.refill(loaded.rows, loaded.seq)
        else:
            self.cursor.jump(loaded.rows, loaded.seq)
        if self.cursor.row and not self.pace.is_playing:
            self.instant = loaded.instant or self.cursor.row.observed_at
        self._show()

    @on(ChangeLoaded)
    def _take_change(self, loaded: ChangeLoaded) -> None:
        if loaded.row.seq == self._changed_seq:
            self.query_one("#change", Static).update(change_text(loaded.row, loaded.change))
            self.query_one("#change-scroll", VerticalScroll).scroll_home(animate=False)

    @on(RefusedToAnswer)
    def _take_refusal(self, refused: RefusedToAnswer) -> None:
        self._is_loading = False
        self._note = refused.why
        self._show()
