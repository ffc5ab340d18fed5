"""The one writer of a trace: gives out seq, fills the journal, rotates and seals it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from tracer import __version__
from tracer.clock import Clock, rfc3339_us
from tracer.errors import TraceExists
from tracer.trace.columns import ColumnBuffer
from tracer.trace.disk import Disk
from tracer.trace.journal import FOLDER as JOURNAL
from tracer.trace.journal import Damage, Journal, journal_numbers, read_journal
from tracer.trace.lock import LOCK, take_lock
from tracer.trace.manifest import MANIFEST, Cluster, Manifest, Segment, Session, read_manifest, write_manifest
from tracer.trace.schema import LOGS, OBJECTS, STREAMS, TABLES
from tracer.trace.sealing import adopt_segment, free_number, recover, write_segment

ROTATE_BYTES = 64 << 20
"""A journal of this size is sealed."""


class TraceWriter:
    """A trace open for writing; holds its lock until `close`.

    Rows are added from one thread. `commit` and `seal` may each run in a thread of their own.
    """

    def __init__(self, path: Path, manifest: Manifest, lock: int, disk: Disk, next_seq: int, clock: Clock) -> None:
        self.path = path
        self.manifest = manifest
        self.clock = clock
        self.damage: list[Damage] = []
        """Rows that a damaged journal had lost: found when the trace was taken up again, or when it was sealed."""
        self.pending_bytes = 0
        self.disk = disk
        self._lock = lock
        self._next_seq = next_seq
        self._staged_seq = next_seq
        self._buffers = {table: ColumnBuffer(table) for table in TABLES}
        self._journal = Journal(path, free_number(path, manifest), disk)
        self._batches: dict[str, pa.RecordBatch] = {}
        self._stage_span = (0, 0)

    @classmethod
    def create(cls, path: Path, by: str, cluster: Cluster | None = None, disk: Disk | None = None) -> TraceWriter:
        """Start a new trace. `by` says who writes: `record`, `import ndjson`.

        Raises TraceExists when the path is taken, TraceLocked when another is starting a trace there.
        """
        disk = disk or Disk()
        path.parent.mkdir(parents=True, exist_ok=True)
        _refuse_existing(path)
        disk.make_folder(path)
        lock = take_lock(path)
        try:
            _refuse_existing(path)  # who held the lock until now may have made one
            disk.make_folder(path / JOURNAL)
            clock = Clock()
            manifest = Manifest(cluster=cluster or Cluster())
            manifest.sessions.append(_session(by, clock))
            write_manifest(path, manifest, disk)
            return cls(path, manifest, lock, disk, 0, clock)
        except BaseException:
            os.close(lock)
            raise

    @classmethod
    def resume(cls, path: Path, by: str, disk: Disk | None = None) -> TraceWriter:
        """Go on with a trace that nobody is writing: what a crash left is sealed first.

        Raises NotATrace, TraceTooNew, TraceDamaged (no readable manifest), TraceLocked.
        """
        disk = disk or Disk()
        read_manifest(path)  # before anything is touched: is it one, and can we read it?
        lock = take_lock(path)
        try:
            manifest = read_manifest(path)
            disk.make_folder(path / JOURNAL)
            damage = recover(path, manifest, disk)
            clock = Clock(_last_us(manifest.segments))
            manifest.sessions.append(_session(by, clock))
            write_manifest(path, manifest, disk)
            writer = cls(path, manifest, lock, disk, _next_seq(manifest.segments, damage), clock)
        except BaseException:
            os.close(lock)
            raise
        writer.damage = damage
        return writer

    def observe(self, rows: int, size: int, columns: Mapping[str, Sequence[Any]], at_us: int) -> None:
        """Add observations that arrived at `at_us`; `size` is about how many bytes they hold."""
        self._add(OBJECTS, rows, size, columns, [at_us] * rows)

    def log(self, rows: int, size: int, columns: Mapping[str, Sequence[Any]], at_us: int) -> None:
        """Add log lines that arrived at `at_us`."""
        self._add(LOGS, rows, size, columns, [at_us] * rows)

    def note(
        self,
        stream: str,
        what: str,
        *,
        at_us: int | None = None,
        revision_from: int | None = None,
        revision_to: int | None = None,
        detail: str | None = None,
    ) -> None:
        """Add a row to `streams`: see schema.WHATS."""
        columns: dict[str, Sequence[Any]] = {
            "stream": [stream],
            "what": [what],
            "revision_from": [revision_from],
            "revision_to": [revision_to],
            "detail": [detail],
        }
        self._add(STREAMS, 1, 100, columns, [self.clock.now_us() if at_us is None else at_us])

    def add_interleaved(
        self, tables: Mapping[str, tuple[Sequence[int], Mapping[str, Sequence[Any]]]], at_us: Sequence[int], size: int
    ) -> None:
        """Add rows whose order runs across tables: an import. `at_us` says when each of them was observed, in order.

        Per table: the places of its rows in that order, rising, and their columns. `size` is about their bytes.
        """
        first = self._next_seq
        self._next_seq = first + len(at_us)
        for table, (places, columns) in tables.items():
            clocks = {"seq": [first + place for place in places], "observed_at": [at_us[place] for place in places]}
            self._buffers[table].extend(len(places), {**columns, **clocks})
        self.pending_bytes += size

    def _add(self, table: str, rows: int, size: int, columns: Mapping[str, Sequence[Any]], at: Sequence[int]) -> None:
        first = self._next_seq
        self._next_seq = first + rows
        self._buffers[table].extend(rows, {**columns, "seq": range(first, first + rows), "observed_at": at})
        self.pending_bytes += size

    @property
    def pending_rows(self) -> int:
        """Rows that are not durable and not on their way."""
        return sum(buffer.rows for buffer in self._buffers.values())

    @property
    def owes_commit(self) -> bool:
        """Whether staged rows are not durable yet."""
        return bool(self._batches) or self._journal.has_staged

    def stage(self) -> bool:
        """Take the pending rows for the next commit; False when there are none or a commit is owed already."""
        if self.owes_commit or not self.pending_rows:
            return False
        self._batches = {table: buffer.take() for table, buffer in self._buffers.items() if buffer.rows}
        self._stage_span = (self._staged_seq, self._next_seq - 1)
        self._staged_seq = self._next_seq
        self.pending_bytes = 0
        return True

    def commit(self) -> None:
        """Make the staged rows durable. Raises OSError when the disk is full; may then be called again."""
        self._journal.commit()
        if self._batches:
            self._journal.stage(self._batches, *self._stage_span)
            self._batches = {}
            self._journal.commit()

    def flush(self) -> None:
        """Make every row so far durable. Raises OSError."""
        self.commit()
        if self.stage():
            self.commit()

    @property
    def journal_bytes(self) -> int:
        """Bytes in the open journal."""
        return self._journal.bytes

    @property
    def bytes_on_disk(self) -> int:
        """Bytes of the sealed segments and the open journal."""
        sealed = sum(file.bytes for segment in self.manifest.segments for file in segment.files.values())
        return sealed + self._journal.bytes

    def rotate(self) -> int | None:
        """Close the journal for sealing and open the next. Its number, or None when it is empty.

        Everything staged must be committed. Raises OSError; may then be called again.
        """
        if self.owes_commit:
            raise RuntimeError("staged rows are not committed")
        if not self._journal.rows:
            return None
        number = self._journal.number
        following = Journal(self.path, number + 1, self.disk)
        self._journal.close()
        self._journal = following
        return number

    def write_sealed(self, number: int) -> Segment | None:
        """Write a rotated journal as Parquet; slow, changes nothing that is shared. Raises OSError.

        What is damaged in it meanwhile is left out and told in `damage`.
        """
        for sealed in self.manifest.segments:
            if sealed.number == number:  # its journal could not be removed
                return sealed
        journal = read_journal(self.path, number)
        segment = write_segment(self.path, self.manifest, journal, self.disk)
        self.damage += [each for each in journal.damage if each not in self.damage]
        return segment

    def adopt(self, number: int, segment: Segment | None) -> None:
        """Name a sealed segment in the manifest and drop its journal. Raises OSError."""
        adopt_segment(self.path, self.manifest, number, segment, self.disk)

    def seal(self) -> None:
        """Flush, rotate and seal, all at once. Raises OSError."""
        self.flush()
        self.rotate()
        for number in journal_numbers(self.path):
            if number != self._journal.number:
                self.adopt(number, self.write_sealed(number))

    def save_manifest(self) -> None:
        """Write trace.json now. Raises OSError."""
        write_manifest(self.path, self.manifest, self.disk)

    def close(self) -> None:
        """End the recording well: everything sealed, the manifest says so, the lock is free.

        Raises OSError; may then be called again, and nothing else may.
        """
        self.seal()
        self._journal.close()
        self.manifest.sessions[-1].ended_at = rfc3339_us(self.clock.now_us())
        self.save_manifest()
        for number in journal_numbers(self.path):
            self.adopt(number, None)
        self.release()

    def release(self) -> None:
        """Give up the lock; what is not committed is lost, as in a crash."""
        self._journal.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _session(by: str, clock: Clock) -> Session:
    return Session(started_at=rfc3339_us(clock.now_us()), by=f"volreel {__version__} {by}", host=socket.gethostname())


def _refuse_existing(path: Path) -> None:
    """Raise TraceExists, but for an empty folder and for what a crash leaves that came before the first manifest."""
    if not path.exists():
        return
    unfinished = {JOURNAL, LOCK, f"{MANIFEST}.tmp"}
    if not path.is_dir() or {each.name for each in path.iterdir()} - unfinished or any((path / JOURNAL).glob("*")):
        raise TraceExists(
            f"{path} exists already. Choose another name with -o, or go on recording into it with --resume."
        )


def _last_us(segments: Sequence[Segment]) -> int:
    """The last instant in the trace, µs since 1970."""
    instants = [datetime.fromisoformat(segment.last_at) for segment in segments]
    return int(max(instants).timestamp() * 1_000_000) if instants else 0


def _next_seq(segments: Sequence[Segment], damage: Sequence[Damage]) -> int:
    """A seq that was never given out, not to a row that is lost either."""
    lost = [each.last_seq for each in damage if each.last_seq is not None]
    return max([*(segment.last_seq for segment in segments), *lost], default=-1) + 1
