"""What happened in which order: the rows around an instant, and what a row changed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from analysis.differences import Difference, differences
from analysis.queries import query

if TYPE_CHECKING:
    from analysis.database import Seqs
    from analysis.trace import Trace

_AT = f"""
select max(seq) filter (observed_at <= $instant) as up_to, min(seq) as first
from ({query("history")})
"""  # noqa: S608 - a query of ours
_OBJECT = "select stream, uid, namespace, name, type, object from objects where seq = $seq"
_VERSIONS_BEFORE = """
select seq
from objects
where stream = $stream and uid is not distinct from $uid
    and namespace is not distinct from $namespace and name is not distinct from $name
order by seq desc
"""
_LAST_OBJECT = "select object from objects where seq in $seqs and object is not null order by seq desc limit 1"
_WIDER = 8
"""What was not found among so many rows is looked for among so many times more: few rows are quickly read."""
_NEAR = 20_000
"""Rows among which an object's version before is looked for first."""
_AT_ONCE = 50
"""Versions of which the objects are read at once: they are most of a trace, and a few versions have none."""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """An observation, or the recorder's note of a gap or an interruption."""

    seq: int
    observed_at: datetime
    stream: str
    type: str
    """The observation's type, or GAP, REWOUND, FORBIDDEN, FAILED."""
    kind: str | None
    """Null for a note."""
    namespace: str | None
    name: str | None
    detail: str | None
    """The note's reason; null for an observation."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one observation changed in its object."""

    headline: str
    differences: tuple[Difference, ...]


class History:
    """The rows of a trace in their total order. Safe to ask from several threads; every question may take a while.

    Each method raises TraceDamaged when a segment that it needs cannot be read.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    def around(self, seq: int, rows: int) -> list[HistoryRow]:
        """Up to `rows` rows up to and with `seq`, and as many after it, oldest first."""
        reach = 2 * rows
        while True:
            found = self._rows((seq - reach, seq + reach))
            up_to = bisect_right(found, seq, key=lambda row: row.seq)
            has_before = up_to >= rows or seq - reach <= 0
            has_after = len(found) - up_to >= rows or seq + reach >= self._trace.last_seq
            if has_before and has_after:
                return found[max(0, up_to - rows) : up_to + rows]
            reach *= _WIDER

    def at(self, instant: datetime) -> int | None:
        """seq of the last row that had arrived at an instant, or of the first row; None in an empty trace."""
        up_to: int | None = self._trace.sql(_AT, {"instant": instant}, between=self._trace.part_at(instant)).item(0, 0)
        if up_to is not None:
            return up_to
        # A part may hold log lines alone.
        up_to, first = self._trace.sql(_AT, {"instant": instant}).row(0)
        return first if up_to is None else up_to

    def change(self, row: HistoryRow) -> Change:
        """What the row changed, compared with the object's version before it in the trace."""
        if row.detail is not None or (row.kind is None and row.name is None):
            return Change(f"{row.type.lower()} in {row.stream}: {row.detail or 'no reason is given'}", ())
        found = self._trace.sql(_OBJECT, {"seq": row.seq}, between=(row.seq, row.seq)).row(0, named=True)
        text, kind = found.pop("object"), found.pop("type")
        if text is None:
            return Change(_without_object(kind), ())
        before = self._object_before(row.seq, found)
        if before is None:
            return Change("the first version of it in this trace", tuple(differences(None, text)))
        changed = tuple(differences(before, text))
        return Change(f"{len(changed)} changes to the version before" if changed else "nothing changed", changed)

    def _object_before(self, seq: int, identity: Mapping[str, Any]) -> str | None:
        end, reach = seq, _NEAR
        while end > 0:
            begin = max(0, seq - reach)
            seqs = self._trace.sql(_VERSIONS_BEFORE, identity, between=(begin, end - 1))["seq"].to_list()
            for start in range(0, len(seqs), _AT_ONCE):
                some = seqs[start : start + _AT_ONCE]
                found = self._trace.sql(_LAST_OBJECT, {"seqs": some}, between=(some[-1], some[0]))
                if not found.is_empty():
                    return str(found.item())
            end, reach = begin, reach * _WIDER
        return None

    def _rows(self, between: Seqs) -> list[HistoryRow]:
        return [HistoryRow(*row) for row in self._trace.sql(query("history"), between=between).rows()]


def _without_object(kind: str) -> str:
    if kind == "VANISHED":
        return "it was gone when the stream was listed again; when it was deleted is not known"
    return "only the heartbeat changed"
