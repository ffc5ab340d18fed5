"""What a stream knows to be alive: enough to say, after a gap, what changed and what is gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

Entry = tuple[str | None, str, int | str]
"""Namespace, name and resourceVersion of a live object."""


class Known:
    """The live objects of one stream, by uid. Costs about 250 bytes an object."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._namespaces: dict[str | None, str | None] = {}
        """One string a namespace, however many objects are in it."""

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, uid: str) -> bool:
        return uid in self._entries

    def put(self, uid: str, namespace: str | None, name: str, version: str | int) -> None:
        """The object exists in this version."""
        compact = int(version) if isinstance(version, str) and version.isdecimal() else version
        self._entries[uid] = (self._namespaces.setdefault(namespace, namespace), name, compact)

    def remove(self, uid: str) -> Entry | None:
        """The object is gone."""
        return self._entries.pop(uid, None)

    def is_same(self, uid: str, version: str) -> bool:
        """Whether the object is known in exactly this version."""
        entry = self._entries.get(uid)
        return entry is not None and str(entry[2]) == version

    def distrust(self) -> None:
        """Versions mean nothing any more (the history was rewound): every object counts as changed."""
        self._entries = {uid: (namespace, name, "") for uid, (namespace, name, _) in self._entries.items()}

    def missing_from(self, seen: set[str]) -> Iterator[tuple[str, Entry]]:
        """What is known and was not seen in a whole list."""
        return ((uid, entry) for uid, entry in list(self._entries.items()) if uid not in seen)

    def update(self, types: Sequence[str], columns: dict[str, Sequence[Any]]) -> None:
        """Take in the observations of a batch."""
        names = self._namespaces
        namespaces = [names.setdefault(each, each) for each in columns["namespace"]]
        revisions = columns["revision"]
        versions = revisions if None not in revisions else columns["resource_version"]
        self._entries.update(zip(columns["uid"], zip(namespaces, columns["name"], versions, strict=True), strict=True))
        if "DELETED" in types:  # a uid is never used again, so the order within the batch does not matter
            for kind, uid in zip(types, columns["uid"], strict=True):
                if kind == "DELETED":
                    self._entries.pop(uid, None)
