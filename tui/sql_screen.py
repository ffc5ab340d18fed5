"""The view that asks the trace in SQL: it reads, and can do nothing else."""

from __future__ import annotations

import time
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from analysis.answers import MOST_ROWS, Answer, read_answer
from analysis.completing import read_completer
from analysis.instants import length
from tracer.trace.visible import visible
from tui.dialogs import TextDialog
from tui.messages import CompleterLoaded, QueryAnswered
from tui.query_editor import CandidateList, QueryEditor
from tui.replay import Replay
from tui.row_table import Column, RowTable
from tui.view_screen import ViewScreen
from tui.wording import plain

_TICK_S = 0.2
_COLUMN = 60
"""The widest that a column of an answer is drawn; `enter` shows a row whole."""


class SqlScreen(ViewScreen):
    """Takes a query, has it answered in a thread, and shows the rows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "show_row", "row", tooltip="show the row whole"),
        Binding("tab", "write", "write", tooltip="write a query"),
        Binding("left", "scroll_columns(-1)", "column before", show=False),
        Binding("right", "scroll_columns(1)", "next column", show=False),
    ]
    DEFAULT_CSS = """
    SqlScreen #told { height: 1; background: $panel; }
    """

    def __init__(self, replay: Replay) -> None:
        super().__init__(replay)
        self._knows_words = False
        self._rows: Answer | None = None
        self._query = ""
        """The one that runs, or was run last."""
        self._since = 0.0

    def compose_view(self) -> ComposeResult:
        yield QueryEditor()
        yield CandidateList()
        yield RowTable()
        yield Static(id="told")

    def on_mount(self) -> None:
        self.query_one(RowTable).show_words("")
        self.query_one(QueryEditor).focus()
        self.set_interval(_TICK_S, self._tick)

    def show_place(self) -> None:
        """An answer is that of the whole trace, wherever the cursor is."""
        if not self._knows_words and not self.is_asking("words"):
            self.ask("words", lambda: CompleterLoaded(read_completer(self.trace)))

    def show_refusal(self, group: str, why: str) -> None:
        if group == "query":
            self.query_one(RowTable).show_words("")
            self._tell(why)
        else:
            super().show_refusal(group, why)

    def command(self) -> list[str]:
        return ["sql", str(self.trace.path), self._query or self.query_one(QueryEditor).text]

    def go_back(self) -> None:
        """From the query to its answer, from there to the volumes."""
        if self.query_one(QueryEditor).has_focus:
            self.query_one(RowTable).focus()
        else:
            super().go_back()

    # -- keys -------------------------------------------------------------------------------------------------------

    def action_write(self) -> None:
        """Go on writing the query."""
        self.query_one(QueryEditor).focus()

    def action_show_row(self) -> None:
        """Show the selected row whole."""
        if not self._rows:
            self.action_write()
            return
        index = self.query_one(RowTable).index
        values = zip(self._rows.columns, self._rows.row(index), strict=True)
        text = "\n".join(f"{visible(name)}: {visible(value)}" for (name, _), value in values)
        self.app.push_screen(TextDialog(f"Row {index + 1:,}", text))

    def action_scroll_columns(self, steps: int) -> None:
        """Begin with another column."""
        self.query_one(RowTable).scroll_columns(steps)

    # -- showing ----------------------------------------------------------------------------------------------------

    @on(QueryEditor.Completed)
    def _show_candidates(self, completed: QueryEditor.Completed) -> None:
        self.query_one(CandidateList).show(completed.candidates)

    def _tick(self) -> None:
        if self.is_asking("query"):
            self._tell(f"running for {length(time.monotonic() - self._since)} ... Escape stops it")

    def _tell(self, words: str) -> None:
        self.query_one("#told", Static).update(plain(words))

    # -- asking the trace, in threads -------------------------------------------------------------------------------

    @on(QueryEditor.Run)
    def _run(self, run: QueryEditor.Run) -> None:
        if self.is_asking("query"):
            self._tell("a query is running: Escape stops it")
            return
        self._query, self._since, self._rows = run.query, time.monotonic(), None
        self.query_one(RowTable).show_words("")
        self.query_one(CandidateList).show([])
        self._tick()
        query = run.query
        self.ask("query", lambda: QueryAnswered(query, read_answer(self.trace, query)))

    @on(QueryAnswered)
    def _take_answer(self, answered: QueryAnswered) -> None:
        answer = self._rows = answered.answer
        columns = [Column(name, is_number, _COLUMN) for name, is_number in answer.columns]
        self.query_one(RowTable).show(columns, len(answer), answer.row)
        self.query_one(RowTable).focus()
        more = f"the first {MOST_ROWS:,} rows" if answer.is_cut else f"{len(answer):,} row{'s'[: len(answer) != 1]}"
        self._tell(f"{more} in {length(time.monotonic() - self._since)}")

    @on(CompleterLoaded)
    def _take_words(self, loaded: CompleterLoaded) -> None:
        self._knows_words = True
        self.query_one(QueryEditor).complete_with(loaded.completer)
