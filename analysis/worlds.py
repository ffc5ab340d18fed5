"""What each controller saw at an instant, and of what of it nothing is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from analysis.queries import query

if TYPE_CHECKING:
    from analysis.trace import Trace

_REACH = timedelta(seconds=30)
"""How far around an instant `Worlds` reads: that takes hardly longer than for the instant alone."""
_ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Standing:
    """The worlds at an instant."""

    at: datetime
    unwatched: pl.DataFrame
    """What was not watched then: source, place (a kubelet's node) and why."""
    drift: pl.DataFrame
    """As `Trace.drift`."""
    entries: pl.DataFrame
    """As `Trace.state`."""


class Worlds:
    """The worlds of a trace while time goes on: what is read for one instant answers for those around it as well."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._unwatched: pl.DataFrame | None = None
        self._read: _Stretch | None = None

    def at(self, instant: datetime) -> Standing:
        """As `standing`. To be asked by one thread at a time. Raises TraceDamaged, QueryError."""
        if self._unwatched is None:
            self._unwatched = _unwatched(self._trace, *_ALWAYS)  # few rows, for the whole of the trace
        if self._read is None or not self._read.begin <= instant < self._read.end:
            self._read = _read(self._trace, instant - _REACH, instant + _REACH)
        return self._read.at(instant, self._unwatched)


def standing(trace: Trace, at: datetime, node: str | None = None) -> Standing:
    """The worlds of a trace at an instant (with a time zone), of all nodes or of one."""
    return _read(trace, at, at, node).at(at, _unwatched(trace, at, at, node))


@dataclass(frozen=True, slots=True)
class _Stretch:
    """All that was so at any instant from `begin` up to `end`."""

    begin: datetime
    end: datetime
    drift: pl.DataFrame
    entries: pl.DataFrame

    def at(self, instant: datetime, unwatched: pl.DataFrame) -> Standing:
        return Standing(
            instant,
            _holding(unwatched, instant, "since", "until").drop("since", "until"),
            _holding(self.drift, instant, "from_at", "to_at"),
            _holding(self.entries, instant, "since", "until"),
        )


def _read(trace: Trace, begin: datetime, end: datetime, node: str | None = None) -> _Stretch:
    return _Stretch(begin, end, trace.drift(begin, end, node=node), trace.state(begin, end, node=node))


def _unwatched(trace: Trace, begin: datetime, end: datetime, node: str | None = None) -> pl.DataFrame:
    return trace.sql(query("unwatched"), {"begin": begin, "end": end, "node": node})


def _holding(frame: pl.DataFrame, instant: datetime, since: str, until: str) -> pl.DataFrame:
    return frame.filter(pl.col(since) <= instant, pl.col(until).is_null() | (pl.col(until) > instant))
