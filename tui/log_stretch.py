"""The rows of the logs that are held around a place, and what has to be looked through as it moves."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from analysis.log_rows import LogRow

ROWS = 100
"""How many rows are wanted on each side of a place."""
MOST = 4_000
"""How many are held."""
_NEAR = 400
"""How many seq are looked through first on each side."""
_WIDER = 8
"""Where few rows are found, so many times more are looked through the next time."""
_FARTHEST = 200_000
"""Never more seq than these at once: what is found is shown, and the search can be stopped."""


class Searched(NamedTuple):
    """A stretch of the trace, from one seq to another."""

    first: int
    last: int


def near(seq: int, last_seq: int) -> Searched:
    """What to look through first around a seq of a trace with that last seq."""
    return Searched(max(0, seq - _NEAR), min(seq + _NEAR, last_seq))


class LogStretch:
    """All wanted rows of the stretch that was looked through; it grows on the side where they run short."""

    def __init__(self) -> None:
        self.rows: Sequence[LogRow] = ()
        self.searched: Searched | None = None
        self._reach = {-1: _NEAR, 1: _NEAR}
        """How far to look on each side the next time."""

    def holds(self, seq: int) -> bool:
        """Whether the place behind a seq lies in what was looked through."""
        return self.searched is not None and self.searched.first - 1 <= seq <= self.searched.last

    def seq_at(self, instant: datetime) -> int | None:
        """The last row up to an instant; None where that may be one that is not held."""
        reached = bisect_right(self.rows, instant, key=lambda row: row.observed_at)
        return self.rows[reached - 1].seq if 0 < reached < len(self.rows) else None

    def index(self, seq: int) -> int:
        """How many of the rows stand up to a seq."""
        return bisect_right(self.rows, seq, key=lambda row: row.seq)

    def missing(self, seq: int, last_seq: int) -> Searched | None:
        """What to look through next, so that enough rows stand on both sides of a seq; None where they do.

        `last_seq` is that of the trace.
        """
        searched = self.searched
        if searched is None or not self.holds(seq):
            return near(seq, last_seq)
        before = self.index(seq)
        sides = []
        if before < ROWS and searched.first > 0:
            sides.append((self._reach[-1], Searched(max(0, searched.first - self._reach[-1]), searched.first - 1)))
        if len(self.rows) - before < ROWS and searched.last < last_seq:
            sides.append((self._reach[1], Searched(searched.last + 1, min(searched.last + self._reach[1], last_seq))))
        return min(sides)[1] if sides else None  # the nearer one first

    def is_beside(self, searched: Searched) -> bool:
        """Whether a stretch goes on where what is held ends, on either side."""
        held = self.searched
        return held is not None and (searched.last == held.first - 1 or searched.first == held.last + 1)

    def take(self, searched: Searched, rows: Sequence[LogRow], seq: int) -> None:
        """Hold the rows of a stretch; beside what is held they are added, else they take its place.

        Of more than MOST those farthest from a seq are let go.
        """
        held = self.searched
        if held and searched.last == held.first - 1:
            self._grow(-1, len(rows))
            self.rows, self.searched = [*rows, *self.rows], Searched(searched.first, held.last)
        elif held and searched.first == held.last + 1:
            self._grow(1, len(rows))
            self.rows, self.searched = [*self.rows, *rows], Searched(held.first, searched.last)
        else:
            self.rows, self.searched, self._reach = rows, searched, {-1: _NEAR, 1: _NEAR}
        self._let_go(self.searched, self.index(seq))

    def _let_go(self, searched: Searched, place: int) -> None:
        begin, end = max(0, place - MOST // 2), place + MOST // 2
        first = self.rows[begin].seq if begin else searched.first
        last = self.rows[end - 1].seq if end < len(self.rows) else searched.last
        self.rows, self.searched = self.rows[begin:end], Searched(first, last)

    def _grow(self, side: int, found: int) -> None:
        self._reach[side] = min(self._reach[side] * _WIDER, _FARTHEST) if found < ROWS else _NEAR
