"""Opening a trace: ended, crashed, damaged or still being recorded, without changing a byte of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from tracer.errors import NotATrace, TraceDamaged
from tracer.trace.journal import FOLDER as JOURNAL
from tracer.trace.journal import JournalReader, journal_numbers, read_journal
from tracer.trace.lock import LOCK, is_locked
from tracer.trace.manifest import MANIFEST, Manifest, Segment, SegmentFile, read_manifest
from tracer.trace.schema import SCHEMAS
from tracer.trace.segments import segment_path
from tracer.trace.unnamed import overlooked_segments, rebuilt_segments, trace_id_of

__all__ = ["LOCK", "Fault", "Trace", "is_locked", "open_trace"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a trace that is not as it should be."""

    file: str
    """Path inside the trace."""
    why: str
    """What is wrong, and what it means for the reader."""
    lost: tuple[int, int | None] | None = None
    """First and last seq of the rows that cannot be read because of it, the last None where it is not known."""

    @property
    def loses_rows(self) -> bool:
        """Whether rows cannot be read because of it."""
        return self.lost is not None


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
        parts: list[Segment | JournalReader] = [*self.segments, *self.journals]
        for part in sorted(parts, key=lambda each: each.number):
            if isinstance(part, JournalReader):
                for batch in part.batches(table):
                    yield _project(batch, table, names)
            elif table in part.files:
                yield from self._sealed(segment_path(self.path, table, part.number), table, names)

    def _sealed(self, path: Path, table: str, names: list[str]) -> Iterator[pa.RecordBatch]:
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                stored = set(file.schema_arrow.names)
                present = [name for name in names if name in stored]
                for batch in file.iter_batches(batch_size=8192, columns=present):
                    yield _project(batch, table, names)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
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


def open_trace(path: str | Path, *, look_inside: bool = True) -> Trace:
    """Open a trace for reading.

    Who verifies every byte anyway need not `look_inside`: it takes some milliseconds for each sealed file, whose footer
    is read. Without it a file that is there, and as long as what was sealed, is taken to be whole.
    Raises NotATrace, TraceTooNew. A damaged trace opens, with what is wrong in `faults`.
    """
    folder = Path(path)
    while True:
        trace = _open_once(folder, look_inside)
        # A recorder may have sealed a journal between our two looks: then its rows were counted twice, or not at all.
        if trace.manifest.segments == _manifest_or_rebuilt(folder)[0].segments:
            return trace


def _open_once(folder: Path, look_inside: bool) -> Trace:
    manifest, faults = _manifest_or_rebuilt(folder)
    trace = Trace(folder, manifest, faults=faults)
    numbers = journal_numbers(folder)
    for segment in _with_overlooked(trace, manifest):
        usable = {
            table: file for table, file in segment.files.items() if _is_usable(trace, table, segment, file, look_inside)
        }
        if usable:
            trace.segments.append(msgspec.structs.replace(segment, files=usable))
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
        segments = rebuilt_segments(folder)
        if not segments and not journal_numbers(folder):
            raise
        what = "is missing" if isinstance(error, NotATrace) else "is damaged"
        fault = Fault(MANIFEST, f"{what}; put together again from the segments")
        trace_id = trace_id_of(folder, segments) or "unknown"
        return Manifest(trace_id=trace_id, segments=segments), [fault]


def _with_overlooked(trace: Trace, manifest: Manifest) -> list[Segment]:
    """The manifest's segments, and those that a stale manifest does not name."""
    overlooked = overlooked_segments(trace.path, manifest)
    for segment in overlooked:
        for table in segment.files:
            name = str(segment_path(Path(), table, segment.number))
            why = f"is not in {MANIFEST}, which is stale; its rows are read all the same"
            trace.faults.append(Fault(name, why))
    return sorted([*manifest.segments, *overlooked], key=lambda each: each.number)


def _is_usable(trace: Trace, table: str, segment: Segment, file: SegmentFile, look_inside: bool) -> bool:
    """Whether a named file is there and whole at first sight; `leave_out_damaged` looks at every byte."""
    path = segment_path(trace.path, table, segment.number)
    try:
        size = path.stat().st_size
        if size != file.bytes:
            trace.faults.append(unreadable(path, file, f"has {size} bytes, {file.bytes} were sealed"))
            return False
        if look_inside:
            pq.read_metadata(path)
    except FileNotFoundError:
        trace.faults.append(unreadable(path, file, "is missing"))
        return False
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        trace.faults.append(unreadable(path, file, f"is no Parquet any more ({error})"))
        return False
    return True


def unreadable(path: Path, file: SegmentFile, why: str) -> Fault:
    """The fault of a sealed file whose rows are left out."""
    lost = f"rows {file.first_seq} to {file.last_seq} ({file.rows} rows) cannot be read"
    return Fault(f"{path.parent.name}/{path.name}", f"{why}: {lost}", (file.first_seq, file.last_seq))


def _open_journal(trace: Trace, number: int) -> None:
    try:
        journal = read_journal(trace.path, number)
    except FileNotFoundError:
        return  # sealed away meanwhile, or never committed to
    # What a journal lost at its beginning, begins where the rows before it end.
    before = [segment.last_seq for segment in trace.manifest.segments if segment.number < number]
    before += [other.commits[-1].last_seq for other in trace.journals if other.commits]
    least = max(before, default=-1) + 1
    journal.damage = [replace(each, first_seq=max(each.first_seq, least)) for each in journal.damage]
    trace.journals.append(journal)
    for damage in journal.damage:
        last = "the end" if damage.last_seq is None else damage.last_seq
        name = f"{JOURNAL}/{damage.file.name}"
        why = f"{damage.why}: rows {damage.first_seq} to {last} cannot be read"
        trace.faults.append(Fault(name, why, (damage.first_seq, damage.last_seq)))


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
