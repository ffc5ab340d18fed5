"""The log lines that are wanted, with the gaps of their logs between them, stretch by stretch of the trace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from analysis.database import Seqs
from analysis.loglines import LogLine, LogReader, Wanted

if TYPE_CHECKING:
    from analysis.trace import Trace

_GAPS = """
select seq, observed_at, stream, concat_ws(': ', what, detail) as why
from streams
where starts_with(stream, 'log/')
    and what in ('gap', 'rewound', 'forbidden', 'failed')
    and (len($streams::varchar[]) = 0 or list_contains($streams, stream))
order by seq
"""
_ARRIVED = """
select max(seq)
from (
    select seq, observed_at from objects
    union all
    select seq, observed_at from logs
    union all
    select seq, observed_at from streams
)
where observed_at <= $at
"""
_LABEL = "select label from volumes where volume_id = $volume_id"


@dataclass(frozen=True, slots=True)
class LogGap:
    """The recorder's note that lines of a log may be missing before it, or that it cannot be read."""

    seq: int
    observed_at: datetime
    stream: str
    why: str


LogRow = LogLine | LogGap


class LogRows:
    """Reads them for a reader who moves about. Each method raises TraceDamaged, and QueryError when it is cancelled."""

    def __init__(self, trace: Trace, wanted: Wanted, *, of_components: bool = False) -> None:
        """With `of_components` all lines of every log that names the wanted volume.

        Raises VolreelError for a bad severity or expression.
        """
        self._trace = trace
        self._wanted = wanted
        self._naming = trace.log_reader(Wanted(volume=wanted.volume)) if of_components else None
        self._reader = trace.log_reader(wanted)

    def read(self, between: Seqs) -> list[LogRow]:
        """Those from the first seq to the last, in the trace's order."""
        if self._naming is not None and not self._streams:
            return []
        lines = self._components.read(between)
        gaps = self._trace.sql(_GAPS, {"streams": self._streams}, between=between)
        return sorted([*lines, *(LogGap(*row) for row in gaps.rows())], key=lambda row: row.seq)

    def last_arrived(self, at: datetime) -> int:
        """seq of the last row of any table that had arrived at an instant; -1 where there was none."""
        part = self._trace.part_at(at)
        arrived: int | None = self._trace.sql(_ARRIVED, {"at": at}, between=part).item()
        return part[0] - 1 if arrived is None else arrived

    @cached_property
    def label(self) -> str | None:
        """What people call the wanted volume; None where any line is wanted."""
        if self._wanted.volume is None:
            return None
        found = self._trace.sql(_LABEL, {"volume_id": self._wanted.volume})
        return str(found.item()) if found.height else self._wanted.volume

    @cached_property
    def _streams(self) -> list[str]:
        """The logs of which lines are wanted; empty for any, but with `of_components` for none."""
        return self._naming.streams() if self._naming is not None else []

    @cached_property
    def _components(self) -> LogReader:
        if self._naming is None:
            return self._reader
        return self._trace.log_reader(replace(self._wanted, volume=None, streams=self._streams))
