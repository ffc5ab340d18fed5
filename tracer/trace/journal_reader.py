"""Reading a journal, crashed or still being written, without changing it."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from tracer.errors import TraceDamaged
from tracer.trace.commits import Chunk, Commit, journal_path, parse_commit
from tracer.trace.schema import SCHEMAS


@dataclass(frozen=True, slots=True)
class Damage:
    """Rows of a journal that cannot be read. A torn tail is no damage: those rows were never promised."""

    file: Path
    first_seq: int
    last_seq: int | None
    """None where the end is not known."""
    why: str


class _StreamFile:
    """One table's file, held open so that it stays readable when its journal is sealed away.

    Not mapped into memory: a writer that takes back a flush on a full disk cuts the file, which would kill the reader.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self.size = 0
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        self.size = os.fstat(self._descriptor).st_size

    def read(self, start: int, end: int) -> bytes:
        """The bytes [start, end), fewer where the file ends sooner."""
        parts = []
        while start < end and self._descriptor >= 0 and (part := os.pread(self._descriptor, end - start, start)):
            parts.append(part)
            start += len(part)
        return b"".join(parts)

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@dataclass
class JournalReader:
    """What is certain in the journal of one segment number."""

    number: int
    commits: list[Commit] = field(default_factory=list)
    damage: list[Damage] = field(default_factory=list)
    torn_bytes: int = 0
    """Bytes behind the last whole commit: the flush that a crash cut short."""
    _files: dict[str, _StreamFile] = field(default_factory=dict)
    _schemas: dict[str, pa.Schema] = field(default_factory=dict)
    _bad: set[tuple[str, int]] = field(default_factory=set)

    def batches(self, table: str) -> Iterator[pa.RecordBatch]:
        """The table's committed batches in order, without the damaged ones.

        Raises TraceDamaged when one goes bad after the journal was opened.
        """
        for commit in self.commits:
            chunk = commit.chunks.get(table)
            if chunk is None or (table, chunk.start) in self._bad:
                continue
            data = self._files[table].read(chunk.start, chunk.end)
            if len(data) < chunk.end - chunk.start:
                raise TraceDamaged(
                    f"The journal of segment {self.number} ({table}) became shorter while it was read; open it again."
                )
            yield pa.ipc.read_record_batch(pa.py_buffer(data), self._schemas[table])

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
    _read_commits(reader, path, path.read_bytes())
    for table in SCHEMAS:
        _verify_table(reader, table, journal_path(trace, number, f"{table}.arrows"))
    return reader


def _read_commits(reader: JournalReader, path: Path, text: bytes) -> None:
    lines = text.split(b"\n")
    reader.torn_bytes += len(lines.pop())
    broken = 0
    for line in lines:
        commit = parse_commit(line)
        if commit is None:
            broken += 1
            continue
        if broken:
            first = reader.commits[-1].last_seq + 1 if reader.commits else 0
            reader.damage.append(Damage(path, first, commit.first_seq - 1, f"{broken} commits are damaged"))
            broken = 0
        reader.commits.append(commit)
    if broken:  # nothing whole follows: a tail that the disk did not take, or damage of the very last flush
        first = reader.commits[-1].last_seq + 1 if reader.commits else 0
        reader.damage.append(Damage(path, first, None, f"the last {broken} commits are damaged"))


def _verify_table(reader: JournalReader, table: str, path: Path) -> None:
    file = _StreamFile(path)
    reader._files[table] = file
    end = 0
    for commit in reader.commits:
        if (chunk := commit.chunks.get(table)) is None:
            continue
        end = chunk.end
        why = _fault_of(file, chunk)
        if why is not None:
            reader._bad.add((table, chunk.start))
            reader.damage.append(Damage(path, commit.first_seq, commit.last_seq, why))
    reader.torn_bytes += max(0, file.size - end)
    if end:
        reader._schemas[table] = _stream_schema(file, table)


def _fault_of(file: _StreamFile, chunk: Chunk) -> str | None:
    if file.size < chunk.end:
        return f"the file ends at byte {file.size}, bytes {chunk.start} to {chunk.end} are missing"
    if zlib.crc32(file.read(chunk.start, chunk.end)) != chunk.crc:
        return f"bytes {chunk.start} to {chunk.end} fail their checksum"
    return None


def _stream_schema(file: _StreamFile, table: str) -> pa.Schema:
    """The schema that the stream states (a later volreel may have added columns), or ours where that is damaged."""
    try:
        return pa.ipc.read_schema(pa.py_buffer(file.read(0, 1 << 20)))
    except (pa.ArrowException, OSError):
        return SCHEMAS[table]
