"""The few disk operations that a trace's promises rest on, in one place so that tests can crash between them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol


class AppendFile(Protocol):
    """A file that only grows, or is cut back to what is certain."""

    def write(self, data: bytes | memoryview) -> None:
        """Append all of `data`. Raises OSError (ENOSPC when the disk is full)."""

    def sync(self) -> None:
        """Return when everything written is on the disk."""

    def truncate(self, size: int) -> None:
        """Cut the file back to `size` bytes."""

    def close(self) -> None:
        """Release the file."""


class _OsAppendFile:
    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

    def write(self, data: bytes | memoryview) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._fd, rest) :]

    def sync(self) -> None:
        os.fsync(self._fd)

    def truncate(self, size: int) -> None:
        os.ftruncate(self._fd, size)

    def close(self) -> None:
        os.close(self._fd)


class Disk:
    """The real disk."""

    def open_append(self, path: Path) -> AppendFile:
        """Open or make a file for appending."""
        return _OsAppendFile(path)

    def sync(self, path: Path) -> None:
        """Make the content of a file durable."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def sync_folder(self, path: Path) -> None:
        """Make the names in a folder durable."""
        self.sync(path)

    def make_folder(self, path: Path) -> None:
        """Make a folder, durably; one that is there already is fine."""
        path.mkdir(exist_ok=True)
        self.sync_folder(path.parent)

    def rename(self, source: Path, target: Path) -> None:
        """Give a file its final name, replacing what had it."""
        source.replace(target)

    def remove(self, path: Path) -> None:
        """Remove a file; one that is not there is fine."""
        path.unlink(missing_ok=True)

    def replace(self, path: Path, data: bytes) -> None:
        """Put `data` under a name so that a reader sees the old content or the new one, never a mixture."""
        temporary = path.with_name(path.name + ".tmp")
        self.remove(temporary)
        file = self.open_append(temporary)
        try:
            file.write(data)
            file.sync()
        finally:
            file.close()
        self.rename(temporary, path)
        self.sync_folder(path.parent)
