"""The lines of several NDJSON files as one sequence in the order of their times."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from heapq import merge
from operator import attrgetter
from pathlib import Path
from typing import IO

import msgspec

from tracer.errors import InputError
from tracer.ndjson.line import Line, parse_line

STDIN = "-"
_LONGEST = 64 << 20
"""Bytes of a line: far more than any object's or log line's; what is longer is no NDJSON."""
_GZIP = b"\x1f\x8b"


class Read(msgspec.Struct, gc=False):
    """A line that was read, and where."""

    at_ns: int
    """Never falls within a file: a line whose `t` lies before the one ahead of it gets that one's."""
    file: str
    number: int
    size: int
    """Bytes."""
    line: Line

    def wrong(self, why: object) -> InputError:
        """The error for this line."""
        return input_error(self.file, self.number, why)


def input_error(file: str, number: int, why: object) -> InputError:
    """One line of text that names the line and says what to do."""
    return InputError(f"{file}:{number}: {why}. Correct or remove that line; nothing was imported.")


class Files:
    """Open input files; `done` of `total` bytes have been read (compressed ones count as they lie on the disk)."""

    def __init__(self, names: Sequence[str]) -> None:
        """Raises InputError for a file that cannot be opened."""
        self._names = names
        self._stack = ExitStack()
        self._raw: list[IO[bytes]] = []
        try:
            self._raw = [self._open(name) for name in names]
        except BaseException:
            self._stack.close()
            raise
        self.total = None if STDIN in names else sum(Path(name).stat().st_size for name in names)
        """Bytes; None when one is standard input."""

    def __enter__(self) -> Files:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _open(self, name: str) -> IO[bytes]:
        if name == STDIN:
            return sys.stdin.buffer
        try:
            return self._stack.enter_context(Path(name).open("rb"))
        except OSError as error:
            raise InputError(
                f"{name} cannot be read ({error.strerror}). Name an NDJSON file, or - for stdin."
            ) from error

    @property
    def done(self) -> int:
        """Bytes read so far."""
        return sum(file.tell() for file in self._raw) if self.total is not None else 0

    def lines(self) -> Iterator[Read]:
        """All lines, merged by time; lines of one file keep their order, equal times the order of the files.

        Raises InputError for the first line that is not what it should be.
        """
        readers = [_read(name, raw) for name, raw in zip(self._names, self._raw, strict=True)]
        return readers[0] if len(readers) == 1 else merge(*readers, key=attrgetter("at_ns"))


def _read(name: str, raw: IO[bytes]) -> Iterator[Read]:
    latest = number = 0
    try:
        file = unpacked(raw)
        while text := file.readline(_LONGEST):
            number += 1
            if len(text) == _LONGEST:
                raise ValueError(f"the line is longer than {_LONGEST >> 20} MiB")
            if text.isspace():
                continue
            at, line = parse_line(text)
            latest = max(latest, at)
            yield Read(latest, name, number, len(text), line)
    except ValueError as error:
        raise input_error(name, number, error) from error
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{name} cannot be read beyond line {number} ({error}). Nothing was imported.") from error


def unpacked(raw: IO[bytes]) -> IO[bytes]:
    """What a file holds, whether it is compressed with gzip or not."""
    buffered = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw)  # type: ignore[type-var]
    if buffered.peek(2)[:2] != _GZIP:
        return buffered
    return io.BufferedReader(gzip.GzipFile(fileobj=buffered), 1 << 20)
