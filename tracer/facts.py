"""What a kind's facts are made of: paths into the object, and the few functions that turn JSON into a column's value.

A function here never raises on odd input: a fact that cannot be read is null, and the truth stays in `object`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any

import msgspec

Json = Any

WHOLE = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""An integer that fits a column."""


@dataclass(frozen=True, slots=True)
class Fact:
    """How one column is filled from an object."""

    paths: tuple[str, ...]
    """Where in the object: `spec.csi.driver`, `metadata.annotations[some.domain/key]`."""
    convert: Callable[..., Any] | None = None
    """Called with the value of each path (null where absent); None takes the one value as it is."""
    kind: Any = str | None
    """What the paths' values are decoded as; a value of another type counts as absent."""


def first(*paths: str) -> Fact:
    """The first of several paths that has a value: an annotation and its beta name."""
    return Fact(paths, _first)


def _first(*values: Json) -> Json:
    for value in values:
        if value is not None:
            return value
    return None


def quantity(path: str) -> Fact:
    """A Kubernetes quantity as a whole number of bytes."""
    return Fact((path,), parse_quantity, str | int | float | None)


def listed(path: str) -> Fact:
    """A list of strings."""
    return Fact((path,), kind=list[str] | None)


def number(path: str) -> Fact:
    """A whole number."""
    return Fact((path,), kind=WHOLE | None)


def flag(path: str) -> Fact:
    """true or false."""
    return Fact((path,), kind=bool | None)


def is_annotated(key: str, value: str | None = None) -> Fact:
    """Whether an object has an annotation, and with `value` whether it says that."""
    return Fact((f"metadata.annotations[{key}]",), lambda found: found is not None if value is None else found == value)


def text(value: Json) -> str | None:
    """A string; a number where a string belongs is shown as one; anything else is no fact."""
    if value is None or isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole(value: Json) -> int | None:
    """An integer that fits 64 bits."""
    return value if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63 else None


def texts(value: Json) -> list[str] | None:
    """A list of strings; null for anything else."""
    if not isinstance(value, list):
        return None
    return [each for each in value if isinstance(each, str)]


_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([eE][+-]?\d{1,3}|Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|)")
_SUFFIX = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15} | {
    "E": 10**18,
    **{f"{prefix}i": 1024**power for power, prefix in enumerate("KMGTPE", start=1)},
}


def _quantity(value: str) -> int | None:
    match = _QUANTITY.fullmatch(value.strip())
    if match is None:
        return None
    digits, suffix = match.groups()
    scale = float(f"1{suffix}") if suffix[:1] in "eE" and len(suffix) > 1 and suffix[1] != "i" else _SUFFIX[suffix]
    try:
        amount: float = int(digits) if digits.lstrip("+-").isdigit() else float(digits)
        # Like the API server's Quantity.Value(): rounded up to whole units.
        size = -int(-(amount * scale) // 1)
    except (ValueError, OverflowError):  # beyond any number: 1e999, or thousands of digits
        return None
    return size if -(2**63) <= size < 2**63 else None


@lru_cache(maxsize=4096, typed=True)
def parse_quantity(value: str | float | None) -> int | None:
    """Bytes of a quantity (`1Gi`, `1e9`, `500M`), rounded up; null for what is none.

    The grammar is `k8s.io/apimachinery/pkg/api/resource/quantity.go`.
    """
    if isinstance(value, str):
        return _quantity(value)
    return whole(value)


class Condition(msgspec.Struct, frozen=True, gc=False):
    """An item of `status.conditions`."""

    type: str | None = None
    status: str | None = None
    reason: str | None = None
    message: str | None = None
    changed: str | None = msgspec.field(name="lastTransitionTime", default=None)


def _conditions(value: list[Condition] | None) -> list[tuple[Any, ...]] | None:
    if value is None:
        return None
    return [(each.type, each.status, each.reason, each.message, instant(each.changed)) for each in value]


def conditions(path: str = "status.conditions") -> Fact:
    """Conditions as the column's structs."""
    return Fact((path,), _conditions, list[Condition] | None)


_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")


@lru_cache(maxsize=8192)
def instant(value: str | None) -> int | None:
    """µs since 1970 UTC of an RFC 3339 time; null for what is none."""
    if value is None or not _SECONDS.fullmatch(value):
        return None
    try:
        moment = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        return None
    seconds = int(moment.replace(microsecond=0).timestamp())
    return seconds * 1_000_000 + moment.microsecond


def when(path: str) -> Fact:
    """A time."""
    return Fact((path,), instant)


def nanoseconds(path: str) -> Fact:
    """A time in whole nanoseconds since 1970."""
    return Fact((path,), lambda value: None if value is None else value // 1000, WHOLE | None)


def event_first() -> Fact:
    """When an Event first happened: its eventTime (µs) where it has one, else firstTimestamp (seconds)."""
    return Fact(("firstTimestamp", "eventTime"), lambda first, exact: instant(exact) or instant(first))


def event_last() -> Fact:
    """When an Event last happened: its series' last, else lastTimestamp, else its only time."""
    return Fact(("series", "lastTimestamp", "eventTime"), _event_last, Any)


def _event_last(series: Json, last: Json, exact: Json) -> int | None:
    observed = series.get("lastObservedTime") if isinstance(series, dict) else None
    return next((found for each in (observed, last, exact) if (found := instant(text(each))) is not None), None)


def event_count() -> Fact:
    """How often an Event says it was seen; an events.k8s.io Event without a series was seen once."""
    return Fact(("count", "series"), _event_count, Any)


def _event_count(count: Json, series: Json) -> int | None:
    if isinstance(series, dict):
        return whole(series.get("count"))
    return whole(count) or 1


def taints(value: Json) -> list[str] | None:
    """A node's taints as `key=value:effect`."""
    if not isinstance(value, list):
        return None
    return [f"{each.get('key', '')}={each.get('value', '')}:{each.get('effect', '')}" for each in _dicts(value)]


def volume_names(value: Json) -> list[str] | None:
    """The names in a node's `status.volumesAttached`."""
    if not isinstance(value, list):
        return None
    return [each["name"] for each in _dicts(value) if isinstance(each.get("name"), str)]


def node_drivers(value: Json) -> list[tuple[Any, ...]] | None:
    """`spec.drivers` of a CSINode; null while no driver is registered and the list is null."""
    if not isinstance(value, list):
        return None
    return [
        (
            text(each.get("name")),
            text(each.get("nodeID")),
            whole(limits.get("count")) if isinstance(limits := each.get("allocatable"), dict) else None,
            texts(each.get("topologyKeys")),
        )
        for each in _dicts(value)
    ]


PodVolume = tuple[str | None, str, str | None, str | None]
"""Name, source (claim, ephemeral, csi), claim name, driver."""


def pod_volumes(pod: Json, volumes: Json) -> list[PodVolume] | None:
    """The volumes of a pod that storage is about: claims, generic ephemeral volumes and CSI inline volumes.

    A generic ephemeral volume's claim is named POD-VOLUME (`pkg/controller/volume/ephemeral`).
    """
    found: list[PodVolume] = []
    for each in _dicts(volumes):
        name = text(each.get("name"))
        if isinstance(ref := each.get("persistentVolumeClaim"), dict):
            found.append((name, "claim", text(ref.get("claimName")), None))
        elif isinstance(each.get("ephemeral"), dict):
            found.append((name, "ephemeral", f"{pod}-{name}", None))
        elif isinstance(ref := each.get("csi"), dict):
            found.append((name, "csi", None, text(ref.get("driver"))))
    return found or None


def pod_claims(pod: Json, volumes: Json) -> list[str] | None:
    """The claim names that a pod mounts."""
    claims = [claim for _, _, claim, _ in pod_volumes(pod, volumes) or [] if claim is not None]
    return claims or None


class ContainerDetail(msgspec.Struct, frozen=True, gc=False):
    """`running`, `waiting` or `terminated` of a container's state."""

    reason: str | None = None
    started: str | None = msgspec.field(name="startedAt", default=None)
    finished: str | None = msgspec.field(name="finishedAt", default=None)


class ContainerStatus(msgspec.Struct, frozen=True, gc=False):
    """An item of a pod's container statuses."""

    name: str | None = None
    image: str | None = None
    ready: bool | None = None
    restarts: WHOLE | None = msgspec.field(name="restartCount", default=None)
    state: dict[str, ContainerDetail | None] | None = None


_NO_DETAIL = ContainerDetail()


def containers() -> Fact:
    """The container statuses of a pod, init containers first."""
    paths = ("status.initContainerStatuses", "status.containerStatuses", "status.ephemeralContainerStatuses")
    return Fact(paths, _containers, list[ContainerStatus] | None)


def _containers(*statuses: list[ContainerStatus] | None) -> list[tuple[Any, ...]] | None:
    roles = zip(("init", "main", "ephemeral"), statuses, strict=True)
    return [_container(role, each) for role, some in roles for each in some or ()] or None


def _container(role: str, status: ContainerStatus) -> tuple[Any, ...]:
    state, detail = next(iter(status.state.items()), (None, None)) if status.state else (None, None)
    detail = detail or _NO_DETAIL
    times = instant(detail.started), instant(detail.finished)
    return (status.name, role, status.image, state, detail.reason, status.ready, status.restarts, *times)


class OwnerReference(msgspec.Struct, frozen=True, gc=False):
    """An item of `metadata.ownerReferences`."""

    kind: str | None = None
    name: str | None = None
    uid: str | None = None


def owner(field: str) -> Fact:
    """A field of the first owner reference."""
    get = attrgetter(field)

    def of_first(references: list[OwnerReference] | None) -> str | None:
        return get(references[0]) if references else None

    return Fact(("metadata.ownerReferences",), of_first, list[OwnerReference] | None)


def _dicts(value: Json) -> list[dict[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
