"""The crash-safe tail of a trace, open for appending (see `commits` for what its files hold)."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from tracer.trace.commits import FOLDER, Chunk, Commit, commit_line, journal_numbers, journal_path, remove_journal
from tracer.trace.disk import AppendFile, Disk
from tracer.trace.journal_reader import Damage, JournalReader, read_journal
from tracer.trace.schema import SCHEMAS

__all__ = [
    "FOLDER",
    "Chunk",
    "Commit",
    "Damage",
    "Journal",
    "JournalReader",
    "journal_numbers",
    "journal_path",
    "read_journal",
    "remove_journal",
]

_LZ4 = pa.ipc.IpcWriteOptions(compression="lz4")


class _Stream:
    """One table's file: encodes batches, and remembers how much of the file is committed."""

    def __init__(self, path: Path, table: str, disk: Disk) -> None:
        self._schema = SCHEMAS[table]
        self.header_bytes = self._schema.serialize().size
        """The schema message that stands before the first batch, and nowhere else."""
        self.file: AppendFile = disk.open_append(path)
        self.size = 0

    def encode(self, batch: pa.RecordBatch) -> memoryview:
        """The bytes that the batch adds to the file."""
        # A stream of its own for each batch, into Arrow's memory: one long stream would call back into Python for each
        # buffer, and wait for the interpreter's lock each time.
        sink = pa.BufferOutputStream()
        pa.ipc.new_stream(sink, self._schema, options=_LZ4).write_batch(batch)
        data = memoryview(sink.getvalue())
        return data if self.size == 0 else data[self.header_bytes :]


class Journal:
    """The journal of one segment number, open for appending. Not safe for two threads at once."""

    def __init__(self, trace: Path, number: int, disk: Disk) -> None:
        """`number` is one that has no files yet. Raises OSError; may then be called again."""
        self.number = number
        self.bytes = 0
        """Committed bytes over all tables."""
        self.rows = 0
        self._trace = trace
        self._disk = disk
        self._streams: dict[str, _Stream] = {}
        self._commits_size = 0
        self._pending: dict[str, tuple[memoryview, int]] = {}
        self._pending_seqs = (0, 0)
        self._is_unclean = False
        self._is_closed = False
        self._commits: AppendFile = disk.open_append(journal_path(trace, number, "commits"))
        try:
            disk.sync_folder(trace / FOLDER)
        except BaseException:
            self._commits.close()
            raise

    def stage(self, batches: Mapping[str, pa.RecordBatch], first_seq: int, last_seq: int) -> None:
        """Encode the rows of one flush; `commit` makes them durable. first_seq..last_seq are its rows, no other's.

        Raises OSError when a file cannot be made: nothing is staged then, and `stage` may be called again.
        """
        if self._pending or self._is_closed:
            raise RuntimeError("the staged flush before this one is not committed, or the journal is closed")
        for table in batches:
            if table not in self._streams:
                path = journal_path(self._trace, self.number, f"{table}.arrows")
                self._streams[table] = _Stream(path, table, self._disk)
        self._pending = {
            table: (self._streams[table].encode(batch), batch.num_rows) for table, batch in batches.items()
        }
        self._pending_seqs = (first_seq, last_seq)

    @property
    def has_staged(self) -> bool:
        """Whether a staged flush is not committed."""
        return bool(self._pending)

    def commit(self) -> None:
        """Make the staged rows durable, all or none.

        Raises OSError when the disk refuses (full): nothing is changed then, and `commit` may be called again.
        """
        if not self._pending:
            return
        if self._is_unclean:
            self._roll_back()
        self._is_unclean = True
        try:
            line = commit_line(Commit(*self._pending_seqs, self._write_chunks()))
            self._commits.write(line)
            self._commits.sync()
        except OSError:
            with contextlib.suppress(OSError):  # else before the next try
                self._roll_back()
            raise
        self._is_unclean = False
        for table, (data, rows) in self._pending.items():
            self._streams[table].size += len(data)
            self.bytes += len(data)
            self.rows += rows
        self._commits_size += len(line)
        self._pending = {}

    def _write_chunks(self) -> dict[str, Chunk]:
        chunks: dict[str, Chunk] = {}
        for table, (data, rows) in self._pending.items():
            stream = self._streams[table]
            stream.file.write(data)
            stream.file.sync()
            header = stream.header_bytes if stream.size == 0 else 0
            crc = zlib.crc32(memoryview(data)[header:])
            chunks[table] = Chunk(stream.size + header, stream.size + len(data), rows, crc)
        if any(self._streams[table].size == 0 for table in chunks):
            self._disk.sync_folder(self._trace / FOLDER)
        return chunks

    def _roll_back(self) -> None:
        # The commit goes first, for certain: one that a crash brings back must not speak of bytes that are gone.
        self._commits.truncate(self._commits_size)
        self._commits.sync()
        for table in self._pending:
            self._streams[table].file.truncate(self._streams[table].size)
        self._is_unclean = False

    def close(self) -> None:
        """Close the files; what is committed stays."""
        if self._is_closed:
            return
        self._is_closed = True
        self._commits.close()
        for stream in self._streams.values():
            stream.file.close()
