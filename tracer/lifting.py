"""From the bytes of objects to columns: facts lifted, secrets removed, the rest kept as it came.

A kind's row names paths; from them a decoder is compiled that reads only those and skips the rest (managedFields is most
of an object), so that a version costs a few microseconds. The parts that may hold secrets come out of it as the JSON
text that they are, go through their rule, and are put back in place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from tracer import redaction
from tracer.facts import Fact, instant
from tracer.kinds import Kind
from tracer.redaction import LAST_APPLIED, Rule

_COMMON: dict[str, str] = {
    "namespace": "metadata.namespace",
    "name": "metadata.name",
    "uid": "metadata.uid",
    "resource_version": "metadata.resourceVersion",
}
_GENERATION = "metadata.generation"
_TIMES = {"created_at": "metadata.creationTimestamp", "deletion_requested_at": "metadata.deletionTimestamp"}
_LIST_END = "metadata.annotations[k8s.io/initial-events-end]"
_STEP = re.compile(r"([^.\[\]]+)|\[([^\]]+)\]")
_EVENT_PREFIXES = {
    f'{{"type":"{name}","object":'.encode(): name for name in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR")
}
_LONGEST_PREFIX = max(map(len, _EVENT_PREFIXES))
_EMPTY = msgspec.Raw(b"")


def path_steps(path: str) -> tuple[str, ...]:
    """`metadata.annotations[a.b/c]` -> ("metadata", "annotations", "a.b/c")."""
    return tuple(plain or bracketed for plain, bracketed in _STEP.findall(path))


class _Node:
    """A step of the compiled decoder: a JSON object of which some keys are read."""

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.is_text = False
        """Handed out as JSON text: a rule guards it."""

    def add(self, path: str, *, is_text: bool = False) -> str:
        """Read this path; the attribute path under which its value is found."""
        node, names = self, []
        for step in path_steps(path):
            names.append(f"f{list(node.children).index(step)}" if step in node.children else f"f{len(node.children)}")
            node = node.children.setdefault(step, _Node())
        node.is_text |= is_text
        return ".".join(names)

    def compile(self) -> Any:
        """The msgspec type of this node."""
        fields: list[tuple[str, Any, Any]] = []
        for index, child in enumerate(self.children.values()):
            if child.is_text:
                fields.append((f"f{index}", msgspec.Raw, _EMPTY))
            elif child.children:
                kind = child.compile()
                fields.append((f"f{index}", kind | None, kind()))
            else:
                fields.append((f"f{index}", Any, None))
        names = {f"f{index}": step for index, step in enumerate(self.children)}
        return msgspec.defstruct("Part", fields, rename=names, frozen=True, gc=False)

    def prune(self, value: Any) -> Any:
        """Only what the decoder reads, and only where the shapes fit: for an object that is not what its kind says."""
        if not self.children:
            return value
        if not isinstance(value, dict):
            return None
        return {step: child.prune(value[step]) for step, child in self.children.items() if step in value}


class WatchEvent(msgspec.Struct, frozen=True, gc=False):
    """One line of a watch: its type, the parts of the object that are read, and the object's text."""

    type: str
    parts: Any
    object: bytes


@lru_cache(maxsize=4096)
def _decoded(text: bytes) -> Any:
    return msgspec.json.decode(text)


class Lifter:
    """Decodes and lifts the objects of one kind."""

    def __init__(self, kind: Kind, version: str) -> None:
        self.kind = kind
        self.api_version = kind.api_version(version)
        root = _Node()
        self._rules: dict[str, Rule] = {f"metadata.annotations[{LAST_APPLIED}]": redaction.remove, **kind.removed}
        attributes = {path: root.add(path, is_text=True) for path in self._rules}
        self._facts = {column: fact if isinstance(fact, Fact) else Fact((fact,)) for column, fact in kind.facts.items()}
        plain = [*_COMMON.values(), _GENERATION, *_TIMES.values(), _LIST_END]
        for path in [*plain, *(path for fact in self._facts.values() for path in fact.paths)]:
            attributes.setdefault(path, root.add(path))
        self._getters = {path: attrgetter(attribute) for path, attribute in attributes.items()}
        self._root = root
        parts = root.compile()
        self._object = msgspec.json.Decoder(parts)
        self._event: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
            msgspec.defstruct("Line", [("type", str), ("object", parts)], frozen=True)
        )
        self._head = f'{{"kind":"{kind.kind}","apiVersion":"{self.api_version}",'.encode()

    # -- decoding ---------------------------------------------------------------------------------------------------

    def watch_events(self, lines: Sequence[bytes]) -> list[WatchEvent]:
        """Decode the lines of a watch. Raises msgspec.DecodeError for a line that is no JSON object."""
        try:
            found = self._event.decode_lines(b"\n".join(lines))
        except msgspec.DecodeError:
            return [self._lenient_event(line) for line in lines]
        return [
            WatchEvent(event.type, event.object, _object_text(line)) for event, line in zip(found, lines, strict=True)
        ]

    def _lenient_event(self, line: bytes) -> WatchEvent:
        envelope = msgspec.json.decode(line, type=_Envelope)
        parts, text = self.object_parts(bytes(envelope.object))
        return WatchEvent(envelope.type, parts, text)

    def object_parts(self, text: bytes) -> tuple[Any, bytes]:
        """Decode one object's JSON text: what is read of it, and the text to keep.

        Raises msgspec.DecodeError for what is no JSON object.
        """
        try:
            return self._object.decode(text), text
        except msgspec.ValidationError:  # a shape that this kind does not have: facts there are null, the object stays
            whole = msgspec.json.decode(text, type=dict[str, Any])
            # Both texts come from one encoder, so that a guarded part is found in the whole again.
            return self._object.decode(msgspec.json.encode(self._root.prune(whole))), msgspec.json.encode(whole)

    def listed_text(self, text: bytes) -> bytes:
        """An item of a list as a watch would send it: lists leave kind and apiVersion out of their items."""
        return text if text.startswith(b'{"kind"') or b'"apiVersion"' in text[:80] else self._head + text[1:]

    # -- what is read -----------------------------------------------------------------------------------------------

    def values(self, path: str, parts: Sequence[Any]) -> list[Any]:
        """The value at one of the kind's paths in each object; null where absent."""
        getter = self._getters[path]
        try:
            found = list(map(getter, parts))
        except AttributeError:  # an explicit null on the way
            found = [_get(getter, each) for each in parts]
        if path in self._rules:
            return [_decoded(bytes(each)) if each else None for each in found]
        return found

    def is_list_end(self, parts: Any) -> bool:
        """Whether a bookmark ends a streaming list."""
        return _get(self._getters[_LIST_END], parts) is not None

    def columns(self, parts: Sequence[Any], texts: list[bytes]) -> dict[str, Sequence[Any]]:
        """The objects' columns, `object` included, with secrets removed from both."""
        clean = self._redact(parts, texts)
        known: dict[str, list[Any]] = {}

        def values(path: str) -> list[Any]:
            if path not in known:
                known[path] = (
                    [_decoded(text) if text else None for text in clean[path]]
                    if path in clean
                    else self.values(path, parts)
                )
            return known[path]

        columns: dict[str, Sequence[Any]] = {column: values(path) for column, path in _COMMON.items()}
        columns["revision"] = [as_revision(version) for version in columns["resource_version"]]
        columns["generation"] = [each if type(each) is int else None for each in values(_GENERATION)]
        columns |= {column: list(map(instant, values(path))) for column, path in _TIMES.items()}
        for column, fact in self._facts.items():
            taken = [values(path) for path in fact.paths]
            if fact.convert is None:
                columns[column] = taken[0]
            elif any(any(value is not None for value in each) for each in taken):
                columns[column] = list(map(fact.convert, *taken))
        columns["kind"] = [self.kind.kind] * len(parts)
        columns["api_version"] = [self.api_version] * len(parts)
        columns["object"] = texts
        return columns

    def _redact(self, parts: Sequence[Any], texts: list[bytes]) -> dict[str, list[bytes]]:
        """Take the secrets out of `texts`, in place; each guarded path's clean JSON text per object."""
        clean: dict[str, list[bytes]] = {}
        for path, rule in self._rules.items():
            getter = self._getters[path]
            try:
                found = list(map(getter, parts))
            except AttributeError:
                found = [_get(getter, each) or _EMPTY for each in parts]
            if not any(found):
                continue
            cleaned = []
            for index, raw in enumerate(found):
                before = bytes(raw)
                after = rule(before) if before else before
                if after is not before and after != before:
                    texts[index] = texts[index].replace(before, after)
                cleaned.append(after)
            clean[path] = cleaned
        return clean


class _Envelope(msgspec.Struct):
    type: str
    object: msgspec.Raw


def _object_text(line: bytes) -> bytes:
    """The object's part of a watch line: a slice where the line has the shape that API servers write."""
    end = line.find(b":", 9, _LONGEST_PREFIX) + 1
    if line[:end] in _EVENT_PREFIXES:
        return line[end:-1]
    return bytes(msgspec.json.decode(line, type=_Envelope).object)


def _get(getter: attrgetter[Any], parts: Any) -> Any:
    try:
        return getter(parts)
    except AttributeError:
        return None


def as_revision(version: Any) -> int | None:
    """A resourceVersion as a number, where it is one."""
    try:
        number = int(version)
    except (TypeError, ValueError):
        return None
    return number if 0 <= number < 2**63 else None
