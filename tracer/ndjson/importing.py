"""NDJSON into a new trace: all of it, or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from tracer.errors import InputError, TraceExists, TraceLocked
from tracer.ndjson.files import Files, Read
from tracer.ndjson.window import Intake
from tracer.progress import Advance
from tracer.trace.lock import is_locked
from tracer.trace.writer import ROTATE_BYTES, TraceWriter

_WINDOW_ROWS = 4096
_WINDOW_BYTES = 4 << 20
_FLUSH_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has made."""

    lines: int
    streams: int
    """Streams of objects."""


def import_ndjson(names: Sequence[str], out: Path, progress: Advance = lambda done, total: None) -> Imported:
    """Make the trace `out` from NDJSON files (plain or gzip; `-` is standard input), merged by time.

    `progress` is told the bytes read and their total (None: unknown). Raises InputError for input that is not what it
    should be, TraceExists, TraceLocked (another import is making it), OSError. On an error nothing is left behind.
    """
    with _folder_in_the_making(out) as folder, Files(names) as files:
        writer = TraceWriter.create(folder, "import ndjson")
        try:
            intake = Intake(writer)
            lines = 0
            for window in _windows(files.lines()):
                intake.add(window)
                lines += len(window)
                _make_room(writer)
                progress(files.done, files.total)
            writer.manifest.resources = [stream.resource for _, stream in sorted(intake.streams.items())]
            _flush(writer)
            writer.close()
        finally:
            writer.release()
        if out.exists():
            raise _taken(out)
        folder.rename(out)
        writer.disk.sync_folder(out.parent)
    return Imported(lines, len(intake.streams))


def _make_room(writer: TraceWriter) -> None:
    if writer.pending_bytes >= _FLUSH_BYTES:
        _flush(writer)
    if writer.journal_bytes >= ROTATE_BYTES:
        writer.seal()


def _flush(writer: TraceWriter) -> None:
    try:
        writer.flush()
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"the input holds a value that no column of a trace takes ({str(error)[:200]}). Nothing was imported."
        ) from error


def _windows(reads: Iterator[Read]) -> Iterator[list[Read]]:
    window: list[Read] = []
    size = 0
    for read in reads:
        window.append(read)
        size += read.size
        if len(window) >= _WINDOW_ROWS or size >= _WINDOW_BYTES:
            yield window
            window, size = [], 0
    if window:
        yield window


@contextmanager
def _folder_in_the_making(out: Path) -> Iterator[Path]:
    """A name beside `out` to work under; gone afterwards, also when an earlier import was killed in it."""
    if out.exists():
        raise _taken(out)
    folder = out.with_name(f"{out.name}.importing")
    if is_locked(folder):
        raise TraceLocked(f"{out} is being imported already ({folder}). Wait for that import, or choose another name.")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _taken(out: Path) -> TraceExists:
    return TraceExists(f"{out} exists already. Choose another name with -o; an import never adds to a trace.")
