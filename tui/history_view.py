"""The list of rows around the time cursor: only what fits is drawn."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import set_cell_size
from rich.text import Text
from textual.widget import Widget

from analysis.history import HistoryRow
from analysis.instants import distance
from tracer.trace.visible import visible

_WIDE = 64
"""Columns from which a row has room for milliseconds and the distance from the cursor."""
_STYLES = {"GAP": "bold yellow", "REWOUND": "bold yellow", "FORBIDDEN": "yellow", "FAILED": "yellow"}
_ENDINGS = {"DELETED": "red", "VANISHED": "red"}


class HistoryView(Widget):
    """Rows in their order, the one at the cursor in the middle and marked with `>`."""

    DEFAULT_CSS = "HistoryView { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._rows: Sequence[HistoryRow] = ()
        self._cursor = 0
        self._words = "Reading the trace ..."

    def show(self, rows: Sequence[HistoryRow], cursor: int) -> None:
        """Draw these rows around the one at index `cursor`."""
        self._rows, self._cursor = rows, cursor
        self.refresh()

    def show_words(self, words: str) -> None:
        """Draw a sentence instead of rows."""
        self._rows, self._words = (), words
        self.refresh()

    def render(self) -> Text:
        if not self._rows:
            return Text(self._words)
        height, width = self.size.height, self.size.width
        top = max(0, min(self._cursor - height // 2, len(self._rows) - height))
        lines = [self._line(index, width) for index in range(top, min(top + height, len(self._rows)))]
        return Text("\n", no_wrap=True, overflow="crop").join(lines)

    def _line(self, index: int, width: int) -> Text:
        row, at_cursor = self._rows[index], index == self._cursor
        away = (row.observed_at - self._rows[self._cursor].observed_at).total_seconds()
        line = Text.assemble(
            ("> " if at_cursor else "  "),
            *_cells(row, away, width),
            style="reverse" if at_cursor else "",
            no_wrap=True,
        )
        line.truncate(width, overflow="ellipsis", pad=at_cursor)
        return line


def _cells(row: HistoryRow, away: float, width: int) -> list[tuple[str, str]]:
    """A row's parts with their styles: time, distance from the cursor, type, resource, name."""
    style = _STYLES.get(row.type) or _ENDINGS.get(row.type, "")
    resource = visible(row.stream.rsplit("/", maxsplit=1)[-1] if not row.stream.startswith("log/") else "log")
    if row.detail is not None:
        name = visible(row.detail)
    else:
        name = visible("/".join(part for part in (row.namespace, row.name) if part))
    if width < _WIDE:
        return [
            (f"{row.observed_at:%H:%M:%S} ", ""),
            (set_cell_size(visible(row.type), 3) + " ", style),
            (set_cell_size(resource, 8) + " ", ""),
            (name, style),
        ]
    return [
        (f"{row.observed_at:%H:%M:%S}.{row.observed_at.microsecond // 1000:03} ", ""),
        (f"{distance(away):>8} ", "dim"),
        (set_cell_size(visible(row.type), 9) + " ", style),
        (set_cell_size(resource, 22) + " ", ""),
        (name, style),
    ]
