"""One pass over a trace's rows: what is counted of each kind and stream, within memory that objects and gaps bound."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tracer.errors import TraceDamaged
from tracer.inspection.coverage import SEEN
from tracer.progress import Advance
from tracer.trace import Trace
from tracer.trace.schema import LOGS, OBJECTS, STREAMS

_GAPS = frozenset({"gap", "rewound"})
_TROUBLES = frozenset({"failed", "forbidden"})


@dataclass(frozen=True, slots=True)
class Note:
    """A row of the streams table."""

    seq: int
    at: int
    what: str
    detail: str | None


@dataclass(slots=True)
class Repeated:
    """The same trouble, several times."""

    times: int
    first_at: int
    last_at: int
    detail: str | None


@dataclass(slots=True)
class StreamRows:
    """What the rows say about one stream."""

    notes: list[Note] = field(default_factory=list)
    """In order; of bookmarks that follow each other the last."""
    troubles: dict[str, Repeated] = field(default_factory=dict)
    first_at: int | None = None
    last_at: int | None = None
    """Of its observations."""
    _seen: dict[int, int] = field(default_factory=dict)
    """Number of notes before -> the last observation that stands between that many notes and the next."""

    @property
    def gaps(self) -> list[Note]:
        """The notes that say that something may be missing; a rewind and the gap that it made are one."""
        found: list[Note] = []
        before = None
        for note in self.notes:
            if note.what == "gap" and before == "rewound":
                found[-1] = replace(found[-1], detail=note.detail)
            elif note.what in _GAPS:
                found.append(note)
            before = note.what
        return found

    @property
    def span(self) -> tuple[int, int]:
        """First and last time of anything in the stream."""
        times = [each.at for each in (*self.notes[:1], *self.notes[-1:])]
        times += [each for each in (self.first_at, self.last_at) if each is not None]
        return min(times), max(times)

    @property
    def was_synced(self) -> bool:
        """Whether a recorder ever listed it whole."""
        return any(note.what in ("synced", "relisted") for note in self.notes)

    def take_note(self, note: Note) -> None:
        """Take in the next row of the streams table."""
        if note.what in _TROUBLES:
            known = self.troubles.setdefault(note.what, Repeated(0, note.at, note.at, note.detail))
            known.times, known.last_at, known.detail = known.times + 1, note.at, note.detail
        if note.what == "bookmark" and self.notes and self.notes[-1].what == "bookmark":
            self.notes[-1] = note
        else:
            self.notes.append(note)

    def take_rows(self, seqs: Sequence[int], times: Sequence[int]) -> None:
        """Take in observations, in order."""
        self.first_at = times[0] if self.first_at is None else self.first_at
        self.last_at = times[-1]
        borders = [note.seq for note in self.notes]
        self._seen[bisect_right(borders, seqs[-1])] = times[-1]
        inside = borders[bisect_right(borders, seqs[0]) : bisect_right(borders, seqs[-1])]
        for seq in inside:
            index = bisect_right(seqs, seq) - 1
            self._seen[bisect_right(borders, seqs[index])] = times[index]

    def marks(self) -> list[tuple[int, str]]:
        """Notes and the last row before each, as `coverage.covered` takes them."""
        marks = []
        for place in range(len(self.notes) + 1):
            if place in self._seen:
                marks.append((self._seen[place], SEEN))
            if place < len(self.notes):
                marks.append((self.notes[place].at, self.notes[place].what))
        return marks


@dataclass(slots=True)
class KindRows:
    """What is counted of one kind."""

    rows: int = 0
    without_object: int = 0
    uids: set[int] = field(default_factory=set)
    """Hashes: they cost less than the uids."""
    streams: set[str] = field(default_factory=set)


@dataclass
class Rows:
    """Everything that is counted of a trace."""

    streams: dict[str, StreamRows] = field(default_factory=dict)
    kinds: dict[str, KindRows] = field(default_factory=dict)
    log_lines: Counter[str] = field(default_factory=Counter)
    damaged: list[str] = field(default_factory=list)
    _times: list[int] = field(default_factory=list)

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last observed_at, µs since 1970; None for a trace without rows."""
        return (min(self._times), max(self._times)) if self._times else None

    def _saw(self, times: Sequence[int]) -> None:
        self._times = [min([times[0], *self._times]), max([times[-1], *self._times])]

    def _stream(self, name: str) -> StreamRows:
        return self.streams.setdefault(name, StreamRows())


def read_rows(trace: Trace, progress: Advance) -> Rows:
    """Count a trace. What cannot be read is left out and named in `damaged`."""
    rows = Rows()
    total = sum(trace.rows(table) for table in (OBJECTS, LOGS, STREAMS))
    done = 0
    for table, columns, take in (
        (STREAMS, ("seq", "observed_at", "stream", "what", "detail"), _take_notes),
        (OBJECTS, ("seq", "observed_at", "stream", "kind", "uid", "object"), _take_objects),
        (LOGS, ("observed_at", "stream"), _take_logs),
    ):
        for batch in _readable(trace, table, columns, rows):
            if batch.num_rows:
                take(rows, batch)
            done += batch.num_rows
            progress(done, total)
    return rows


def _readable(trace: Trace, table: str, columns: Sequence[str], rows: Rows) -> Iterator[pa.RecordBatch]:
    """The table's rows segment by segment, so that a damaged one costs only its own."""
    parts = [replace(trace, segments=[each], journals=[]) for each in trace.segments]
    parts += [replace(trace, segments=[], journals=[each]) for each in trace.journals]
    numbered = [((part.segments or part.journals)[0].number, part) for part in parts]
    for _, part in sorted(numbered, key=lambda each: each[0]):
        try:
            yield from part.batches(table, columns)
        except TraceDamaged as error:
            rows.damaged.append(str(error))


def _take_notes(rows: Rows, batch: pa.RecordBatch) -> None:
    columns = _columns(batch)
    rows._saw(columns["observed_at"])
    names = ("seq", "observed_at", "what", "detail")
    for stream, *values in zip(columns["stream"], *(columns[name] for name in names), strict=True):
        rows._stream(stream).take_note(Note(*values))


def _take_objects(rows: Rows, batch: pa.RecordBatch) -> None:
    table = pa.table(
        {
            "seq": batch["seq"],
            "at": batch["observed_at"].cast(pa.int64()),
            "stream": batch["stream"],
            "kind": batch["kind"],
            "uid": batch["uid"],
            "absent": pc.cast(pc.is_null(batch["object"]), pa.int64()),
        }
    )
    rows._saw(table["at"].to_pylist())
    groups = table.group_by(["stream", "kind"], use_threads=False).aggregate(
        [("seq", "list"), ("at", "list"), ("uid", "distinct"), ("absent", "sum")]
    )
    for group in groups.to_pylist():
        kind = rows.kinds.setdefault(group["kind"] or "", KindRows())
        kind.rows += len(group["seq_list"])
        kind.without_object += group["absent_sum"]
        kind.uids.update(map(hash, group["uid_distinct"]))
        kind.streams.add(group["stream"])
        rows._stream(group["stream"]).take_rows(group["seq_list"], group["at_list"])


def _take_logs(rows: Rows, batch: pa.RecordBatch) -> None:
    rows._saw(batch["observed_at"].cast(pa.int64()).to_pylist())
    for count in pc.value_counts(batch["stream"]).to_pylist():
        rows.log_lines[count["values"]] += count["counts"]


def _columns(batch: pa.RecordBatch) -> dict[str, list[Any]]:
    return {
        name: (batch[name].cast(pa.int64()) if name == "observed_at" else batch[name]).to_pylist()
        for name in batch.schema.names
    }
