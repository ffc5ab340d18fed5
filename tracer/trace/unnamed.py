"""Segments that stand on the disk and in no manifest: what a crash, a stale or a lost manifest left behind."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from tracer.trace.disk import Disk
from tracer.trace.journal import journal_numbers, read_journal
from tracer.trace.manifest import Manifest, Segment, SegmentFile
from tracer.trace.schema import OBJECTS, TABLES
from tracer.trace.segments import describe_segment, file_digest, file_span, segment_path


def file_numbers(trace: Path) -> set[int]:
    """The numbers of all Parquet files that are there, whoever wrote them."""
    paths = [path for table in TABLES for path in (trace / table).glob("*.parquet")]
    return {int(path.stem) for path in paths if path.stem.isascii() and path.stem.isdigit()}


def overlooked_segments(trace: Path, manifest: Manifest) -> list[Segment]:
    """Segments that a stale manifest does not name yet, rising; their rows belong to the trace."""
    last = max((segment.last_seq for segment in manifest.segments), default=-1)
    found = _unnamed_segments(trace, manifest)
    return [segment for segment in found if segment.first_seq > last and not segment.state]


def remove_folded(trace: Path, manifest: Manifest, disk: Disk) -> None:
    """Remove what a ring's fold had to leave: a state that was never named, segments that are no longer named."""
    first_kept = min((segment.number for segment in manifest.segments if not segment.state), default=0)
    for segment in _unnamed_segments(trace, manifest):
        if segment.state or (manifest.kept_from is not None and segment.number < first_kept):
            remove_segment(trace, segment.number, disk)


def remove_segment(trace: Path, number: int, disk: Disk) -> None:
    """Remove a segment's files. Raises OSError."""
    for table in TABLES:
        if (trace / table).is_dir():
            disk.remove(segment_path(trace, table, number))
            disk.sync_folder(trace / table)


def rebuilt_segments(trace: Path) -> list[Segment]:
    """All segments, where there is no manifest to name them. A journal that is whole goes before its segment."""
    whole = {number for number in journal_numbers(trace) if _is_whole_journal(trace, number)}
    found = _describe_segments(trace, None, file_numbers(trace) - whole)
    states = [segment for segment in found if segment.state and OBJECTS in segment.files]
    if not states:
        return [segment for segment in found if not segment.state] or found
    # A fold that was cut short leaves what it folded beside the state that replaces it.
    state = max(states, key=lambda each: each.last_seq)
    return [state, *(each for each in found if not each.state and each.first_seq > state.last_seq)]


def _is_whole_journal(trace: Path, number: int) -> bool:
    try:
        journal = read_journal(trace, number)
    except OSError:
        return False
    return bool(journal.commits) and not journal.damage


def _unnamed_segments(trace: Path, manifest: Manifest) -> list[Segment]:
    """Of a number that has a journal, the journal is the truth: it is no segment yet."""
    known = {segment.number for segment in manifest.segments} | set(journal_numbers(trace))
    return _describe_segments(trace, manifest.trace_id, file_numbers(trace) - known)


def _describe_segments(trace: Path, trace_id: str | None, numbers: Set[int]) -> list[Segment]:
    """The segments of these numbers from their files alone; with a trace id, only the files that carry it."""
    segments = []
    for number in sorted(numbers):
        paths = {table: segment_path(trace, table, number) for table in TABLES}
        files = {table: file for table, path in paths.items() if (file := _describe_file(path, trace_id))}
        if files:
            segment = describe_segment(number, files, [file_span(paths[table]) for table in files])
            state = any(_has_state(paths[table]) for table in files)
            segments.append(msgspec.structs.replace(segment, state=state))
    return segments


def _has_state(path: Path) -> bool:
    return b"volreel.state" in (pq.read_metadata(path).metadata or {})


def _describe_file(path: Path, trace_id: str | None) -> SegmentFile | None:
    try:
        metadata = pq.read_metadata(path)
        keys = metadata.metadata or {}
        if b"volreel.trace_id" not in keys or (trace_id and keys[b"volreel.trace_id"] != trace_id.encode()):
            return None
        if (keys[b"volreel.table"], int(keys[b"volreel.segment"])) != (path.parent.name.encode(), int(path.stem)):
            return None  # a copy of another segment
        seq = metadata.schema.names.index("seq")
        groups = [metadata.row_group(index).column(seq).statistics for index in range(metadata.num_row_groups)]
        digest, size = file_digest(path)
        return SegmentFile(
            rows=metadata.num_rows, bytes=size, sha256=digest, first_seq=groups[0].min, last_seq=groups[-1].max
        )
    except (pa.ArrowException, OSError, ValueError, AttributeError, LookupError):
        return None


def trace_id_of(trace: Path, segments: list[Segment]) -> str | None:
    """The trace id that a segment's file carries."""
    for segment in segments:
        for table in segment.files:
            keys = pq.read_metadata(segment_path(trace, table, segment.number)).metadata
            return str(keys[b"volreel.trace_id"].decode())
    return None
