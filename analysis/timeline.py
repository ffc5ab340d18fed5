"""All that is known of one volume's life, in the order in which it happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from analysis.queries import query
from analysis.trace import Trace

_GAPS = """
select begins_at, ends_at
from coverage
where state = 'gap'
    and ($begin::timestamptz is null or ends_at is null or ends_at >= $begin)
    and ($end::timestamptz is null or begins_at < $end)
order by begins_at
"""


@dataclass(frozen=True, slots=True)
class Timeline:
    """One volume's life, or a stretch of it."""

    volume: dict[str, Any]
    """Its row of the model `volumes`."""
    phases: pl.DataFrame
    """The model `phases` with namespace, pod and node of the use: the volume's own first, then use by use."""
    milestones: pl.DataFrame
    """The model `milestones` with the same, and `instant`: when it happened, or at the latest."""
    calls: pl.DataFrame
    """The calls to its driver that the logs tell of: method, instant, code (null: not known), error, seq."""
    gaps: pl.DataFrame
    """begins_at, ends_at (null: to the end) of each stretch in which some stream may have missed something."""


def timeline(trace: Trace, volume_id: str, *, begin: datetime | None = None, end: datetime | None = None) -> Timeline:
    """The life of a volume between two instants. Raises QueryError, TraceDamaged."""
    within = {"begin": begin, "end": end}
    asked = {"volume_id": volume_id, **within}
    return Timeline(
        volume=trace.sql("from volumes where volume_id = $volume_id", {"volume_id": volume_id}).row(0, named=True),
        phases=trace.sql(query("timeline_phases"), asked),
        milestones=trace.sql(query("timeline_milestones"), asked),
        calls=trace.sql(query("timeline_calls"), asked),
        gaps=trace.sql(_GAPS, within),
    )
