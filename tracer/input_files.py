"""What an import reads: files that are opened together, their lines, and the words for a line that is wrong."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from heapq import merge
from operator import attrgetter
from pathlib import Path
from typing import IO, Protocol, TypeVar

from tracer.errors import InputError

STDIN = "-"
_GZIP = b"\x1f\x8b"


class InputFile:
    """One file, plain or gzip, and the place in it."""

    def __init__(self, name: str, raw: IO[bytes]) -> None:
        self.name = name
        self.raw = raw
        self.number = 0
        """Of the line that was read last, from 1."""

    def lines(self, longest: int) -> Iterator[bytes]:
        """Its lines with their ends, each of fewer than `longest` bytes; to be read inside of `blaming`."""
        file = self._unpacked()
        while line := file.readline(longest):
            self.number += 1
            if len(line) == longest:
                raise ValueError(f"the line is longer than {longest >> 20} MiB")
            yield line

    def _unpacked(self) -> IO[bytes]:
        raw = self.raw
        buffered = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw)  # type: ignore[type-var]
        if buffered.peek(2)[:2] != _GZIP:
            return buffered
        return io.BufferedReader(gzip.GzipFile(fileobj=buffered), 1 << 20)

    @contextmanager
    def blaming(self) -> Iterator[None]:
        """Make an InputError of what goes wrong inside: it names the line, which a ValueError finds fault with."""
        try:
            yield
        except ValueError as error:
            raise input_error(self.name, self.number, error) from error
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                f"{self.name} cannot be read beyond line {self.number} ({error}). Nothing was imported."
            ) from error


def input_error(file: str, number: int, why: object) -> InputError:
    """One line of text that names the line of the file and says what to do."""
    return InputError(f"{file}:{number}: {why}. Correct or remove that line; nothing was imported.")


class InputFiles:
    """Open files; `done` of `total` bytes have been read (compressed ones count as they lie on the disk)."""

    def __init__(self, names: Sequence[str], sort: str) -> None:
        """`sort` is what a user should name: `a log file`. Raises InputError for a file that cannot be opened."""
        self._stack = ExitStack()
        if len(set(names)) < len(names):
            raise InputError("A file is named twice. Name each once; nothing was imported.")
        try:
            self.files = [InputFile(name, self._open(name, sort)) for name in names]
            self.total = None if STDIN in names else sum(Path(name).stat().st_size for name in names)
            """Bytes; None when one is standard input."""
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> InputFiles:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _open(self, name: str, sort: str) -> IO[bytes]:
        if name == STDIN:
            return sys.stdin.buffer
        try:
            return self._stack.enter_context(Path(name).open("rb"))
        except OSError as error:
            raise InputError(f"{name} cannot be read ({error.strerror}). Name {sort}, or - for stdin.") from error

    @property
    def done(self) -> int:
        """Bytes read so far."""
        return sum(file.raw.tell() for file in self.files) if self.total is not None else 0


class Timed(Protocol):
    """What was read from a line of an input file."""

    @property
    def at_ns(self) -> int:
        """Its time, ns since 1970; never falls within a file."""

    @property
    def size(self) -> int:
        """Bytes."""


Read = TypeVar("Read", bound=Timed)
_WINDOW_ROWS = 4096
_WINDOW_BYTES = 4 << 20


def windows(files: Sequence[Iterator[Read]]) -> Iterator[list[Read]]:
    """The files merged by time, in pieces to work on at once.

    What is from one file keeps its order; equal times have the order of the files.
    """
    window: list[Read] = []
    size = 0
    for read in files[0] if len(files) == 1 else merge(*files, key=attrgetter("at_ns")):
        window.append(read)
        size += read.size
        if len(window) >= _WINDOW_ROWS or size >= _WINDOW_BYTES:
            yield window
            window, size = [], 0
    if window:
        yield window
