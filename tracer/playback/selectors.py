"""Label and field selectors: parsed as an API server parses them, matched against an object's JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tracer.kinds import Kind
from tracer.labels import label_requirements
from tracer.playback.resource import Key
from tracer.playback.status import bad_request

Matches = Callable[[Key, bytes], bool]

_FIELD = re.compile(r"((?:[^\\,=!]|\\.)+?)(==|=|!=)((?:[^\\,=]|\\.)*)(?:,|$)", re.S)
_ESCAPED = re.compile(r"\\(.)", re.S)

_POD_FIELDS = (
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.podIPs",
    "status.nominatedNodeName",
)
_INVOLVED = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "Pod": _POD_FIELDS,
    "Node": ("spec.unschedulable",),
    "Namespace": ("status.phase",),
    "Event": (*(f"involvedObject.{each}" for each in _INVOLVED), "reason", "reportingComponent", "source", "type"),
}
"""Kind -> the field labels that a server supports beside metadata.name and metadata.namespace."""
_FLAGS = {"spec.hostNetwork", "spec.unschedulable"}


class _Labels(msgspec.Struct):
    labels: dict[str, str] | None = None


class _Labelled(msgspec.Struct):
    metadata: _Labels = msgspec.field(default_factory=_Labels)


_labelled = msgspec.json.Decoder(_Labelled)


def selector(kind: Kind, labels: str, fields: str) -> Matches | None:
    """What both selectors together match; None when they match everything. Raises Refusal (400)."""
    tests = [*_label_tests(labels), *_field_tests(kind, fields)]
    if not tests:
        return None
    return lambda key, text: all(test(key, text) for test in tests)


# -- labels -----------------------------------------------------------------------------------------------------------


def _label_tests(text: str) -> list[Matches]:
    try:
        requirements = label_requirements(text)
    except ValueError as error:
        raise bad_request(str(error)) from None
    if not requirements:
        return []
    return [lambda _key, body: all(test(_labels(body)) for test in requirements)]


def _labels(body: bytes) -> dict[str, str]:
    try:
        return _labelled.decode(body).metadata.labels or {}
    except msgspec.DecodeError:
        return {}


# -- fields -----------------------------------------------------------------------------------------------------------


def _field_tests(kind: Kind, text: str) -> list[Matches]:
    tests = []
    position = 0
    text = text.strip()
    while position < len(text):
        found = _FIELD.match(text, position)
        if found is None:
            raise bad_request(f"invalid field selector: {text!r}; can't understand {text[position:]!r}")
        field, operator, value = found[1].strip(), found[2], _ESCAPED.sub(r"\1", found[3])
        tests.append(_field_test(kind, field, operator != "!=", value))
        position = found.end()
    return tests


def _field_test(kind: Kind, field: str, wanted: bool, value: str) -> Matches:
    if field == "metadata.name":
        return lambda key, _body: (key[1] == value) is wanted
    if field == "metadata.namespace" and kind.namespaced:
        return lambda key, _body: (key[0] == value) is wanted
    if field not in FIELDS.get(kind.kind, ()):
        raise bad_request(f"field label not supported: {field}")
    return lambda _key, body: (_field_value(body, field) == value) is wanted


def _field_value(body: bytes, field: str) -> str:
    try:
        value: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return ""
    steps = ("source", "component") if field == "source" else field.split(".")
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    if field == "source" and not value:
        return _field_value(body, "reportingComponent")
    if field in _FLAGS:
        return "true" if value is True else "false"
    if isinstance(value, list):
        return ",".join(str(each.get("ip", "")) for each in value if isinstance(each, dict))
    return value if isinstance(value, str) else ""
