"""A trace as NDJSON in normal form, line by line in the trace's order."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import lru_cache
from heapq import merge
from operator import itemgetter
from pathlib import Path
from typing import IO, Any

import msgspec
import pyarrow as pa

from tracer.clock import rfc3339_us
from tracer.heartbeat import with_resource_version
from tracer.kinds import kind_of_stream
from tracer.trace import Trace, open_trace
from tracer.trace.lines import LINE_PARTS, raw_lines
from tracer.trace.progress import Advance
from tracer.trace.schema import LOGS, OBJECTS, SCHEMAS, STREAMS

_OBJECT_COLUMNS = (
    "seq",
    "observed_at",
    "stream",
    "type",
    "api_version",
    "kind",
    "namespace",
    "name",
    "uid",
    "resource_version",
    "object",
)
_LOG_COLUMNS = ("seq", "observed_at", "stream", "node")
_NOTE_COLUMNS = ("seq", "observed_at", "stream", "what", "revision_from", "revision_to", "detail")
_BREAKS = bytes.maketrans(b"\r\n", b"  ")
"""A raw line break in JSON text can only stand between its parts."""


def export_ndjson(path: Path, out: Path | None, progress: Advance = lambda done, total: None) -> None:
    """Write a trace to a file, which appears when it is whole, or to standard output.

    `progress` is told the rows. Raises NotATrace, TraceTooNew, TraceDamaged, OSError.
    """
    trace = open_trace(path)
    if out is None:
        _write(trace, sys.stdout.buffer, progress)
        return
    temporary = out.with_name(f"{out.name}.exporting")
    try:
        with temporary.open("wb") as file:
            _write(trace, file, progress)
        temporary.replace(out)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write(trace: Trace, file: IO[bytes], progress: Advance) -> None:
    total = sum(trace.rows(table) for table in SCHEMAS)
    for done, line in enumerate(ndjson_lines(trace)):
        file.write(line)
        if done % 4096 == 0:
            progress(done, total)
    file.flush()


def ndjson_lines(trace: Trace) -> Iterator[bytes]:
    """The lines of a trace, newline included.

    Raises TraceDamaged when a sealed file turns out to be unreadable.
    """
    tables = (_object_lines(trace), _log_lines(trace), _note_lines(trace))
    return (line for _, line in merge(*tables, key=itemgetter(0)))


def _object_lines(trace: Trace) -> Iterator[tuple[int, bytes]]:
    whole: dict[str, bytes] = {}
    for seq, at, stream, kind, *identity, text in _rows(trace, OBJECTS, _OBJECT_COLUMNS):
        uid = identity[4]
        if text is None:
            text = _without_object(kind, identity, whole.get(uid))  # noqa: PLW2901
        elif _has_heartbeats(stream):
            whole[uid] = text
        if kind in ("DELETED", "VANISHED"):
            whole.pop(uid, None)
        head = b'{"t":"%s","stream":%s,"type":%s,"object":' % (at, _text(stream), _text(kind))
        yield seq, head + text.translate(_BREAKS) + b"}\n"


def _without_object(kind: str, identity: list[Any], last: bytes | None) -> bytes:
    """What stands for an object that the trace does not hold: a heartbeat's is its last whole version."""
    api_version, kind_name, namespace, name, uid, version = identity
    if kind != "VANISHED" and last is not None:
        return with_resource_version(last, version)
    metadata = {"name": name, "namespace": namespace, "uid": uid, "resourceVersion": version}
    named = {key: value for key, value in metadata.items() if value is not None}
    return msgspec.json.encode({"kind": kind_name, "apiVersion": api_version, "metadata": named})


def _log_lines(trace: Trace) -> Iterator[tuple[int, bytes]]:
    for batch in trace.batches(LOGS, (*_LOG_COLUMNS, *LINE_PARTS)):
        rows = _tuples(batch, _LOG_COLUMNS)
        for (seq, at, stream, node), line in zip(rows, raw_lines(batch), strict=True):
            about = b"" if node is None else b'"node":%s,' % _text(node)
            yield seq, b'{"t":"%s","stream":%s,%s"line":%s}\n' % (at, _text(stream), about, _text(line))


def _note_lines(trace: Trace) -> Iterator[tuple[int, bytes]]:
    for seq, at, *values in _rows(trace, STREAMS, _NOTE_COLUMNS):
        about = {name: value for name, value in zip(_NOTE_COLUMNS[2:], values, strict=True) if value is not None}
        yield seq, b'{"t":"%s",%s\n' % (at, msgspec.json.encode(about)[1:])


def _rows(trace: Trace, table: str, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Rows as tuples; observed_at as text, object as bytes."""
    for batch in trace.batches(table, columns):
        yield from _tuples(batch, columns)


def _tuples(batch: pa.RecordBatch, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    values = []
    for name in columns:
        column = batch[name]
        if name == "observed_at":
            values.append([rfc3339_us(at).encode() for at in column.cast(pa.int64()).to_pylist()])
        elif name == "object":
            values.append(column.storage.cast(pa.binary()).to_pylist())
        else:
            values.append(column.to_pylist())
    return zip(*values, strict=True)


_text = msgspec.json.encode


@lru_cache(maxsize=1024)
def _has_heartbeats(stream: str) -> bool:
    kind = kind_of_stream(stream)
    return kind is not None and bool(kind.heartbeat)
