"""Opening a trace: ended, crashed, damaged or still being recorded, without changing a byte of it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tracer.errors import NotATrace, TraceDamaged
from tracer.trace.journal import FOLDER as JOURNAL
from tracer.trace.journal import JournalReader, journal_numbers, read_journal
from tracer.trace.manifest import MANIFEST, Manifest, Segment, SegmentFile, read_manifest
from tracer.trace.schema import SCHEMAS, TABLES
from tracer.trace.segments import describe_segment, file_digest, file_span, segment_path

LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a trace that is not as it should be."""

    file: str
    """Path inside the trace."""
    why: str
    """What is wrong, and what it means for the reader."""
    loses_rows: bool = True
    """Whether rows cannot be read because of it."""


@dataclass
class Trace:
    """A trace opened for reading. What could not be read is in `faults`; everything else is here."""

    path: Path
    manifest: Manifest
    segments: list[Segment] = field(default_factory=list)
    """The sealed segments that are there, with the files of each that can be read."""
    journals: list[JournalReader] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def batches(self, table: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The table's rows in seq order, in batches of bounded size; a column that a file lacks is null.

        Raises TraceDamaged when a file turns out to be unreadable on the way (`volreel check` finds those first).
        """
        names = list(columns) if columns is not None else list(SCHEMAS[table].names)
        for segment in self.segments:
            if table in segment.files:
                yield from self._sealed(segment_path(self.path, table, segment.number), table, names)
        for journal in self.journals:
            for batch in journal.batches(table):
                yield _project(batch, table, names)

    def _sealed(self, path: Path, table: str, names: list[str]) -> Iterator[pa.RecordBatch]:
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                present = [name for name in names if name in file.schema_arrow.names]
                for batch in file.iter_batches(batch_size=8192, columns=present):
                    yield _project(batch, table, names)
        except (pa.ArrowException, OSError) as error:
            raise TraceDamaged(
                f"{path} cannot be read ({error}). `volreel check {self.path}` says what is still readable."
            ) from error

    def sealed_files(self, table: str) -> list[Path]:
        """The table's Parquet files in seq order."""
        return [segment_path(self.path, table, each.number) for each in self.segments if table in each.files]

    def tail(self, table: str) -> pa.Table:
        """The rows that are not sealed yet."""
        batches = [
            _project(batch, table, list(SCHEMAS[table].names))
            for each in self.journals
            for batch in each.batches(table)
        ]
        return pa.Table.from_batches(batches, schema=SCHEMAS[table])

    def rows(self, table: str) -> int:
        """How many rows of the table can be read."""
        sealed = sum(each.files[table].rows for each in self.segments if table in each.files)
        return sealed + sum(each.table_rows(table) for each in self.journals)

    @property
    def is_being_recorded(self) -> bool:
        """Whether a recorder holds the trace's lock right now."""
        return is_locked(self.path)


def open_trace(path: str | Path) -> Trace:
    """Open a trace for reading.

    Raises NotATrace, TraceTooNew. A damaged trace opens, with what is wrong in `faults`.
    """
    folder = Path(path)
    while True:
        trace = _open_once(folder)
        # A recorder may have sealed a journal between our two looks: then its rows were counted twice, or not at all.
        if trace.manifest.segments == _manifest_or_rebuilt(folder)[0].segments:
            return trace


def _open_once(folder: Path) -> Trace:
    manifest, faults = _manifest_or_rebuilt(folder)
    trace = Trace(folder, manifest, faults=faults)
    numbers = journal_numbers(folder)
    for segment in _with_unnamed(trace, manifest, numbers):
        usable = {table: file for table, file in segment.files.items() if _is_usable(trace, table, segment, file)}
        if usable:
            trace.segments.append(_with_files(segment, usable))
    sealed = {segment.number for segment in manifest.segments}
    for number in numbers:
        if number not in sealed:
            _open_journal(trace, number)
    return trace


def _manifest_or_rebuilt(folder: Path) -> tuple[Manifest, list[Fault]]:
    """The manifest, or one put together from the segments where it is missing or damaged."""
    try:
        return read_manifest(folder), []
    except (NotATrace, TraceDamaged) as error:
        segments = _unnamed_segments(folder, None, set())
        if not segments and not journal_numbers(folder):
            raise
        what = "is missing" if isinstance(error, NotATrace) else "is damaged"
        fault = Fault(MANIFEST, f"{what}; put together again from the segments", loses_rows=False)
        trace_id = _trace_id(folder, segments) or "unknown"
        return Manifest(trace_id=trace_id, segments=segments), [fault]


def _with_unnamed(trace: Trace, manifest: Manifest, journals: list[int]) -> list[Segment]:
    """The manifest's segments, and those that a stale manifest does not name."""
    named = {segment.number for segment in manifest.segments}
    last = max((segment.last_seq for segment in manifest.segments), default=-1)
    found = _unnamed_segments(trace.path, manifest.trace_id, named | set(journals))
    extra = [segment for segment in found if segment.first_seq > last]  # before it: left over from a ring's fold
    for segment in extra:
        for table in segment.files:
            name = str(segment_path(Path(), table, segment.number))
            why = f"is not in {MANIFEST}, which is stale; its rows are read all the same"
            trace.faults.append(Fault(name, why, loses_rows=False))
    return sorted([*manifest.segments, *extra], key=lambda each: each.number)


def _unnamed_segments(folder: Path, trace_id: str | None, known: set[int]) -> list[Segment]:
    """Segments found as files alone; with a trace id, only those that carry it."""
    files: dict[int, dict[str, SegmentFile]] = {}
    for table in TABLES:
        for path in sorted((folder / table).glob("*.parquet")):
            if not path.stem.isdigit() or int(path.stem) in known:
                continue
            found = _describe_file(path, trace_id)
            if found is not None:
                files.setdefault(int(path.stem), {})[table] = found
    return [
        describe_segment(number, tables, [file_span(segment_path(folder, table, number)) for table in tables])
        for number, tables in sorted(files.items())
    ]


def _describe_file(path: Path, trace_id: str | None) -> SegmentFile | None:
    try:
        metadata = pq.read_metadata(path)
        keys = metadata.metadata or {}
        if b"volreel.trace_id" not in keys or (trace_id and keys[b"volreel.trace_id"] != trace_id.encode()):
            return None
        seq = metadata.schema.names.index("seq")
        groups = [metadata.row_group(index).column(seq).statistics for index in range(metadata.num_row_groups)]
        digest, size = file_digest(path)
        return SegmentFile(
            rows=metadata.num_rows, bytes=size, sha256=digest, first_seq=groups[0].min, last_seq=groups[-1].max
        )
    except (pa.ArrowException, OSError, ValueError, AttributeError, IndexError):
        return None


def _trace_id(folder: Path, segments: list[Segment]) -> str | None:
    for segment in segments:
        for table in segment.files:
            keys = pq.read_metadata(segment_path(folder, table, segment.number)).metadata
            return str(keys[b"volreel.trace_id"].decode())
    return None


def _is_usable(trace: Trace, table: str, segment: Segment, file: SegmentFile) -> bool:
    """Whether a named file is there and whole at first sight; `volreel check` looks at every byte."""
    path = segment_path(trace.path, table, segment.number)
    name = str(path.relative_to(trace.path))
    lost = f"rows {file.first_seq} to {file.last_seq} ({file.rows} rows) cannot be read"
    try:
        size = path.stat().st_size
        if size != file.bytes:
            trace.faults.append(Fault(name, f"has {size} bytes, {file.bytes} were sealed: {lost}"))
            return False
        pq.read_metadata(path)
    except FileNotFoundError:
        trace.faults.append(Fault(name, f"is missing: {lost}"))
        return False
    except (pa.ArrowException, OSError) as error:
        trace.faults.append(Fault(name, f"is no Parquet any more ({error}): {lost}"))
        return False
    return True


def _with_files(segment: Segment, files: dict[str, SegmentFile]) -> Segment:
    return Segment(
        number=segment.number,
        first_seq=segment.first_seq,
        last_seq=segment.last_seq,
        first_at=segment.first_at,
        last_at=segment.last_at,
        files=files,
    )


def _open_journal(trace: Trace, number: int) -> None:
    try:
        journal = read_journal(trace.path, number)
    except FileNotFoundError:
        return  # sealed away meanwhile, or never committed to
    trace.journals.append(journal)
    for damage in journal.damage:
        last = "the end" if damage.last_seq is None else damage.last_seq
        name = f"{JOURNAL}/{damage.file.name}"
        trace.faults.append(Fault(name, f"{damage.why}: rows {damage.first_seq} to {last} cannot be read"))


def _project(batch: pa.RecordBatch, table: str, names: list[str]) -> pa.RecordBatch:
    schema = SCHEMAS[table]
    arrays: list[Any] = []
    for name in names:
        kind = schema.field(name).type
        if name not in batch.schema.names:
            arrays.append(pa.nulls(batch.num_rows, kind))
            continue
        column = batch.column(name)
        arrays.append(column if column.type == kind else column.cast(kind))
    return pa.record_batch(arrays, names=names)


def is_locked(folder: Path) -> bool:
    """Whether a recorder holds the trace's lock."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
