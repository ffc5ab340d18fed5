"""The answer to a query as rows of text, to be looked at a few at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from analysis.report import as_text

if TYPE_CHECKING:
    from analysis.trace import Trace

MOST_ROWS = 100_000
"""Rows of an answer that are kept: more are not looked at one by one."""


class Answer:
    """The rows of an answer, as texts."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame.head(MOST_ROWS)
        self.is_cut = frame.height > MOST_ROWS
        """Whether there were more rows than are kept."""
        self.columns = [(name, kind.is_numeric()) for name, kind in frame.schema.items()]
        """The name of each, and whether it holds numbers."""

    def __len__(self) -> int:
        return self._frame.height

    def row(self, index: int) -> list[str]:
        """A row's values; null is empty."""
        return ["" if each is None else as_text(each) for each in self._frame.row(index)]


def read_answer(trace: Trace, query: str) -> Answer:
    """The answer to one SELECT. Raises QueryError, TraceDamaged."""
    return Answer(trace.sql(query, most=MOST_ROWS + 1))
