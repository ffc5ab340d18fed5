"""From the bytes of objects to columns: facts lifted, secrets removed, the rest kept as it came.

A kind's row names paths; from them a decoder is compiled that reads only those and skips the rest (managedFields is
most of an object), so that a version costs a few microseconds. The parts that may hold secrets come out of it as the
JSON text that they are, go through their rule, and are put back in place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from tracer import redaction
from tracer.facts import WHOLE, Fact, instant
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
_PREFIXES = {
    name: f'{{"type":"{name}","object":'.encode() for name in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR")
}
"""How an API server begins a watch line of each type; the object follows, and one closing brace."""
_EMPTY = msgspec.Raw(b"")


def path_steps(path: str) -> tuple[str, ...]:
    """`metadata.annotations[a.b/c]` -> ("metadata", "annotations", "a.b/c")."""
    return tuple(plain or bracketed for plain, bracketed in _STEP.findall(path))


class _Node:
    """A step of the compiled decoder: a JSON object of which some keys are read."""

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.kind: Any = None
        """What a leaf is decoded as; msgspec.Raw where a rule guards it."""
        self.path = ""
        self.empty: Any = None
        self.get: attrgetter[Any]

    def add(self, path: str, kind: Any) -> str:
        """Read this path as `kind`; the attribute path under which its value is found."""
        node, names = self, []
        for step in path_steps(path):
            names.append(f"f{list(node.children).index(step)}" if step in node.children else f"f{len(node.children)}")
            node = node.children.setdefault(step, _Node())
        if node.kind is None:
            node.kind = kind
        elif node.kind is not msgspec.Raw and node.kind != kind:
            node.kind = Any
        return ".".join(names)

    def compile(self, path: str = "") -> Any:
        """The msgspec type of this node; afterwards `read` works."""
        fields: list[tuple[str, Any, Any]] = []
        for index, (step, child) in enumerate(self.children.items()):
            child.path = f"{path}[{step}]" if "." in step else f"{path}.{step}".lstrip(".")
            if child.kind is msgspec.Raw:
                fields.append((f"f{index}", msgspec.Raw, _EMPTY))
            elif child.children:
                kind = child.compile(child.path)
                fields.append((f"f{index}", kind | None, child.empty))
            else:
                fields.append((f"f{index}", child.kind, None))
        names = {f"f{index}": step for index, step in enumerate(self.children)}
        kind = msgspec.defstruct("Part", fields, rename=names, frozen=True, gc=False)
        self.empty = kind()
        # With a single name attrgetter gives the value itself, not a tuple; the doubled name is dropped by the zip.
        self.get = attrgetter(*names) if len(names) > 1 else attrgetter(*names, *names)
        return kind

    def read(self, objects: Sequence[Any], into: dict[str, Sequence[Any]]) -> None:
        """Path -> its value in each object, for every leaf below; a path that no object has may be left out."""
        try:
            columns = zip(*map(self.get, objects), strict=True)
        except AttributeError:  # an explicit null
            columns = zip(*(self.get(self.empty if each is None else each) for each in objects), strict=True)
        for child, column in zip(self.children.values(), columns, strict=False):
            if not child.children:
                into[child.path] = column
            elif column.count(child.empty) < len(column):
                child.read(column, into)

    def prune(self, value: Any) -> Any:
        """Only what the decoder reads, and only where the shapes fit: for an object that is not what its kind says."""
        if not self.children:
            return value if self.kind is msgspec.Raw or _fits(value, self.kind) else None
        if not isinstance(value, dict):
            return None
        return {step: child.prune(value[step]) for step, child in self.children.items() if step in value}


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except (msgspec.ValidationError, TypeError):
        return False
    return True


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
        attributes = {path: root.add(path, msgspec.Raw) for path in self._rules}
        self._facts = {column: fact if isinstance(fact, Fact) else Fact((fact,)) for column, fact in kind.facts.items()}
        self._absent = {
            column: fact.convert and fact.convert(*[None] * len(fact.paths)) for column, fact in self._facts.items()
        }
        """What a fact is where the object has none of its paths: a row must not depend on those that came with it."""
        self._from_text = {
            column: _FromText(fact, self._rules)
            for column, fact in self._facts.items()
            if any(path in self._rules for path in fact.paths)
        }
        """Facts that are read from guarded text."""
        attributes |= {path: root.add(path, str | None) for path in (*_COMMON.values(), *_TIMES.values(), _LIST_END)}
        attributes[_GENERATION] = root.add(_GENERATION, WHOLE | None)
        for fact in self._facts.values():
            attributes |= {path: root.add(path, fact.kind) for path in fact.paths}
        attributes |= {path: root.add(path, shape) for path, shape in kind.judged.items()}
        self._getters = {path: attrgetter(attribute) for path, attribute in attributes.items()}
        self._root = root
        parts = root.compile()
        self._object = msgspec.json.Decoder(parts)
        self._event: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
            msgspec.defstruct("Line", [("type", str), ("object", parts)], frozen=True)
        )
        self._head = f'{{"kind":"{kind.kind}","apiVersion":"{self.api_version}",'.encode()

    # -- decoding ---------------------------------------------------------------------------------------------------

    def watch_events(self, lines: Sequence[bytes]) -> tuple[list[str], list[Any], list[bytes]]:
        """Decode the lines of a watch: of each its type, the parts of the object that are read, and the object's text.

        Raises msgspec.DecodeError for a line that is no JSON object.
        """
        try:
            found = self._event.decode_lines(b"\n".join(lines))
        except msgspec.DecodeError:
            return self._lenient_events(lines)
        types = [event.type for event in found]
        texts = [
            line[len(prefix) : -1]
            if (prefix := _PREFIXES.get(kind)) is not None and line.startswith(prefix)
            else bytes(msgspec.json.decode(line, type=_Envelope).object)
            for line, kind in zip(lines, types, strict=True)
        ]
        return types, [event.object for event in found], texts

    def _lenient_events(self, lines: Sequence[bytes]) -> tuple[list[str], list[Any], list[bytes]]:
        envelopes = [msgspec.json.decode(line, type=_Envelope) for line in lines]
        pairs = [self.object_parts(bytes(each.object)) for each in envelopes]
        return [each.type for each in envelopes], [parts for parts, _ in pairs], [text for _, text in pairs]

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
        absent = (None,) * len(parts)
        found: dict[str, Sequence[Any]] = {}
        self._root.read(parts, found)
        self._redact(found, texts)
        columns = {column: found.get(path, absent) for column, path in _COMMON.items()}
        columns["revision"] = _revisions(columns["resource_version"])
        columns["generation"] = found.get(_GENERATION, absent)
        columns |= {column: list(map(instant, found[path])) for column, path in _TIMES.items() if path in found}
        for column, fact in self._facts.items():
            taken = [found.get(path, absent) for path in fact.paths]
            convert = self._from_text.get(column) or fact.convert
            if all(values.count(None) == len(parts) for values in taken):
                if self._absent[column] is not None:
                    columns[column] = [self._absent[column]] * len(parts)
            elif convert is None:
                columns[column] = taken[0]
            else:
                columns[column] = list(map(convert, *taken))
        columns["kind"] = [self.kind.kind] * len(parts)
        columns["api_version"] = [self.api_version] * len(parts)
        columns["object"] = texts
        return columns

    def _redact(self, found: dict[str, Sequence[Any]], texts: list[bytes]) -> None:
        """Take the secrets out of `texts`, and turn each guarded value in `found` into its clean JSON text."""
        for path, rule in self._rules.items():
            values = found.pop(path, ())
            if not any(values):
                continue
            key = b'"%s":' % path_steps(path)[-1].encode()
            cleaned: list[bytes | None] = []
            for index, raw in enumerate(values):
                if not raw:
                    cleaned.append(None)
                    continue
                before = bytes(raw)
                after = rule(before)
                if after is not before and after != before:
                    texts[index] = _put_back(texts[index], key, before, after)
                cleaned.append(after)
            found[path] = cleaned


class _FromText:
    """A fact of which some paths are guarded: gets those as JSON text, and remembers what it made of them."""

    def __init__(self, fact: Fact, guarded: Mapping[str, Rule]) -> None:
        self._convert = fact.convert
        self._is_text = [path in guarded for path in fact.paths]
        self._decoder = msgspec.json.Decoder(fact.kind)
        self._cached = lru_cache(maxsize=4096)(self._make)

    def __call__(self, *values: Any) -> Any:
        return self._cached(*values)

    def _make(self, *values: Any) -> Any:
        found = [
            self._decode(value) if is_text else value for value, is_text in zip(values, self._is_text, strict=True)
        ]
        return self._convert(*found) if self._convert else found[0]

    def _decode(self, text: bytes | None) -> Any:
        try:
            return self._decoder.decode(text) if text else None
        except msgspec.DecodeError:  # not of the fact's type
            return None


class _Envelope(msgspec.Struct):
    type: str
    object: msgspec.Raw


def _put_back(text: bytes, key: bytes, before: bytes, after: bytes) -> bytes:
    """The text with the value `before` of a key replaced; wherever it stands if it does not follow its key."""
    start = text.find(key)
    while start >= 0:
        start += len(key)
        if text.startswith(before, start):
            return text[:start] + after + text[start + len(before) :]
        start = text.find(key, start)
    return text.replace(before, after)


def _revisions(versions: Sequence[str | None]) -> list[int | None]:
    try:
        revisions: list[int | None] = list(map(int, versions))  # type: ignore[arg-type]  # None is the rare case below
    except (TypeError, ValueError):
        return list(map(as_revision, versions))
    is_odd = any(each is None or not 0 <= each < 2**63 for each in revisions)
    return list(map(as_revision, versions)) if is_odd else revisions


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
