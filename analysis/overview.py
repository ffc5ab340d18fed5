"""A trace seen from afar: when much arrived, when something may have been missed, when something went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from analysis.queries import query

if TYPE_CHECKING:
    from analysis.trace import Trace

STRETCHES = 480
"""Into how many the span of a trace is cut: what most widths of a terminal divide, or nearly."""
_GAPS = "select begins_at, coalesce(ends_at, $end) from coverage where state = 'gap' order by begins_at"
_ROOTS = "select from_at, severity from findings where echo_of is null order by from_at"


@dataclass(frozen=True, slots=True)
class Overview:
    """The span of a trace in STRETCHES of the same length."""

    rows: Sequence[int]
    """How many observations and log lines arrived in each."""
    gaps: Sequence[tuple[datetime, datetime]]
    """From when to when some stream may have missed something."""


class Found(NamedTuple):
    """A finding that is no echo of another."""

    at: datetime | None
    """When it began, on the recorder's clock; None where that is not known."""
    severity: str


def read_overview(trace: Trace, begin: datetime, end: datetime) -> Overview:
    """The overview of a trace whose rows arrived from `begin` to `end`. Raises QueryError, TraceDamaged."""
    asked = {"begin": begin, "end": end, "stretches": STRETCHES}
    rows = dict(trace.sql(query("overview"), asked).rows())
    return Overview([rows.get(stretch, 0) for stretch in range(STRETCHES)], trace.sql(_GAPS, {"end": end}).rows())


def read_found(trace: Trace) -> list[Found]:
    """The findings that `volreel diagnose` counts as roots. Raises QueryError, TraceDamaged."""
    return [Found(*row) for row in trace.sql(_ROOTS).rows()]
