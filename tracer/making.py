"""A trace made from files: all of it, or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from tracer.errors import InputError, TraceExists, TraceLocked
from tracer.trace.lock import is_locked
from tracer.trace.writer import ROTATE_BYTES, TraceWriter

_FLUSH_BYTES = 8 << 20


@contextmanager
def new_trace(out: Path, by: str) -> Iterator[TraceWriter]:
    """A writer for the trace `out`, which appears under its name when the block ends well, and not at all otherwise.

    Raises TraceExists, TraceLocked (another import is making it), InputError (a value that no column takes), OSError.
    """
    with _folder_in_the_making(out) as folder:
        writer = TraceWriter.create(folder, by)
        try:
            yield writer
            _flush(writer)
            writer.close()
        finally:
            writer.release()
        if out.exists():
            raise _taken(out)
        folder.rename(out)
        writer.disk.sync_folder(out.parent)


def make_room(writer: TraceWriter) -> None:
    """Write out what has gathered, if it is much. Raises InputError for a value that no column takes, OSError."""
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
