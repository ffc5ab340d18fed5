"""Versions of an object that say nothing new: a node's heartbeat, left out of a trace and put back."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from tracer.lifting import path_steps

_PARTS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Heartbeats:
    """Remembers, per object, a digest of everything but the heartbeat."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        self._paths = [path_steps(path) for path in paths]
        self._digests: dict[str, bytes] = {}

    def is_only_heartbeat(self, uid: str, text: bytes) -> bool:
        """Whether this version differs from the object's last one in nothing but heartbeats and bookkeeping.

        Always False for the first version that is seen of an object.
        """
        value = msgspec.json.decode(text)
        metadata = value.get("metadata")
        if isinstance(metadata, dict):
            metadata.pop("resourceVersion", None)
            metadata.pop("managedFields", None)
        for steps in self._paths:
            _remove(value, steps)
        digest = hashlib.blake2b(msgspec.json.encode(value, order="deterministic"), digest_size=16).digest()
        known = self._digests.get(uid)
        self._digests[uid] = digest
        return known == digest

    def forget(self, uid: str) -> None:
        """The object is gone."""
        self._digests.pop(uid, None)


def with_resource_version(text: bytes, version: str) -> bytes:
    """An object's JSON text as a later version that changed in nothing but its metadata.resourceVersion.

    Every other value keeps its bytes: the object that a heartbeat row stands for is its last full version, put so.
    Raises msgspec.DecodeError for what is no JSON object with metadata.
    """
    whole = _PARTS.decode(text)
    metadata = _PARTS.decode(whole.get("metadata", b""))
    metadata["resourceVersion"] = msgspec.Raw(msgspec.json.encode(version))
    whole["metadata"] = msgspec.Raw(msgspec.json.encode(metadata))
    return msgspec.json.encode(whole)


def _remove(value: Any, steps: tuple[str, ...]) -> None:
    """Remove what a path names; `*` stands for each item of a list."""
    if not steps:
        return
    step, rest = steps[0], steps[1:]
    if step == "*":
        for each in value if isinstance(value, list) else []:
            _remove(each, rest)
    elif isinstance(value, dict):
        if rest:
            _remove(value.get(step), rest)
        else:
            value.pop(step, None)
