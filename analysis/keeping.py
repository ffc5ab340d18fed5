"""Built models are kept from one opening of a trace to the next, in the user's cache folder: a DuckDB file each.

What is kept is never trusted further than it proves itself. Its folder is named by all that its rows follow from: the
sealed files (as the manifest and the file system tell them), the models' sources and DuckDB's version. A file gets its
name when it is whole; DuckDB verifies each block that it reads of it, so that what a power cut took is built anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import duckdb
import msgspec

from analysis.catalogue import quoted
from tracer.trace import Trace as RecordedTrace
from tracer.trace.segments import segment_path

ROOM = 8 << 30
"""Bytes that the models of all traces may take together; those of the trace that was opened longest ago go first."""
_ABANDONED_S = 24 * 3600
"""Age from which an unfinished file is known to be left by a process that was killed."""
_SOURCES = ("models", "calls", "rules")
"""What the models are made by."""
_VERIFIED = "verified"
_SUFFIX = ".duckdb"


class Kept:
    """The kept models of one trace, as its sealed files are now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def is_verified(self) -> bool:
        """Whether every sealed file was found to be what was sealed, and has not changed since."""
        return (self.folder / _VERIFIED).exists()

    def mark_verified(self) -> None:
        """Remember that; where nothing can be written it is found out again the next time."""
        with suppress(OSError):
            (self.folder / _VERIFIED).touch()

    def has(self, model: str) -> bool:
        """Whether the model is kept."""
        return self._file(model).exists()

    def attach(self, cursor: duckdb.DuckDBPyConnection, model: str) -> str:
        """Open a kept model; the name of its table. Raises duckdb.Error where its file is damaged or gone."""
        cursor.execute(f"attach {quoted(str(self._file(model)))} as kept_{model} (read_only)")
        return f"kept_{model}.main.{model}"

    def keep(self, cursor: duckdb.DuckDBPyConnection, model: str, source: str) -> None:
        """Write what a query answers as the model. Raises OSError or duckdb.Error, also for what the query lacks."""
        unfinished = self.folder / f"{model}.{uuid.uuid4().hex}.tmp"
        try:
            cursor.execute(f"attach {quoted(str(unfinished))} as new_{model}")
            try:
                cursor.execute(f"create table new_{model}.main.{model} as {source}")
            finally:
                cursor.execute(f"detach new_{model}")
            unfinished.rename(self._file(model))
        finally:
            for leftover in self.folder.glob(f"{unfinished.name}*"):
                leftover.unlink(missing_ok=True)
        make_room(self.folder.parent, self.folder)

    def drop(self, cursor: duckdb.DuckDBPyConnection, model: str) -> None:
        """Forget a kept model."""
        with suppress(OSError):
            self._file(model).unlink(missing_ok=True)
        cursor.execute(f"detach database if exists kept_{model}")

    def _file(self, model: str) -> Path:
        return self.folder / f"{model}{_SUFFIX}"


def open_kept(trace: RecordedTrace) -> Kept | None:
    """Where a trace's models are kept. None for one that still grows, and where there is no folder to write to."""
    if not trace.segments or any(journal.commits for journal in trace.journals):
        return None
    try:
        folder = cache_folder() / _identity(trace)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.utime(folder)
    except (OSError, RuntimeError):  # no home, or not ours
        return None
    return Kept(folder) if os.access(folder, os.W_OK) else None


def is_about_a_file(error: Exception) -> bool:
    """Whether a file is at fault, and not the query: DuckDB often says so with its bare base class."""
    is_bare = type(error) is duckdb.Error
    return is_bare or isinstance(error, OSError | duckdb.IOException) or "Failed to read file" in str(error)


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/volreel/models`; it can be removed at any time. Raises RuntimeError where there is no home."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "volreel" / "models"


def make_room(root: Path, current: Path, room: int = ROOM) -> None:
    """Remove the traces' folders opened longest ago until what is left fits, but not the current one."""
    with suppress(OSError):
        folders = sorted((each.stat().st_mtime, each) for each in root.iterdir() if each.is_dir())
        sizes = {folder: sum(file.stat().st_size for file in _settled(folder)) for _, folder in folders}
        total = sum(sizes.values())
        for _, folder in folders:
            if total > room and folder != current:
                shutil.rmtree(folder, ignore_errors=True)
                total -= sizes[folder]


def _settled(folder: Path) -> Iterator[Path]:
    """A folder's files, without what a killed process left behind: that is removed."""
    for file in folder.iterdir():
        if file.suffix != _SUFFIX and file.name != _VERIFIED and time.time() - file.stat().st_mtime > _ABANDONED_S:
            file.unlink(missing_ok=True)
        else:
            yield file


def _identity(trace: RecordedTrace) -> str:
    """All that the models' rows follow from, as one name. Raises OSError for a file that is gone."""
    digest = hashlib.sha256(duckdb.__version__.encode())
    for source in sorted(source for folder in _SOURCES for source in _texts(files("analysis") / folder, folder)):
        digest.update(repr(source).encode())
    digest.update((files("tracer") / "trace" / "schema.py").read_bytes())
    digest.update(msgspec.json.encode((trace.manifest, trace.segments)))
    digest.update(repr(trace.faults).encode())
    for segment in trace.segments:
        for table in segment.files:
            stat = segment_path(trace.path, table, segment.number).stat()
            # A change of the content changes ctime, whatever is done to the other times.
            digest.update(repr((table, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)).encode())
    return digest.hexdigest()


def _texts(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _texts(entry, f"{path}/{entry.name}")
        elif entry.name.endswith((".sql", ".py")):
            yield f"{path}/{entry.name}", entry.read_bytes()
