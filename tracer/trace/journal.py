"""The crash-safe tail of a trace: Arrow IPC streams, and the commits that say how far they are certain.

Per segment number `journal/` holds one Arrow IPC stream per table (`00000007.objects.arrows`) and a list of commits
(`00000007.commits`). A commit is one line, `CRC32 JSON`, written and synced after the data it speaks of; it names, for
each table that grew, the bytes [start, end), their rows and their CRC32. So one commit covers all three tables at once:
after a crash either all rows of a flush are there, or none. What stands behind the last whole commit is a torn tail.
"""

from __future__ import annotations

import mmap
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from tracer.trace.disk import AppendFile, Disk
from tracer.trace.schema import SCHEMAS

FOLDER = "journal"
_LZ4 = pa.ipc.IpcWriteOptions(compression="lz4")
_FILE = re.compile(r"(\d{8})\.(?:commits|(?:objects|logs|streams)\.arrows)")


class Chunk(msgspec.Struct, array_like=True):
    """What one commit added to one table's stream."""

    start: int
    end: int
    rows: int
    crc: int


class Commit(msgspec.Struct):
    """One durable flush over all tables."""

    first_seq: int
    last_seq: int
    chunks: dict[str, Chunk]


class _Collector:
    """The sink of an Arrow stream writer: hands out what was written since it was last asked."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        return len(part)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


class _Stream:
    """One table's file: encodes batches, and remembers how much of the file is committed."""

    def __init__(self, path: Path, table: str, disk: Disk) -> None:
        self._collector = _Collector()
        self._writer = pa.ipc.new_stream(pa.PythonFile(self._collector, "w"), SCHEMAS[table], options=_LZ4)
        self.header_bytes = SCHEMAS[table].serialize().size
        """The schema message that the writer puts before its first batch."""
        self.file: AppendFile = disk.open_append(path)
        self.size = 0

    def encode(self, batch: pa.RecordBatch) -> bytes:
        self._writer.write_batch(batch)
        return self._collector.take()


def journal_path(trace: Path, number: int, suffix: str) -> Path:
    """The journal file of a segment number: suffix is `commits` or `TABLE.arrows`."""
    return trace / FOLDER / f"{number:08d}.{suffix}"


def journal_numbers(trace: Path) -> list[int]:
    """The segment numbers that have journal files, rising."""
    names = [path.name for path in (trace / FOLDER).glob("*")]
    return sorted({int(match[1]) for name in names if (match := _FILE.fullmatch(name))})


class Journal:
    """The journal of one segment number, open for appending. Not safe for two threads at once."""

    def __init__(self, trace: Path, number: int, disk: Disk) -> None:
        self.number = number
        self.bytes = 0
        """Committed bytes over all tables."""
        self.rows = 0
        self._trace = trace
        self._disk = disk
        self._streams: dict[str, _Stream] = {}
        self._commits: AppendFile = disk.open_append(journal_path(trace, number, "commits"))
        self._commits_size = 0
        self._pending: dict[str, tuple[bytes, int]] = {}
        self._pending_seqs = (0, 0)
        disk.sync_folder(trace / FOLDER)

    def stage(self, batches: Mapping[str, pa.RecordBatch], first_seq: int, last_seq: int) -> None:
        """Encode the rows of one flush; `commit` makes them durable. first_seq..last_seq are its rows, no other's."""
        if self._pending:
            raise RuntimeError("the staged flush before this one is not committed")
        for table, batch in batches.items():
            if table not in self._streams:
                self._streams[table] = _Stream(
                    journal_path(self._trace, self.number, f"{table}.arrows"), table, self._disk
                )
            self._pending[table] = (self._streams[table].encode(batch), batch.num_rows)
        self._pending_seqs = (first_seq, last_seq)

    def commit(self) -> None:
        """Make the staged rows durable, all or none.

        Raises OSError when the disk refuses (full): nothing is changed then, and `commit` may be called again.
        """
        if not self._pending:
            return
        chunks: dict[str, Chunk] = {}
        try:
            for table, (data, rows) in self._pending.items():
                stream = self._streams[table]
                stream.file.write(data)
                stream.file.sync()
                header = stream.header_bytes if stream.size == 0 else 0
                chunks[table] = Chunk(
                    stream.size + header, stream.size + len(data), rows, zlib.crc32(memoryview(data)[header:])
                )
            line = _commit_line(Commit(*self._pending_seqs, chunks))
            if self._commits_size == 0:
                self._disk.sync_folder(self._trace / FOLDER)
            self._commits.write(line)
            self._commits.sync()
        except OSError:
            self._roll_back()
            raise
        for table, (data, rows) in self._pending.items():
            self._streams[table].size += len(data)
            self.bytes += len(data)
            self.rows += rows
        self._commits_size += len(line)
        self._pending = {}

    def _roll_back(self) -> None:
        for table in self._pending:
            self._streams[table].file.truncate(self._streams[table].size)
        self._commits.truncate(self._commits_size)

    def close(self) -> None:
        """Close the files; what is committed stays."""
        self._commits.close()
        for stream in self._streams.values():
            stream.file.close()


def remove_journal(trace: Path, number: int, disk: Disk) -> None:
    """Remove the journal files of a sealed number. The commits go last: without them the rest means nothing."""
    for table in SCHEMAS:
        disk.remove(journal_path(trace, number, f"{table}.arrows"))
    disk.remove(journal_path(trace, number, "commits"))
    disk.sync_folder(trace / FOLDER)


def _commit_line(commit: Commit) -> bytes:
    text = msgspec.json.encode(commit)
    return b"%08x %s\n" % (zlib.crc32(text), text)


@dataclass(frozen=True, slots=True)
class Damage:
    """Rows of a journal that cannot be read. A torn tail is no damage: those rows were never promised."""

    file: Path
    first_seq: int
    last_seq: int | None
    """None where the end is not known."""
    why: str


@dataclass
class JournalReader:
    """What is certain in the journal of one segment number, read without changing it."""

    number: int
    commits: list[Commit] = field(default_factory=list)
    damage: list[Damage] = field(default_factory=list)
    torn_bytes: int = 0
    """Bytes behind the last whole commit: the flush that a crash cut short."""
    _data: dict[str, mmap.mmap | bytes] = field(default_factory=dict)
    _schemas: dict[str, pa.Schema] = field(default_factory=dict)
    _bad: set[tuple[str, int]] = field(default_factory=set)

    def batches(self, table: str) -> Iterator[pa.RecordBatch]:
        """The table's committed batches in order, without the damaged ones."""
        for commit in self.commits:
            chunk = commit.chunks.get(table)
            if chunk is None or (table, chunk.start) in self._bad:
                continue
            message = pa.py_buffer(self._data[table][chunk.start : chunk.end])
            yield pa.ipc.read_record_batch(message, self._schemas[table])

    def table_rows(self, table: str) -> int:
        """How many of the table's rows can be read."""
        chunks = [commit.chunks[table] for commit in self.commits if table in commit.chunks]
        return sum(chunk.rows for chunk in chunks if (table, chunk.start) not in self._bad)


def read_journal(trace: Path, number: int) -> JournalReader:
    """Open the journal of a segment number and verify every checksum.

    Raises FileNotFoundError when it has been sealed away meanwhile.
    """
    reader = JournalReader(number)
    path = journal_path(trace, number, "commits")
    text = path.read_bytes()
    _read_commits(reader, path, text)
    for table in SCHEMAS:
        _verify_table(reader, table, journal_path(trace, number, f"{table}.arrows"))
    return reader


def _read_commits(reader: JournalReader, path: Path, text: bytes) -> None:
    lines = text.split(b"\n")
    reader.torn_bytes += len(lines.pop())
    broken = 0
    for line in lines:
        commit = _parse_commit(line)
        if commit is None:
            broken += 1
            continue
        if broken:
            first = reader.commits[-1].last_seq + 1 if reader.commits else commit.first_seq
            reader.damage.append(Damage(path, first, commit.first_seq - 1, f"{broken} commits are damaged"))
            broken = 0
        reader.commits.append(commit)
    if broken:  # nothing whole follows: a tail that the disk did not take, or damage of the very last flush
        first = reader.commits[-1].last_seq + 1 if reader.commits else 0
        reader.damage.append(Damage(path, first, None, f"the last {broken} commits are damaged"))


def _parse_commit(line: bytes) -> Commit | None:
    try:
        if int(line[:8], 16) != zlib.crc32(line[9:]):
            return None
        return msgspec.json.decode(line[9:], type=Commit)
    except (ValueError, msgspec.DecodeError):
        return None


def _verify_table(reader: JournalReader, table: str, path: Path) -> None:
    data: mmap.mmap | bytes
    try:
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (FileNotFoundError, ValueError):  # absent, or empty, which mmap refuses
        data = b""
    reader._data[table] = data
    end = 0
    for commit in reader.commits:
        if (chunk := commit.chunks.get(table)) is None:
            continue
        end = chunk.end
        if len(data) < chunk.end:
            why = f"the file ends at byte {len(data)}, bytes {chunk.start} to {chunk.end} are missing"
        elif zlib.crc32(memoryview(data)[chunk.start : chunk.end]) != chunk.crc:
            why = f"bytes {chunk.start} to {chunk.end} fail their checksum"
        else:
            continue
        reader._bad.add((table, chunk.start))
        reader.damage.append(Damage(path, commit.first_seq, commit.last_seq, why))
    reader.torn_bytes += max(0, len(data) - end)
    reader._schemas[table] = _stream_schema(data, table)


def _stream_schema(data: mmap.mmap | bytes, table: str) -> pa.Schema:
    """The schema that the stream states (a later volreel may have added columns), or ours where that is damaged."""
    try:
        return pa.ipc.read_schema(pa.BufferReader(memoryview(data)[: 1 << 20]))
    except (pa.ArrowException, OSError):
        return SCHEMAS[table]
