"""One served resource: its objects now, and the last changes, which watches follow and resume in."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from tracer.kinds import Kind
from tracer.playback.status import expired

WINDOW_CHANGES = 10_000
WINDOW_BYTES = 32 << 20
"""How much history a watch can resume in; whichever is reached first."""

Key = tuple[str, str]
"""Namespace (empty for what is cluster-scoped) and name."""


class Change(msgspec.Struct, frozen=True, gc=False):
    """One event of a watch."""

    revision: int
    """Never falls within one history: a watch that has seen this change resumes behind it."""
    type: str
    key: Key
    object: bytes
    before: bytes | None
    """The object until now, which tells whether a selector used to match."""


class Watch:
    """Somebody's place in a resource's changes."""

    def __init__(self, position: int, epoch: int) -> None:
        self.position = position
        self.epoch = epoch
        self.rest: list[Change] = []
        """What it had not taken yet when its history ended."""


class Resource:
    """The objects of one kind and version, whatever streams they came from."""

    def __init__(self, kind: Kind, version: str) -> None:
        self.kind = kind
        self.version = version
        self.state: dict[Key, bytes] = {}
        self.revision = 1
        """The collection's resourceVersion."""
        self.oldest = 1
        """The oldest revision that a watch can resume from."""
        self.epoch = 0
        """Counts the histories; a watch ends with the history that it follows."""
        self.watches: set[Watch] = set()
        self._changes: list[Change] = []
        self._first = 0
        """Position of the first change that is still kept."""
        self._bytes = 0
        self._moved = asyncio.Event()
        self._drained = asyncio.Event()

    @property
    def api_version(self) -> str:
        """apiVersion as its objects carry it."""
        return self.kind.api_version(self.version)

    @property
    def end(self) -> int:
        """The position behind the last change."""
        return self._first + len(self._changes)

    # -- what the world does ----------------------------------------------------------------------------------------

    def begin(self, state: dict[Key, bytes], revision: int) -> None:
        """Begin a history: every watch of the one before ends, and no revision from before is known any more."""
        self.state = state
        self.rewind(revision)

    def rewind(self, revision: int) -> None:
        """The history steps back to this revision; the objects stay. Each watch gets the old one's rest, and ends."""
        for watch in self.watches:
            if watch.epoch == self.epoch and watch.position >= self._first:
                watch.rest = self._changes[watch.position - self._first :]
        self.epoch += 1
        self._first = self.end
        self._changes = []
        self._bytes = 0
        self.revision = self.oldest = max(revision, 1)

    def change(self, kind: str, key: Key, text: bytes, revision: int) -> None:
        """An object is now this text, or is gone."""
        if kind == "DELETED":
            before = self.state.pop(key, None)
        else:
            before = self.state.get(key)
            self.state[key] = text
        self.revision = max(self.revision, revision)
        self._changes.append(Change(self.revision, kind, key, text, before))
        self._bytes += len(text)

    def forget_history(self) -> None:
        """Nobody can resume from before this instant: what happened in a gap has no revisions of its own."""
        self.oldest = self.revision

    def announce(self, *, patient: bool) -> None:
        """Wake the watches, and cut what the window does not hold: if patient, nothing that a watch still needs."""
        if self._bytes > 2 * WINDOW_BYTES or len(self._changes) > 2 * WINDOW_CHANGES:
            self._cut(patient=patient)
        self._moved.set()
        self._moved = asyncio.Event()

    def _cut(self, *, patient: bool) -> None:
        needed = min((watch.position for watch in self.watches), default=self.end) if patient else self.end
        count, size = 0, self._bytes
        while size > WINDOW_BYTES or len(self._changes) - count > WINDOW_CHANGES:
            if self._first + count >= needed:
                break
            size -= len(self._changes[count].object)
            count += 1
        if count:
            self.oldest = max(self.oldest, self._changes[count - 1].revision)
            del self._changes[:count]
            self._first += count
            self._bytes = size

    async def drained(self, lag: int) -> None:
        """Return when no watch is more than `lag` changes behind."""
        while any(self.end - watch.position > lag for watch in self.watches if watch.epoch == self.epoch):
            self._drained.clear()
            await self._drained.wait()

    # -- what a watch does ------------------------------------------------------------------------------------------

    def position(self, revision: int) -> int:
        """Where a watch resumes that has seen everything up to a revision. Raises Refusal (410) when it is too old."""
        if revision < self.oldest:
            raise expired(revision, self.oldest)
        return self._first + bisect_right(self._changes, revision, key=lambda change: change.revision)

    def watch(self, position: int) -> Watch:
        """Follow the changes from a position; `leave` must end it."""
        watch = Watch(position, self.epoch)
        self.watches.add(watch)
        return watch

    def leave(self, watch: Watch) -> None:
        """A watch has ended."""
        self.watches.discard(watch)
        self._drained.set()

    def take(self, watch: Watch, limit: int) -> list[Change] | None:
        """The next changes for a watch, none if it has seen all; None when its history is over or cut off."""
        if watch.epoch != self.epoch:
            taken, watch.rest = watch.rest[:limit], watch.rest[limit:]
            return taken or None
        if watch.position < self._first:
            return None
        start = watch.position - self._first
        changes = self._changes[start : start + limit]
        watch.position += len(changes)
        self._drained.set()
        return changes

    def moved(self) -> asyncio.Event:
        """Is set at the next change."""
        return self._moved

    # -- what a list does -------------------------------------------------------------------------------------------

    def items(self, namespace: str | None) -> Iterator[tuple[Key, bytes]]:
        """The objects in a server's order: by namespace and name, once anything has happened.

        Until then they come in the order in which they were recorded.
        """
        found = (item for item in self.state.items() if namespace is None or item[0][0] == namespace)
        return iter(sorted(found, key=_server_order)) if self.end else found


def _server_order(item: tuple[Key, bytes]) -> str:
    return "/".join(item[0])
