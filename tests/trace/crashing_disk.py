"""A disk that loses its power, dies with its process or is full at a chosen operation, and forgets what was not synced.

It works on real files, so that readers and pyarrow see what a real disk shows, and keeps a model beside them of what
would survive: per file the bytes of the last sync and the writes since, per folder each name's last synced value and
those since. A power loss keeps a random prefix of the writes (the last one cut anywhere) and, for each name by itself,
a random one of its values. That is harsher than a real file system, which keeps some order among names.
"""

from __future__ import annotations

import errno
import random
import shutil
from pathlib import Path

from tracer.trace.disk import Disk


class PowerLoss(BaseException):
    """The process is gone from here on; nothing may catch it."""


class _File:
    """An inode: what is certain of it, and what was done to it since."""

    def __init__(self) -> None:
        self.durable = b""
        self.since: list[bytes | int] = []
        """Appended bytes, or the size that it was cut to."""

    def content(self) -> bytes:
        return _apply(self.durable, self.since)

    def survivor(self, dice: random.Random) -> bytes:
        kept = self.since[: dice.randint(0, len(self.since))]
        if kept and isinstance(kept[-1], bytes):
            kept[-1] = kept[-1][: dice.randint(0, len(kept[-1]))]
        return _apply(self.durable, kept)


def _apply(content: bytes, changes: list[bytes | int]) -> bytes:
    for change in changes:
        content = content + change if isinstance(change, bytes) else content[:change]
    return content


_Folder = dict  # name -> its values since the folder was synced, the synced one first: a _File, a _Folder or None


class _Append:
    def __init__(self, disk: CrashingDisk, real, file: _File) -> None:
        self._disk, self._real, self._file = disk, real, file

    def write(self, data: bytes | memoryview) -> None:
        data = bytes(data)
        try:
            self._disk.step("write")
        except (OSError, PowerLoss) as error:
            if self._disk.stops_here:  # the operation at which it stops is half done
                data = data[: self._disk.dice.randint(0, len(data))]
                self._real.write(data)
                self._file.since.append(data)
            raise error
        self._real.write(data)
        self._file.since.append(data)

    def sync(self) -> None:
        self._disk.step("sync")
        self._file.durable, self._file.since = self._file.content(), []

    def truncate(self, size: int) -> None:
        self._disk.step("truncate")
        self._real.truncate(size)
        self._file.since.append(size)

    def close(self) -> None:
        self._real.close()


class CrashingDisk(Disk):
    """`root` is the folder that it simulates; it must be empty at first."""

    def __init__(self, root: Path, seed: int = 0) -> None:
        self.root = root
        self.dice = random.Random(seed)
        self.count = 0
        """Operations so far."""
        self.operations: list[str] = []
        self.crash_at: int | None = None
        self.full_at: range = range(0)
        self.stops_here = False
        self._is_dead = False
        self._tree: _Folder = _Folder()

    def step(self, what: str) -> None:
        self.stops_here = False
        if self._is_dead:
            raise PowerLoss
        self.count += 1
        self.operations.append(what)
        if self.count == self.crash_at:
            self._notice_all()
            self._is_dead = self.stops_here = True
            raise PowerLoss
        if self.count in self.full_at:
            self.stops_here = True
            raise OSError(errno.ENOSPC, "No space left on device")

    def restart(self, power_lost: bool) -> None:
        """What the next process finds: everything after a kill, what was certain and some more after a power loss."""
        if not self._is_dead:
            self._notice_all()
        self._is_dead, self.crash_at, self.full_at = False, None, range(0)
        shutil.rmtree(self.root)
        self.root.mkdir()
        if power_lost:
            self._tree = self._survivors(self._tree, {})
        self._write_back(self._tree, self.root)

    def _survivors(self, folder: _Folder, chosen: dict[int, _File]) -> _Folder:
        survivors = _Folder()
        for name, values in folder.items():
            value = self.dice.choice(values)
            if isinstance(value, _Folder):
                survivors[name] = [self._survivors(value, chosen)]
            elif value is not None:
                if id(value) not in chosen:
                    chosen[id(value)] = _File()
                    chosen[id(value)].durable = value.survivor(self.dice)
                survivors[name] = [chosen[id(value)]]
        return survivors

    def _write_back(self, folder: _Folder, path: Path) -> None:
        for name, values in folder.items():
            if isinstance(values[-1], _Folder):
                (path / name).mkdir()
                self._write_back(values[-1], path / name)
            elif values[-1] is not None:
                (path / name).write_bytes(values[-1].content())

    def _folder(self, path: Path) -> _Folder:
        folder = self._tree
        for name in path.relative_to(self.root).parts:
            folder = folder[name][-1]
        return folder

    def _current(self, path: Path):
        return self._folder(path.parent).get(path.name, [None])[-1]

    def _name(self, path: Path, value: object) -> None:
        self._folder(path.parent).setdefault(path.name, [None]).append(value)

    def _notice(self, path: Path) -> None:
        """Take note of what others did in a folder: pyarrow's files, a cleaned up one."""
        folder = self._folder(path)
        for each in path.iterdir():
            if each.is_file() and self._current(each) is None:
                file = _File()
                file.since.append(each.read_bytes())
                self._name(each, file)
        for name, values in folder.items():
            if values[-1] is not None and not (path / name).exists():
                values.append(None)

    def _notice_all(self) -> None:
        def walk(path: Path, folder: _Folder) -> None:
            self._notice(path)
            for name, values in folder.items():
                if isinstance(values[-1], _Folder):
                    walk(path / name, values[-1])

        walk(self.root, self._tree)

    def open_append(self, path: Path) -> _Append:
        self._notice(path.parent)
        self.step("open")
        if self._current(path) is None:
            self._name(path, _File())
        return _Append(self, super().open_append(path), self._current(path))

    def sync(self, path: Path) -> None:
        self._notice(path.parent)
        self.step("sync file")
        file = self._current(path)
        file.durable, file.since = file.content(), []

    def sync_folder(self, path: Path) -> None:
        self.step("sync folder")
        self._notice(path)
        for values in self._folder(path).values():
            del values[:-1]

    def make_folder(self, path: Path) -> None:
        self.step("make folder")
        if self._current(path) is None:
            self._name(path, _Folder())
        super().make_folder(path)

    def rename(self, source: Path, target: Path) -> None:
        self._notice(source.parent)
        self.step("rename")
        super().rename(source, target)
        self._name(target, self._current(source))
        self._name(source, None)

    def remove(self, path: Path) -> None:
        self._notice(path.parent)
        self.step("remove")
        super().remove(path)
        if self._current(path) is not None:
            self._name(path, None)
