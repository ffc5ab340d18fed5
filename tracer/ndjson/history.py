"""A stream's history as its revisions tell it: where a capture joins two lives of a cluster, and what that ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Key = tuple[str | None, str]
"""Namespace and name."""

_WATCHED = frozenset({"ADDED", "MODIFIED", "DELETED"})
_GONE = frozenset({"DELETED", "VANISHED"})


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one object."""

    namespace: str | None
    name: str
    uid: str | None
    resource_version: str | None
    revision: int | None

    @property
    def key(self) -> Key:
        """What only one living object can have."""
        return self.namespace, self.name


@dataclass(frozen=True, slots=True)
class Rewind:
    """The stream went back; `vanished` belong to the old history alone."""

    revision_from: int
    revision_to: int
    vanished: tuple[Version, ...]


class History:
    """Follows one stream's revisions. A watch delivers them rising; a list has them in any order."""

    def __init__(self) -> None:
        self._high = 0
        self._alive: dict[Key, Version] = {}
        self._doubtful: set[Key] = set()
        """Objects of an old history that the new one has not spoken of."""

    def reached(self, revision: int | None) -> None:
        """A bookmark: everything up to here was delivered."""
        self._high = max(self._high, revision or 0)

    def was_rewound(self, revision: int | None) -> None:
        """The capture itself says that the history went back; None: to an unknown revision."""
        self._high = revision or 0

    def observe(self, kind: str, version: Version) -> Rewind | Version | None:
        """Take in a row of type `kind`: the rewind that it reveals, or the old object whose name it takes over."""
        found: Rewind | Version | None = None
        if kind in _WATCHED and version.revision is not None and version.revision < self._high:
            found = self._rewind(version.revision, version)
        elif version.key in self._doubtful:
            found = self._taken_over(version)
        self.reached(version.revision if kind != "VANISHED" else None)
        if kind in _GONE:
            known = self._alive.get(version.key)
            if known is not None and known.uid == version.uid:
                self._forget(version.key)
        else:
            self._alive[version.key] = version
        return found

    def _rewind(self, revision: int, first: Version) -> Rewind:
        vanished = tuple(self._impossible(revision, first))
        rewind = Rewind(self._high, revision, vanished)
        for each in vanished:
            self._forget(each.key)
        self._doubtful = set(self._alive)
        self._high = revision
        return rewind

    def _impossible(self, revision: int, first: Version) -> Iterator[Version]:
        for each in self._alive.values():
            is_later = each.revision is not None and each.revision > revision
            if is_later or (each.key == first.key and each.uid != first.uid):
                yield each

    def _taken_over(self, version: Version) -> Version | None:
        self._doubtful.discard(version.key)
        old = self._alive[version.key]
        if old.uid == version.uid:
            return None
        self._forget(version.key)
        return old

    def _forget(self, key: Key) -> None:
        self._alive.pop(key, None)
        self._doubtful.discard(key)
