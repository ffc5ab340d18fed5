"""What happened in which order: the rows around an instant, the gaps before and after it, and what a row changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from analysis.differences import Difference, differences

if TYPE_CHECKING:
    from analysis.trace import Trace

_UP_TO = "from _history where seq <= $seq order by seq desc limit $rows"
_AFTER = "from _history where seq > $seq order by seq limit $rows"
_AT = "select coalesce(max(seq) filter (observed_at <= $instant), min(seq)) from _history"
_NEXT_GAP = "select min(seq) from streams where what in ('gap', 'rewound') and seq > $seq"
_PREVIOUS_GAP = "select max(seq) from streams where what in ('gap', 'rewound') and seq < $seq"
_OBJECT = "select stream, uid, namespace, name, type, object from objects where seq = $seq"
_OBJECT_BEFORE = """
select object from objects
where seq < $seq and object is not null
    and stream = $stream and uid is not distinct from $uid
    and namespace is not distinct from $namespace and name is not distinct from $name
order by seq desc
limit 1
"""


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
        before = self._rows(_UP_TO, {"seq": seq, "rows": rows})
        return [*reversed(before), *self._rows(_AFTER, {"seq": seq, "rows": rows})]

    def at(self, instant: datetime) -> int | None:
        """seq of the last row that had arrived at an instant, or of the first row; None in an empty trace."""
        return self._number(_AT, {"instant": instant})

    def next_gap(self, seq: int) -> int | None:
        """seq of the next gap's note."""
        return self._number(_NEXT_GAP, {"seq": seq})

    def previous_gap(self, seq: int) -> int | None:
        """seq of the gap's note before."""
        return self._number(_PREVIOUS_GAP, {"seq": seq})

    def change(self, row: HistoryRow) -> Change:
        """What the row changed, compared with the object's version before it in the trace."""
        if row.detail is not None or (row.kind is None and row.name is None):
            return Change(f"{row.type.lower()} in {row.stream}: {row.detail or 'no reason is given'}", ())
        found = self._trace.sql(_OBJECT, {"seq": row.seq}).row(0, named=True)
        text, kind = found.pop("object"), found.pop("type")
        if text is None:
            return Change(_without_object(kind), ())
        before = self._trace.sql(_OBJECT_BEFORE, {"seq": row.seq, **found})
        if before.is_empty():
            return Change("the first version of it in this trace", tuple(differences(None, text)))
        changed = tuple(differences(before.item(), text))
        return Change(f"{len(changed)} changes to the version before" if changed else "nothing changed", changed)

    def _rows(self, query: str, parameters: Mapping[str, Any]) -> list[HistoryRow]:
        return [HistoryRow(*row) for row in self._trace.sql(query, parameters).rows()]

    def _number(self, query: str, parameters: Mapping[str, Any]) -> int | None:
        number: int | None = self._trace.sql(query, parameters).item()
        return number


def _without_object(kind: str) -> str:
    if kind == "VANISHED":
        return "it was gone when the stream was listed again; when it was deleted is not known"
    return "only the heartbeat changed"
