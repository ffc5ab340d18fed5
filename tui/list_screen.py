"""A view that is a list of which one line is selected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from tui.line_list import Heading, LineList
from tui.replay import Replay
from tui.view_screen import ViewScreen


class ListScreen(ViewScreen):
    """Moves the selection over the lines, past headings; what follows from it is drawn by `show_selected`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "line before", show=False),
        Binding("down", "move(1)", "next line", show=False),
        Binding("pageup", "page(-1)", "page before", show=False),
        Binding("pagedown", "page(1)", "next page", show=False),
        Binding("home", "end(-1)", "first line", show=False),
        Binding("end", "end(1)", "last line", show=False),
    ]

    def __init__(self, replay: Replay) -> None:
        super().__init__(replay)
        self._items: Sequence[Any] = ()
        self._index: int | None = None

    @property
    def selected(self) -> Any:
        """The selected item; None where there is none."""
        return self._items[self._index] if self._index is not None else None

    def show_items(self, items: Sequence[Any], index: int | None, *, middle: int | None = None) -> None:
        """Draw these items, the one at an index selected, or the nearest that can be; None for none.

        `middle` is the one in the middle of the screen, where it is not the selected one.
        """
        self._items = items
        self._index = None if index is None else self._nearest(index, 0)
        self.query_one(LineList).show(items, self._index, middle=middle)
        self.show_selected()

    def show_words(self, words: str) -> None:
        """Draw a sentence instead of items."""
        self._items, self._index = (), None
        self.query_one(LineList).show_words(words)
        self.show_selected()

    def show_selected(self) -> None:
        """Draw what belongs to the selected item, where there is one."""

    def chosen(self) -> None:
        """What follows from the user having selected another item."""

    def _nearest(self, index: int, steps: int) -> int | None:
        """The item so many items from the one that is nearest to an index; None where none can be selected."""
        choices = [place for place, item in enumerate(self._items) if not isinstance(item, Heading)]
        if not choices:
            return None
        nearest = min(range(len(choices)), key=lambda choice: abs(choices[choice] - index))
        return choices[max(0, min(nearest + steps, len(choices) - 1))]

    def action_move(self, steps: int) -> None:
        """Select another item; where none is, the first or the last."""
        if self._index is None:
            self._select(0 if steps > 0 else len(self._items), 0)
        else:
            self._select(self._index, steps)

    def _select(self, index: int, steps: int) -> None:
        self.show_items(self._items, self._nearest(index, steps))
        if self._index is not None:
            self.chosen()

    def action_page(self, pages: int) -> None:
        """Select one a page further."""
        self.action_move(pages * max(1, self.query_one(LineList).size.height - 1))

    def action_end(self, side: int) -> None:
        """Select the first or the last."""
        self.action_move(side * len(self._items))

    @on(LineList.Wanted)
    def _take_wanted(self, wanted: LineList.Wanted) -> None:
        self._select(wanted.index, 0)
