"""One pass over a trace's rows: what is counted of each kind and stream, within memory that objects and gaps bound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tracer.errors import TraceDamaged
from tracer.inspection.stream_rows import Note, StreamRows
from tracer.trace import Trace
from tracer.trace.progress import Advance
from tracer.trace.schema import LOGS, OBJECTS, STREAMS


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
