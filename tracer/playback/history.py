"""The rows of a trace in order, and what must be known of all of them before the first is played."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tracer.errors import TraceError
from tracer.kinds import kind_of_stream
from tracer.trace import Trace
from tracer.trace.schema import LOGS, OBJECTS, STREAMS

Step = tuple[int, int, str, str, str | None, str | None, str | None, int | None, bytes | None]
"""seq, observed_at (µs), stream, type or what, namespace, name, resource_version, revision, object.

A row of `streams` is a step too: its `what` is the type, its revision_to the revision.
"""

_OBJECT_COLUMNS = (
    "seq",
    "observed_at",
    "stream",
    "type",
    "namespace",
    "name",
    "resource_version",
    "revision",
    "object",
)
_NOTE_COLUMNS = ("seq", "observed_at", "stream", "what", "revision_to")


@dataclass(slots=True)
class Beginning:
    """What is known of one stream in advance."""

    last_seq: int | None = None
    """Its last LISTED row that belongs to the state in which the stream begins."""
    first_change: int | None = None
    """seq of its first row that is a change."""
    first_revision: int | None = None
    """The revision of that change."""
    synced: int | None = None
    """The revision at which the recorder had first listed it whole."""


@dataclass(slots=True)
class Overview:
    """What one pass over a trace's small columns tells."""

    start_us: int
    end_us: int
    streams: dict[str, Beginning] = field(default_factory=dict)
    namespaces: set[str] = field(default_factory=set)


def survey(trace: Trace) -> Overview:
    """Look over the trace once, without its objects. Raises TraceError when it holds no objects at all."""
    overview = Overview(0, 0)
    for resource in trace.manifest.resources:
        _beginning(overview, resource.stream)
    spans: list[tuple[int, int]] = []
    for batch in trace.batches(OBJECTS, ("seq", "observed_at", "stream", "type", "namespace", "revision")):
        if batch.num_rows:
            spans.append(_span(batch))
            _survey_objects(overview, batch)
    for batch in trace.batches(STREAMS, _NOTE_COLUMNS):
        if batch.num_rows:
            spans.append(_span(batch))
            _survey_notes(overview, batch)
    spans += [_span(batch) for batch in trace.batches(LOGS, ("observed_at",)) if batch.num_rows]
    if not overview.streams:
        raise TraceError(f"{trace.path} holds no objects that could be served. `volreel info` says what it holds.")
    starts, ends = zip(*spans, strict=True) if spans else ((_created_us(trace),), (0,))
    overview.start_us = min(starts)
    overview.end_us = max(overview.start_us, *ends)
    return overview


def _survey_objects(overview: Overview, batch: pa.RecordBatch) -> None:
    overview.namespaces.update(pc.unique(batch.column("namespace")).drop_null().to_pylist())
    table = pa.table({name: batch.column(name) for name in ("stream", "type", "seq", "revision")})
    is_listed = pc.equal(table["type"], "LISTED")
    for stream, seq, revision in _firsts(table.filter(pc.invert(is_listed))):
        beginning = _beginning(overview, stream)
        if beginning is not None and beginning.first_change is None:
            beginning.first_change, beginning.first_revision = seq, revision
    for stream, seqs in _grouped(table.filter(is_listed)):
        beginning = _beginning(overview, stream)
        if beginning is not None:
            before = [seq for seq in seqs if beginning.first_change is None or seq < beginning.first_change]
            beginning.last_seq = before[-1] if before else beginning.last_seq


def _firsts(table: pa.Table) -> Iterator[tuple[str, int, int | None]]:
    for stream in pc.unique(table["stream"]).to_pylist():
        index = pc.index(table["stream"], stream).as_py()
        yield stream, table["seq"][index].as_py(), table["revision"][index].as_py()


def _grouped(table: pa.Table) -> Iterator[tuple[str, list[int]]]:
    for stream in pc.unique(table["stream"]).to_pylist():
        yield stream, table.filter(pc.equal(table["stream"], stream))["seq"].to_pylist()


def _survey_notes(overview: Overview, batch: pa.RecordBatch) -> None:
    found = batch.filter(pc.equal(batch.column("what"), "synced"))
    for stream, revision in zip(
        found.column("stream").to_pylist(), found.column("revision_to").to_pylist(), strict=True
    ):
        beginning = _beginning(overview, stream)
        if beginning is not None and beginning.synced is None:
            beginning.synced = revision


def _beginning(overview: Overview, stream: str | None) -> Beginning | None:
    """The stream's entry; None for logs and for resources that this volreel does not know."""
    if stream is None or kind_of_stream(stream) is None:
        return None
    return overview.streams.setdefault(stream, Beginning())


def _span(batch: pa.RecordBatch) -> tuple[int, int]:
    instants = batch.column("observed_at").cast(pa.int64())
    return instants[0].as_py(), instants[-1].as_py()


def _created_us(trace: Trace) -> int:
    sessions = trace.manifest.sessions
    return int(datetime.fromisoformat(sessions[0].started_at).timestamp() * 1_000_000) if sessions else 0


def beginnings(trace: Trace, overview: Overview) -> Iterator[Step]:
    """The rows that are the state in which the streams begin: what was LISTED before a stream's first change."""
    last = {stream: found.last_seq for stream, found in overview.streams.items() if found.last_seq is not None}
    until = max(last.values(), default=-1)
    for batch in trace.batches(OBJECTS, _OBJECT_COLUMNS):
        if not batch.num_rows or batch.column("seq")[0].as_py() > until:
            return
        listed = batch.filter(pc.equal(batch.column("type"), "LISTED"))
        yield from (step for step in _steps(listed) if step[0] <= last.get(step[2], -1))


def changes(trace: Trace, overview: Overview) -> Iterator[list[Step]]:
    """Every other row, streams' notes included, in the order of seq; in blocks of bounded size."""
    last = {stream: found.last_seq for stream, found in overview.streams.items() if found.last_seq is not None}
    notes = _notes(trace)
    note = next(notes, None)
    for batch in trace.batches(OBJECTS, _OBJECT_COLUMNS):
        if not batch.num_rows:
            continue
        block = [step for step in _steps(batch) if step[3] != "LISTED" or step[0] > last.get(step[2], -1)]
        end = batch.column("seq")[-1].as_py()
        held: list[Step] = []
        while note is not None and note[0] < end:
            held.append(note)
            note = next(notes, None)
        yield sorted(block + held) if held else block
    if note is not None:
        yield [note, *notes]


def _steps(batch: pa.RecordBatch) -> Iterator[Step]:
    columns: list[list[Any]] = []
    for name in _OBJECT_COLUMNS:
        column = batch.column(name)
        if name == "observed_at":
            column = column.cast(pa.int64())
        elif name == "object":
            storage = column.storage if isinstance(column, pa.ExtensionArray) else column
            column = storage.cast(pa.binary())
        columns.append(column.to_pylist())
    return zip(*columns, strict=True)


def _notes(trace: Trace) -> Iterator[Step]:
    for batch in trace.batches(STREAMS, _NOTE_COLUMNS):
        seqs, streams, whats = (batch.column(name).to_pylist() for name in ("seq", "stream", "what"))
        instants = batch.column("observed_at").cast(pa.int64()).to_pylist()
        revisions = batch.column("revision_to").to_pylist()
        for seq, at, stream, what, revision in zip(seqs, instants, streams, whats, revisions, strict=True):
            yield seq, at, stream, what, None, None, None, revision, None
