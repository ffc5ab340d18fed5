"""The time cursor: a place in the rows that are held, and what has to be fetched as it moves."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from analysis.history import HistoryRow
from analysis.landmarks import Spot

ROWS = 200
"""How many rows are held on each side of where they were fetched."""
_MARGIN = 60
"""With fewer rows than this on a side, more are fetched."""


class Cursor:
    """Stands on one of the rows that are held."""

    def __init__(self) -> None:
        self.rows: Sequence[HistoryRow] = ()
        self.index = 0
        self._owed_steps = 0
        """Steps asked for whose rows are not here yet."""
        self._has_start = self._has_end = False

    @property
    def row(self) -> HistoryRow | None:
        """The row at the cursor; None while no rows are held."""
        return self.rows[self.index] if self.rows else None

    @property
    def needs_rows(self) -> bool:
        """Whether the rows on a side run short and the trace has more."""
        is_short_before = self.index < _MARGIN and not self._has_start
        is_short_after = len(self.rows) - self.index <= _MARGIN and not self._has_end
        return is_short_before or is_short_after

    def jump(self, rows: Sequence[HistoryRow], seq: int) -> None:
        """Hold the rows fetched around `seq`, and stand on it."""
        self._owed_steps = 0
        self._hold(rows, seq)
        self.index = max(0, bisect_right(rows, seq, key=lambda row: row.seq) - 1)

    def refill(self, rows: Sequence[HistoryRow], seq: int) -> None:
        """Hold the rows fetched around `seq` and stay on the row; steps that waited for them are made."""
        here = self.row
        self._hold(rows, seq)
        self.index = max(0, bisect_right(rows, here.seq if here else seq, key=lambda row: row.seq) - 1)
        self.step(0)

    def _hold(self, rows: Sequence[HistoryRow], seq: int) -> None:
        up_to = bisect_right(rows, seq, key=lambda row: row.seq)
        self.rows = rows
        self._has_start, self._has_end = up_to < ROWS, len(rows) - up_to < ROWS

    def step(self, steps: int) -> None:
        """Move by rows; those that are not here yet are owed, those beyond the trace are forgiven."""
        self._owed_steps += steps
        if not self.rows:
            return
        wanted = self.index + self._owed_steps
        self.index = max(0, min(wanted, len(self.rows) - 1))
        self._owed_steps = wanted - self.index
        is_beyond = self._has_start if self._owed_steps < 0 else self._has_end
        if is_beyond:
            self._owed_steps = 0

    def reach(self, spot: Spot) -> bool:
        """Move to the last row up to a spot; False where that row may not be here. Owed steps are forgotten."""
        self._owed_steps = 0
        if spot.seq is not None:
            reached = bisect_right(self.rows, spot.seq, key=lambda row: row.seq)
        else:
            reached = bisect_right(self.rows, spot.at, key=lambda row: row.observed_at)
        if (reached == len(self.rows) and not self._has_end) or (reached == 0 and not self._has_start):
            return False
        self.index = max(0, reached - 1)
        return True
