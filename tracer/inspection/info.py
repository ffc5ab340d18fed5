"""What a trace holds, and first of all what it may have missed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tracer.clock import rfc3339_us
from tracer.inspection.coverage import around, assumed, covered, share
from tracer.inspection.rows import Rows, read_rows
from tracer.inspection.stream_rows import StreamRows
from tracer.trace import open_trace
from tracer.trace.manifest import Cluster, Session
from tracer.trace.progress import Advance
from tracer.trace.schema import TABLES


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which a stream may have missed something."""

    stream: str
    what: str
    """gap or rewound."""
    noticed_at: str
    certain_until: str | None
    """The stream's last certain instant before; null if it had none."""
    certain_from: str | None
    """Its first certain instant after; null if there was none."""
    why: str | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """How often a stream could not be followed."""

    stream: str
    what: str
    """absent, failed or forbidden."""
    times: int
    first_at: str
    last_at: str
    why: str | None
    """The last reason."""


@dataclass(frozen=True, slots=True)
class KindInfo:
    """What the trace holds of one kind."""

    kind: str
    objects: int
    """Different uids."""
    observations: int
    without_object: int
    """Rows that hold no object: VANISHED, and versions in which only a heartbeat changed."""
    coverage: float
    """Part of the trace's span in which its streams were followed without a gap (the least covered of them), 0 to 1."""
    assumed: bool
    """Nobody synced the stream (a capture was imported): it counts as covered from its first row to its last."""


@dataclass(frozen=True, slots=True)
class LogInfo:
    """What the trace holds of one container's logs."""

    namespace: str
    pod: str
    container: str
    lines: int
    runs: int
    """Different runs of the container: its restarts, and its pod made anew."""


@dataclass(frozen=True, slots=True)
class TableInfo:
    """One table of the trace on the disk."""

    table: str
    rows: int
    sealed_bytes: int
    """Compressed Parquet bytes."""
    bytes_per_row: float | None
    """Of the sealed rows; null when there are none."""


@dataclass(frozen=True)
class TraceInfo:
    """All that `volreel info` says; with --json, these are the keys. Times are RFC 3339 in UTC."""

    trace: str
    trace_id: str
    state: str
    """ended, being recorded, or not ended (its writer was killed)."""
    faults: list[dict[str, Any]]
    """What could not be read: file, why, loses_rows. `volreel check` looks at every byte."""
    gaps: list[Gap]
    troubles: list[Trouble]
    filtered: dict[str, dict[str, int]]
    """Stream -> why -> observations left out by the recorder."""
    cluster: Cluster
    first_at: str | None
    last_at: str | None
    span_s: float
    kept_from: str | None
    """In ring mode: what came before was folded into the state at this instant."""
    sessions: list[Session]
    kinds: list[KindInfo]
    logs: list[LogInfo]
    tables: list[TableInfo]
    bytes: int
    """Of the whole folder."""
    damaged: list[str] = field(default_factory=list)
    """What went wrong while reading; the counts lack those rows."""


def inspect_trace(path: Path, progress: Advance = lambda done, total: None) -> TraceInfo:
    """Look through a trace: ended, crashed, damaged, or still being recorded.

    Raises NotATrace, TraceTooNew, TraceDamaged (a manifest that is damaged, and nothing else there).
    """
    trace = open_trace(path)
    rows = read_rows(trace, progress)
    is_recording = trace.is_being_recorded
    span = rows.span
    marks_of = {name: _marks(stream) for name, stream in rows.streams.items()}
    intervals = {name: covered(marks) for name, marks in marks_of.items()}
    return TraceInfo(
        trace=str(path),
        trace_id=trace.manifest.trace_id,
        state="being recorded" if is_recording else "ended" if trace.manifest.is_ended else "not ended",
        faults=[{"file": each.file, "why": each.why, "loses_rows": each.loses_rows} for each in trace.faults],
        gaps=_gaps(rows, intervals),
        troubles=_troubles(rows),
        filtered=trace.manifest.filtered,
        cluster=trace.manifest.cluster,
        first_at=None if span is None else rfc3339_us(span[0]),
        last_at=None if span is None else rfc3339_us(span[1]),
        span_s=0.0 if span is None else (span[1] - span[0]) / 1e6,
        kept_from=trace.manifest.kept_from,
        sessions=trace.manifest.sessions,
        kinds=_kinds(rows, intervals),
        logs=_logs(rows),
        tables=[_table(trace, table) for table in TABLES],
        bytes=sum(file.stat().st_size for file in path.rglob("*") if file.is_file()),
        damaged=rows.damaged,
    )


def _marks(stream: StreamRows) -> list[tuple[int, str]]:
    if not stream.was_synced and stream.first_at is not None:
        return assumed(*stream.span, [note.at for note in stream.gaps])
    return stream.marks()


def _gaps(rows: Rows, intervals: dict[str, list[tuple[int, int]]]) -> list[Gap]:
    found = []
    for name, stream in rows.streams.items():
        for note in stream.gaps:
            before, after = around(intervals[name], note.at)
            found.append((note.at, name, note, before, after))
    return [
        Gap(name, note.what, rfc3339_us(at), _time(before), _time(after), note.detail)
        for at, name, note, before, after in sorted(found, key=lambda each: (each[0], each[1]))
    ]


def _time(at: int | None) -> str | None:
    return None if at is None else rfc3339_us(at)


def _troubles(rows: Rows) -> list[Trouble]:
    return [
        Trouble(name, what, each.times, rfc3339_us(each.first_at), rfc3339_us(each.last_at), each.detail)
        for name, stream in sorted(rows.streams.items())
        for what, each in sorted(stream.troubles.items())
    ]


def _kinds(rows: Rows, intervals: dict[str, list[tuple[int, int]]]) -> list[KindInfo]:
    found = []
    for kind, count in sorted(rows.kinds.items()):
        shares = [share(intervals[name], rows.span) for name in count.streams] if rows.span else []
        is_assumed = any(not rows.streams[name].was_synced for name in count.streams)
        found.append(
            KindInfo(kind, len(count.uids), count.rows, count.without_object, min(shares, default=0.0), is_assumed)
        )
    return found


def _logs(rows: Rows) -> list[LogInfo]:
    lines: Counter[tuple[str, str, str]] = Counter()
    runs: dict[tuple[str, str, str], set[str]] = {}
    for stream, count in rows.log_lines.items():
        parts = stream.split("/")
        key = (parts[1], parts[2], parts[4]) if len(parts) == 6 else ("", stream, "")
        lines[key] += count
        runs.setdefault(key, set()).add(stream)
    return [LogInfo(*key, count, len(runs[key])) for key, count in sorted(lines.items())]


def _table(trace: Any, table: str) -> TableInfo:
    files = [segment.files[table] for segment in trace.segments if table in segment.files]
    size, sealed = sum(file.bytes for file in files), sum(file.rows for file in files)
    return TableInfo(table, trace.rows(table), size, size / sealed if sealed else None)
