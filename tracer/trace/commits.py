"""The files of a journal and the commits that say how far they are certain.

Per segment number `journal/` holds one Arrow IPC stream per table (`00000007.objects.arrows`) and a list of commits
(`00000007.commits`). A commit is one line, `CRC32 JSON`, written and synced after the data it speaks of; it names, for
each table that grew, the bytes [start, end), their rows and their CRC32. So one commit covers all three tables at once:
after a crash either all rows of a flush are there, or none. What stands behind the last whole commit is a torn tail.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import msgspec

from tracer.trace.disk import Disk
from tracer.trace.schema import SCHEMAS

FOLDER = "journal"
_FILE = re.compile(r"(\d{8,})\.(?:commits|(?:objects|logs|streams)\.arrows)")


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


def journal_path(trace: Path, number: int, suffix: str) -> Path:
    """The journal file of a segment number: suffix is `commits` or `TABLE.arrows`."""
    return trace / FOLDER / f"{number:08d}.{suffix}"


def journal_numbers(trace: Path) -> list[int]:
    """The segment numbers that have journal files, rising."""
    names = [path.name for path in (trace / FOLDER).glob("*")]
    return sorted({int(match[1]) for name in names if (match := _FILE.fullmatch(name))})


def remove_journal(trace: Path, number: int, disk: Disk) -> None:
    """Remove the journal files of a sealed number. The commits go last: without them the rest means nothing."""
    for table in SCHEMAS:
        disk.remove(journal_path(trace, number, f"{table}.arrows"))
    disk.remove(journal_path(trace, number, "commits"))
    disk.sync_folder(trace / FOLDER)


def commit_line(commit: Commit) -> bytes:
    """A commit as it stands in the file."""
    text = msgspec.json.encode(commit)
    return b"%08x %s\n" % (zlib.crc32(text), text)


def parse_commit(line: bytes) -> Commit | None:
    """The commit of a line without its newline; None where it fails its checksum."""
    try:
        if int(line[:8], 16) != zlib.crc32(line[9:]):
            return None
        return msgspec.json.decode(line[9:], type=Commit)
    except (ValueError, msgspec.DecodeError):
        return None
