"""Where a reader may want to jump to in a trace: its observations, gaps, errors, operations, findings."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from analysis.history import History
from analysis.queries import query

if TYPE_CHECKING:
    from analysis.trace import Trace

LANDMARKS = ("gap", "error", "operation", "finding")
"""Each is a file `analysis/queries/landmarks_NAME.sql`."""

_ROW = """
select observed_at, seq from objects where seq = $seq
union all
select observed_at, seq from logs where seq = $seq
union all
select observed_at, seq from streams where seq = $seq
"""


class Spot(NamedTuple):
    """A place in a trace: an instant on the recorder's clock, or one of the rows that arrived then."""

    at: datetime
    seq: int | None
    """None for the instant itself."""


class Landmarks:
    """Finds the landmarks beside a spot. Safe to ask from several threads; a first question may take a while.

    Each method raises TraceDamaged when a segment that it needs cannot be read, and QueryError when it is cancelled.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._history = History(trace)
        self._known: dict[str, pl.DataFrame] = {}
        """observed_at and seq of every landmark of a kind, in their order."""

    def beside(self, landmark: str, spot: Spot, steps: int) -> Spot | None:
        """The gap, error, operation or finding that many after the spot, or before it where `steps` is negative.

        Where there are fewer it is the last of them; None where there is none.
        """
        if landmark not in self._known:
            self._known[landmark] = self._trace.sql(query(f"landmarks_{landmark}"))
        return _beside(self._known[landmark], spot, steps)

    def row(self, seq: int) -> Spot | None:
        """The row of any table with that seq."""
        return _last(self._trace.sql(_ROW, {"seq": seq}, between=(seq, seq)))

    def row_beside(self, spot: Spot, steps: int) -> Spot | None:
        """The observation, or note of an interruption, so many rows after the spot, or before it; else as `beside`."""
        here = self._history.at(spot.at) if spot.seq is None else spot.seq
        if here is None:
            return None
        rows = self._history.around(here, abs(steps) + 1)
        beside = [row for row in rows if (row.seq > here if steps > 0 else row.seq < here)]
        chosen = beside[:steps] if steps > 0 else beside[steps:][::-1]
        return Spot(chosen[-1].observed_at, chosen[-1].seq) if chosen else None

    def row_of_volume_beside(self, volume_id: str, spot: Spot, steps: int) -> Spot | None:
        """The same among the observations of a volume's objects."""
        key = f"volume {volume_id}"
        if key not in self._known:
            self._known[key] = self._trace.sql(query("landmarks_volume"), {"volume_id": volume_id})
        return _beside(self._known[key], spot, steps)


def _beside(landmarks: pl.DataFrame, spot: Spot, steps: int) -> Spot | None:
    at, seq, here = pl.col("observed_at"), pl.col("seq"), pl.lit(spot.seq, pl.Int64)
    if steps > 0:
        return _last(landmarks.filter((at > spot.at) | ((at == spot.at) & (seq > here))).head(steps))
    return _last(landmarks.filter((at < spot.at) | ((at == spot.at) & (seq < here))).tail(-steps).reverse())


def _last(found: pl.DataFrame) -> Spot | None:
    return Spot(*found.row(-1)) if found.height else None
