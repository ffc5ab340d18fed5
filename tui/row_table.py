"""A table of any rows: only those that fit are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from analysis.text import cut
from tracer.trace.visible import visible

_WHEEL = 3
_BETWEEN = "  "
_MEASURED = 500
"""Rows by which the widths are chosen."""


class Column(NamedTuple):
    """A column of text."""

    name: str
    is_right: bool = False
    """Whether it is aligned to the right, as figures are."""
    most: int = 60
    """The widest that it may be."""
    least: int = 0
    """The narrowest, for cells that change."""


class RowTable(Widget, can_focus=True):
    """Rows in their order, the selected one marked with `>`. Text is shown literally, and cut to its column."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "row before", show=False),
        Binding("down", "move(1)", "next row", show=False),
        Binding("pageup", "page(-1)", "page before", show=False),
        Binding("pagedown", "page(1)", "next page", show=False),
        Binding("home", "end(-1)", "first row", show=False),
        Binding("end", "end(1)", "last row", show=False),
    ]
    DEFAULT_CSS = "RowTable { height: 1fr; min-height: 2; }"

    class Selected(Message):
        """Another row is selected."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self) -> None:
        super().__init__()
        self.index = 0
        """The selected row."""
        self.first_column = 0
        """The leftmost column that is drawn."""
        self._columns: Sequence[Column] = ()
        self._widths: Sequence[int] = ()
        self._count = 0
        self._cells: Callable[[int], Sequence[str]] = lambda _: ()
        self._style: Callable[[int], str] = lambda _: ""
        self._words: str | None = ""

    def show(
        self,
        columns: Sequence[Column],
        count: int,
        cells: Callable[[int], Sequence[str]],
        index: int = 0,
        *,
        style: Callable[[int], str] = lambda _: "",
    ) -> None:
        """Draw `count` rows, each as `cells` gives it, with the one at `index` selected."""
        self._words = None
        self._columns, self._count, self._cells, self._style = columns, count, cells, style
        self.index, self.first_column = max(0, min(index, count - 1)), 0
        self._widths = [max(column.least, cell_len(visible(column.name))) for column in columns]
        for row in range(min(count, _MEASURED)):
            self._widths = [
                max(width, min(column.most, cell_len(visible(cell))))
                for width, column, cell in zip(self._widths, columns, self._row(row), strict=True)
            ]
        self.refresh()

    def show_words(self, words: str) -> None:
        """Draw a sentence instead of rows."""
        self._words, self._count = words, 0
        self.refresh()

    @property
    def is_empty(self) -> bool:
        """Whether there is no row to select."""
        return self._count == 0

    @property
    def page(self) -> int:
        """How many rows fit."""
        return max(1, self.size.height - 1)

    # -- moving -----------------------------------------------------------------------------------------------------

    def action_move(self, steps: int) -> None:
        """Select another row."""
        index = max(0, min(self.index + steps, self._count - 1))
        if index != self.index:
            self.index = index
            self.refresh()
            self.post_message(self.Selected(index))

    def action_page(self, pages: int) -> None:
        """Select a row a page further."""
        self.action_move(pages * self.page)

    def action_end(self, side: int) -> None:
        """Select the first row, or the last."""
        self.action_move(side * self._count)

    def scroll_columns(self, steps: int) -> None:
        """Begin with another column, as far as there are more than fit."""
        hidden = [total > self.size.width - 2 for total in accumulate(reversed(self._drawn_widths))]
        last = len(hidden) - hidden.index(True) if True in hidden else 0
        self.first_column = max(0, min(self.first_column + steps, last))
        self.refresh()

    def on_click(self, click: events.Click) -> None:
        if 0 < click.y <= self._count - self.top:
            self.action_move(self.top + click.y - 1 - self.index)

    def on_mouse_scroll_down(self) -> None:
        self.action_move(_WHEEL)

    def on_mouse_scroll_up(self) -> None:
        self.action_move(-_WHEEL)

    # -- drawing ----------------------------------------------------------------------------------------------------

    def render(self) -> Text:
        if self._words is not None:
            return Text(visible(self._words))
        lines = [self._line("  ", [column.name for column in self._columns], "bold")]
        for index in range(self.top, min(self.top + self.page, self._count)):
            is_selected = index == self.index
            style = "reverse" if is_selected else self._style(index)
            lines.append(self._line("> " if is_selected else "  ", self._cells(index), style))
        return Text("\n", no_wrap=True, overflow="crop").join(lines)

    @property
    def top(self) -> int:
        """The first row that is drawn."""
        return max(0, min(self.index - self.page // 2, self._count - self.page))

    def _row(self, index: int) -> list[str]:
        """A row's cells; of a long text only what a column may show."""
        return [cell[: column.most + 1] for column, cell in zip(self._columns, self._cells(index), strict=True)]

    @property
    def _drawn_widths(self) -> list[int]:
        return [width + len(_BETWEEN) for width in self._widths]

    def _line(self, mark: str, cells: Sequence[str], style: str) -> Text:
        drawn = [
            f"{cut(text, width):>{width}}" if column.is_right else set_cell_size(cut(text, width), width)
            for column, width, text in zip(self._columns, self._widths, map(visible, cells), strict=True)
        ]
        line = Text(mark + _BETWEEN.join(drawn[self.first_column :]), style)
        line.truncate(self.size.width, pad=True)
        return line
