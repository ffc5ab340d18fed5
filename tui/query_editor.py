"""Where a query is written: with its words completed, and those run before at hand."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import set_cell_size
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import TextArea

from analysis.completing import Candidate, Completer, begun_word
from tracer.trace.visible import visible

_WORD, _WHAT = 24, 14
"""Columns of a candidate and of what it is."""


class QueryEditor(TextArea):
    """Enter runs the query, Tab takes the first candidate, up and down at its ends lead through those run before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "run", "run", priority=True),
        Binding("ctrl+j,shift+enter", "new_line", "new line", show=False, priority=True),
        Binding("tab", "complete", "complete", priority=True),
    ]
    DEFAULT_CSS = """
    QueryEditor { height: auto; min-height: 1; max-height: 6; padding: 0; }
    QueryEditor, QueryEditor:focus { border: none; }
    """

    class Run(Message):
        """The query is to be run."""

        def __init__(self, query: str) -> None:
            super().__init__()
            self.query = query

    class Completed(Message):
        """Other words may come next."""

        def __init__(self, candidates: list[Candidate]) -> None:
            super().__init__()
            self.candidates = candidates

    def __init__(self) -> None:
        super().__init__(placeholder="select ... from phases: Tab completes, Enter runs, Escape leaves")
        self._completer: Completer | None = None
        self._candidates: list[Candidate] = []
        self._ran: list[str] = []
        """The queries run before, and behind them what is being written."""
        self._place = 0

    def complete_with(self, completer: Completer) -> None:
        """Know these words from now on."""
        self._completer = completer
        self.update_suggestion()

    def update_suggestion(self) -> None:
        """Look for what may come next: TextArea calls this when the text or its cursor has changed."""
        before = self._before_cursor()
        behind = self.text[len(before) : len(before) + 1]
        is_inside = behind.isalnum() or behind == "_"
        found = self._completer.candidates(self.text, len(before)) if self._completer and not is_inside else []
        self.suggestion = found[0].word[len(begun_word(before)) :] if found and not behind.strip() else ""
        if found != self._candidates:
            self._candidates = found
            self.post_message(self.Completed(found))

    def _before_cursor(self) -> str:
        return self.get_text_range((0, 0), self.cursor_location)

    # -- keys -------------------------------------------------------------------------------------------------------

    def action_run(self) -> None:
        """Have the query run, and remember it."""
        query = self.text.strip()
        if query:
            self._ran = [*(each for each in self._ran if each != query), query]
            self._place = len(self._ran)
            self.post_message(self.Run(query))

    def action_new_line(self) -> None:
        """Go on in the next line."""
        self.insert("\n")

    def action_complete(self) -> None:
        """Take the first candidate."""
        if self._candidates:
            row, column = self.cursor_location
            start = (row, column - len(begun_word(self._before_cursor())))
            self.replace(self._candidates[0].word, start, self.cursor_location)

    def action_cursor_up(self, select: bool = False) -> None:
        """Move up; from the first line on, to the query run before."""
        if select or not self.cursor_at_first_line:
            super().action_cursor_up(select)
        else:
            self._recall(-1)

    def action_cursor_down(self, select: bool = False) -> None:
        """Move down; from the last line on, to the query run after."""
        if select or not self.cursor_at_last_line:
            super().action_cursor_down(select)
        else:
            self._recall(1)

    def _recall(self, steps: int) -> None:
        place = max(0, min(self._place + steps, len(self._ran)))
        if place != self._place:
            self._place = place
            self.text = self._ran[place] if place < len(self._ran) else ""
            self.move_cursor(self.document.end)


class CandidateList(Widget):
    """The words that may come next, each with what it is and means."""

    DEFAULT_CSS = "CandidateList { height: auto; max-height: 5; background: $panel; }"

    def __init__(self) -> None:
        super().__init__()
        self._candidates: list[Candidate] = []

    def show(self, candidates: list[Candidate]) -> None:
        """Draw as many of these as fit."""
        self._candidates = candidates
        self.refresh(layout=True)

    def render(self) -> Text:
        width = self.size.width
        lines = []
        for word, what, meaning in self._candidates[: self.size.height]:
            line = Text(f"{set_cell_size(word, max(_WORD, len(word)))} ", no_wrap=True)
            line.append(f"{set_cell_size(what, _WHAT)} {visible(meaning)}", "dim")
            line.truncate(width, overflow="ellipsis")
            lines.append(line)
        return Text("\n").join(lines)

    def get_content_height(self, *_: object) -> int:
        return len(self._candidates)
