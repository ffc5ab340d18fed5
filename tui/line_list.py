"""A list of lines of which only those that fit are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from tracer.trace.visible import visible

_WHEEL = 3


@dataclass(frozen=True, slots=True)
class Heading:
    """A line among the others that cannot be selected."""

    text: str
    style: str = "bold"


class LineList(Widget, can_focus=True):
    """Lines in their order, the selected one in sight and marked with `>`."""

    DEFAULT_CSS = "LineList { height: 1fr; }"

    class Wanted(Message):
        """The line at an index, or the one nearest to it, is to be selected."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, draw: Callable[[Any, int], Text]) -> None:
        """`draw` makes one line of so many columns of an item that is no Heading."""
        super().__init__()
        self._draw = draw
        self._items: Sequence[Any] = ()
        self._selected: int | None = None
        self._middle = 0
        self._words = ""

    def show(self, items: Sequence[Any], selected: int | None, *, middle: int | None = None) -> None:
        """Draw these items; `middle` is the one in the middle where it is not the selected one."""
        self._items, self._selected = items, selected
        self._middle = middle if middle is not None else selected or 0
        self.refresh()

    @property
    def _top(self) -> int:
        return max(0, min(self._middle - self.size.height // 2, len(self._items) - self.size.height))

    def show_words(self, words: str) -> None:
        """Draw a sentence instead."""
        self._items, self._selected, self._words = (), None, words
        self.refresh()

    def render(self) -> Text:
        if not self._items:
            return Text(visible(self._words))
        width = self.size.width
        shown = range(self._top, min(self._top + self.size.height, len(self._items)))
        return Text("\n", no_wrap=True, overflow="crop").join(self._line(index, width) for index in shown)

    def _line(self, index: int, width: int) -> Text:
        item, is_selected = self._items[index], index == self._selected
        if isinstance(item, Heading):
            line = Text(visible(item.text), item.style)
        else:
            line = Text("> " if is_selected else "  ")
            line.append_text(self._draw(item, width - 2))
            if is_selected:
                line.stylize("reverse")
        line.truncate(width, overflow="ellipsis", pad=is_selected)
        return line

    def on_click(self, click: events.Click) -> None:
        self.post_message(self.Wanted(self._top + click.y))

    def on_mouse_scroll_down(self) -> None:
        self.post_message(self.Wanted((self._selected or 0) + _WHEEL))

    def on_mouse_scroll_up(self) -> None:
        self.post_message(self.Wanted((self._selected or 0) - _WHEEL))
