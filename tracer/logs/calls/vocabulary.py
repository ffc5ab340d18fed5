"""The names of derived fields, one vocabulary for what all drivers and sidecars say about a CSI call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from tracer.trace.quoting import go_unquote

Pairs = list[tuple[str, str]]

METHOD, PHASE, CALL_ID = "rpc.method", "rpc.phase", "rpc.id"
CODE, ERROR, RESULT = "rpc.code", "rpc.error", "rpc.result"
CALL, REQUEST, RESPONSE, FAILED, WHOLE = "call", "request", "response", "error", "whole"
"""The values of rpc.phase."""

VOCABULARY = {
    METHOD: "The CSI method, without its service: `ControllerPublishVolume`.",
    PHASE: "What of the call the line tells: `call` (it begins), `request`, `response` (it ended, perhaps badly), "
    "`error` (it ended badly), `whole` (all of it, when it ended).",
    CALL_ID: "The call's id, where the driver has one: lines of one call share it.",
    "rpc.volume_id": "volume_id of the request, or of the volume or snapshot source in the response.",
    "rpc.name": "Name in the request: of CreateVolume `pvc-<uid of the claim>`, of CreateSnapshot `snapshot-<uid>`.",
    "rpc.node_id": "The driver's id of the node.",
    "rpc.snapshot_id": "snapshot_id of the request or of the snapshot in the response.",
    "rpc.source_volume_id": "The volume that is cloned or that a snapshot is taken of.",
    "rpc.source_snapshot_id": "The snapshot that a volume is made from.",
    "rpc.target_path": "Where a node is asked to publish or unpublish the volume, or volume_path of an expansion.",
    "rpc.staging_path": "Where a node is asked to stage or unstage the volume.",
    "rpc.bytes": "required_bytes of the request; capacity of the volume in the response.",
    "rpc.pod_uid": "The pod that a volume is published for, where the driver asks for pod information.",
    CODE: "gRPC code of the answer by its name: `OK`, `ResourceExhausted`.",
    ERROR: "The error's text: `desc` of a gRPC error, else all of it.",
    RESULT: "Names of what the response holds, with commas: what tells which method it answers. `{}` when empty.",
    "rpc.elapsed": "How long the call took, as the driver says it.",
    "va": "Name of the VolumeAttachment.",
    "driver": "Name of the CSI driver.",
    "volume_handle": "The driver's id of the volume, out of a UniqueName.",
    "pv": "Name of the PersistentVolume, or of the pod's volume where it has none.",
    "pod": "The pod, `namespace/name`, or its name where the line has no namespace.",
    "pod_uid": "UID of the pod.",
    "node": "Name of the node.",
    "verb": "What a kubelet or controller does: `MountVolume.SetUp`, `AttachVolume.Attach`, `UnmountDevice`.",
    "outcome": "started, entering, succeeded, failed, or what else the sentence says of it.",
    "error": "Why the verb failed.",
    "retry_after": "How long it will not be tried again: `500ms`.",
}
"""Field -> meaning; the table of docs/logs.md."""

_CODE = re.compile(r"rpc error: code = (\w{1,40}) desc = ")
_CODE_NUMBERS = (  # noqa: SIM905
    "OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted"
    " FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss Unauthenticated"
).split()
_METHOD = re.compile(r"/?csi\.v\w{1,9}\.[A-Za-z]{1,20}/([A-Za-z]{1,60})|/[\w.]{1,100}/([A-Za-z]{1,60})")


@lru_cache(maxsize=1024)
def method_of(text: str) -> str | None:
    """The method's own name in `/csi.v1.Controller/CreateVolume`; None where it is no such path."""
    match = _METHOD.fullmatch(text)
    return None if match is None else match[1] or match[2]


def error_pairs(text: str) -> Pairs:
    """Code and text of an error; a `rpc error` may stand anywhere in it."""
    if not text or text in ("<nil>", "null", "nil"):
        return [(CODE, "OK")]
    match = _CODE.search(text)
    return [(ERROR, text)] if match is None else [(CODE, match[1]), (ERROR, text[match.end() :])]


def code_name(number: int) -> str:
    """The name of a gRPC code; the number itself for one that gRPC does not have."""
    return _CODE_NUMBERS[number] if 0 <= number < len(_CODE_NUMBERS) else str(number)


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
