"""Requests and responses of CSI calls as their programs print them: JSON, proto text, Go's %+v."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from tracer.logs.calls.vocabulary import RESULT, Pairs
from tracer.trace.quoting import go_unquote


class _Range(msgspec.Struct):
    required_bytes: Any = None


class _Source(msgspec.Struct):
    volume_id: str = ""
    snapshot_id: str = ""


class _ContentSource(msgspec.Struct):
    volume: _Source | None = None
    snapshot: _Source | None = None
    type: Any = msgspec.field(default=None, name="Type")
    """Go's JSON of the message keeps the oneof: {"Type":{"Snapshot":{"snapshot_id":"x"}}}."""


class _Request(msgspec.Struct):
    volume_id: str = ""
    name: str = ""
    node_id: str = ""
    snapshot_id: str = ""
    source_volume_id: str = ""
    target_path: str = ""
    volume_path: str = ""
    staging_target_path: str = ""
    capacity_range: _Range | None = None
    volume_content_source: _ContentSource | None = None
    volume_context: Any = None


_REQUEST = msgspec.json.Decoder(_Request)


def request_pairs(text: str) -> Pairs:
    """The fields of a request, from its JSON, proto text, or Go's %+v; none where it is none of them."""
    if text in ("{}", ""):
        return []
    if text[:1] != "{" or text[1:2] not in ('"', " "):
        return list(_text_pairs(text))
    try:
        found = _REQUEST.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return []
    return _request_pairs(found)


def _request_pairs(found: _Request) -> Pairs:
    pairs = []
    if found.volume_id:
        pairs.append(("rpc.volume_id", found.volume_id))
    if found.name:
        pairs.append(("rpc.name", found.name))
    if found.node_id:
        pairs.append(("rpc.node_id", found.node_id))
    if found.snapshot_id:
        pairs.append(("rpc.snapshot_id", found.snapshot_id))
    if found.source_volume_id:
        pairs.append(("rpc.source_volume_id", found.source_volume_id))
    if path := found.target_path or found.volume_path:
        pairs.append(("rpc.target_path", path))
    if found.staging_target_path:
        pairs.append(("rpc.staging_path", found.staging_target_path))
    if found.capacity_range is not None and found.capacity_range.required_bytes is not None:
        pairs.append(("rpc.bytes", str(found.capacity_range.required_bytes)))
    if found.volume_content_source is not None:
        pairs += _source_pairs(found.volume_content_source)
    context = found.volume_context
    if isinstance(context, dict) and isinstance(uid := context.get("csi.storage.k8s.io/pod.uid"), str):
        pairs.append(("rpc.pod_uid", uid))
    return pairs


def _source_pairs(source: _ContentSource) -> Iterator[tuple[str, str]]:
    inner = source.type if isinstance(source.type, dict) else {}
    for key, name, given in (
        ("volume_id", "rpc.source_volume_id", source.volume),
        ("snapshot_id", "rpc.source_snapshot_id", source.snapshot),
    ):
        value = getattr(given, key) if given is not None else (inner.get(key[:-3].capitalize()) or {}).get(key)
        if isinstance(value, str) and value:
            yield name, value


_TEXT_KEYS = {
    "volume_id": "rpc.volume_id",
    "name": "rpc.name",
    "node_id": "rpc.node_id",
    "snapshot_id": "rpc.snapshot_id",
    "source_volume_id": "rpc.source_volume_id",
    "target_path": "rpc.target_path",
    "volume_path": "rpc.target_path",
    "staging_target_path": "rpc.staging_path",
    "required_bytes": "rpc.bytes",
    "capacity_bytes": "rpc.bytes",
}
_CAMEL = {"".join(part.capitalize() for part in key.split("_")): name for key, name in _TEXT_KEYS.items()}
_TEXT_FIELD = re.compile(
    r"(?<![\w.])("
    + "|".join([*_TEXT_KEYS, *_CAMEL])
    + r'):\s{0,2}(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)"|([^\s{}"\[\]]{1,1024}))'
)


def _text_pairs(text: str) -> Iterator[tuple[str, str]]:
    seen = set()
    for match in _TEXT_FIELD.finditer(text):
        name = _TEXT_KEYS.get(match[1]) or _CAMEL[match[1]]
        value = match[3] if match[2] is None else go_unquote(match[2])
        if name not in seen and value:
            seen.add(name)
            yield name, value


class _Volume(msgspec.Struct):
    volume_id: str = ""
    capacity_bytes: Any = None


class _Snapshot(msgspec.Struct):
    snapshot_id: str = ""
    source_volume_id: str = ""


class _Response(msgspec.Struct):
    volume: _Volume | None = None
    snapshot: _Snapshot | None = None
    capacity_bytes: Any = None


_RESPONSE = msgspec.json.Decoder(_Response)
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def response_pairs(text: str) -> Pairs:
    """The fields of a response, from its JSON or proto text."""
    if text in ("{}", "", "null"):
        return [(RESULT, "{}")]
    if text[:1] != "{" or text[1:2] not in ('"', " "):
        return list(_text_pairs(text))
    try:
        pairs = [(RESULT, ",".join(_KEYS.decode(text)))]
        found = _RESPONSE.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return []
    size = found.capacity_bytes
    if found.volume is not None:
        size = found.volume.capacity_bytes
        pairs.append(("rpc.volume_id", found.volume.volume_id))
    if found.snapshot is not None:
        pairs.append(("rpc.snapshot_id", found.snapshot.snapshot_id))
        pairs.append(("rpc.source_volume_id", found.snapshot.source_volume_id))
    if size is not None:
        pairs.append(("rpc.bytes", str(size)))
    return [pair for pair in pairs if pair[1]]
