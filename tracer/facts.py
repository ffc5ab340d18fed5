"""What a kind's facts are made of: paths into the object, and the few functions that turn JSON into a column's value.

A function here never raises on odd input: a fact that cannot be read is null, and the truth stays in `object`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

Json = Any


@dataclass(frozen=True, slots=True)
class Fact:
    """How one column is filled from an object."""

    paths: tuple[str, ...]
    """Where in the object: `spec.csi.driver`, `metadata.annotations[some.domain/key]`."""
    convert: Callable[..., Any] | None = None
    """Called with the value of each path (null where absent); None takes the one value as it is."""


def first(*paths: str) -> Fact:
    """The first of several paths that has a value: an annotation and its beta name."""
    return Fact(paths, lambda *values: next((text(value) for value in values if value is not None), None))


def quantity(path: str) -> Fact:
    """A Kubernetes quantity as a whole number of bytes."""
    return Fact((path,), parse_quantity)


def listed(path: str) -> Fact:
    """A list of strings."""
    return Fact((path,), texts)


def number(path: str) -> Fact:
    """A whole number."""
    return Fact((path,), whole)


def flag(path: str) -> Fact:
    """true or false."""
    return Fact((path,), lambda value: value if isinstance(value, bool) else None)


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


@lru_cache(maxsize=4096)
def _quantity(value: str) -> int | None:
    match = _QUANTITY.fullmatch(value.strip())
    if match is None:
        return None
    digits, suffix = match.groups()
    scale = float(f"1{suffix}") if suffix[:1] in "eE" and len(suffix) > 1 and suffix[1] != "i" else _SUFFIX[suffix]
    amount: float = int(digits) if digits.lstrip("+-").isdigit() else float(digits)
    # Like the API server's Quantity.Value(): rounded up to whole units.
    size = -int(-(amount * scale) // 1)
    return size if -(2**63) <= size < 2**63 else None


def parse_quantity(value: Json) -> int | None:
    """Bytes of a quantity (`1Gi`, `1e9`, `500M`), rounded up; null for what is none.

    The grammar is `k8s.io/apimachinery/pkg/api/resource/quantity.go`.
    """
    if isinstance(value, str):
        return _quantity(value)
    return whole(value)


def conditions(value: Json) -> list[dict[str, Any]] | None:
    """`status.conditions` as the columns' struct."""
    if not isinstance(value, list):
        return None
    return [
        {
            "type": text(each.get("type")),
            "status": text(each.get("status")),
            "reason": text(each.get("reason")),
            "message": text(each.get("message")),
            "changed_at": instant(each.get("lastTransitionTime")),
        }
        for each in value
        if isinstance(each, dict)
    ]


_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")


@lru_cache(maxsize=8192)
def _instant(value: str) -> int | None:
    if not _SECONDS.fullmatch(value):
        return None
    try:
        moment = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        return None
    seconds = int(moment.replace(microsecond=0).timestamp())
    return seconds * 1_000_000 + int(moment.microsecond)


def instant(value: Json) -> int | None:
    """µs since 1970 UTC of an RFC 3339 time; null for what is none."""
    return _instant(value) if isinstance(value, str) else None


def when(path: str) -> Fact:
    """A time."""
    return Fact((path,), instant)


def event_first(first_timestamp: Json, event_time: Json) -> int | None:
    """When an Event first happened: its eventTime (µs) where it has one, else firstTimestamp (seconds)."""
    return instant(event_time) or instant(first_timestamp)


def event_last(series: Json, last_timestamp: Json, event_time: Json) -> int | None:
    """When an Event last happened: its series' last, else lastTimestamp, else its only time."""
    observed = series.get("lastObservedTime") if isinstance(series, dict) else None
    return instant(observed) or instant(last_timestamp) or instant(event_time)


def event_count(count: Json, series: Json) -> int | None:
    """How often an Event says it was seen; an events.k8s.io Event without a series was seen once."""
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


def node_drivers(value: Json) -> list[dict[str, Any]] | None:
    """`spec.drivers` of a CSINode; null while no driver is registered and the list is null."""
    if not isinstance(value, list):
        return None
    return [
        {
            "name": text(each.get("name")),
            "node_id": text(each.get("nodeID")),
            "limit": whole(limits.get("count")) if isinstance(limits := each.get("allocatable"), dict) else None,
            "topology_keys": texts(each.get("topologyKeys")),
        }
        for each in _dicts(value)
    ]


def pod_volumes(pod: Json, volumes: Json) -> list[dict[str, str | None]] | None:
    """The volumes of a pod that storage is about: claims, generic ephemeral volumes and CSI inline volumes.

    A generic ephemeral volume's claim is named POD-VOLUME (`pkg/controller/volume/ephemeral`).
    """
    found = []
    for each in _dicts(volumes):
        claim = driver = source = None
        if isinstance(ref := each.get("persistentVolumeClaim"), dict):
            source, claim = "claim", text(ref.get("claimName"))
        elif isinstance(each.get("ephemeral"), dict):
            source, claim = "ephemeral", f"{pod}-{each.get('name')}"
        elif isinstance(ref := each.get("csi"), dict):
            source, driver = "csi", text(ref.get("driver"))
        else:
            continue
        found.append({"name": text(each.get("name")), "source": source, "claim_name": claim, "driver": driver})
    return found or None


def pod_claims(pod: Json, volumes: Json) -> list[str] | None:
    """The claim names that a pod mounts."""
    claims = [each["claim_name"] for each in pod_volumes(pod, volumes) or [] if each["claim_name"] is not None]
    return claims or None


def containers(init: Json, main: Json, ephemeral: Json) -> list[dict[str, Any]] | None:
    """The container statuses of a pod, init containers first."""
    roles = (("init", init), ("main", main), ("ephemeral", ephemeral))
    found = [_container(role, each) for role, statuses in roles for each in _dicts(statuses)]
    return found or None


def _container(role: str, status: dict[str, Json]) -> dict[str, Any]:
    states = status.get("state")
    state, detail = next(iter(states.items()), (None, {})) if isinstance(states, dict) else (None, {})
    detail = detail if isinstance(detail, dict) else {}
    return {
        "name": text(status.get("name")),
        "role": role,
        "image": text(status.get("image")),
        "state": text(state),
        "reason": text(detail.get("reason")),
        "ready": status.get("ready") if isinstance(status.get("ready"), bool) else None,
        "restarts": whole(status.get("restartCount")),
        "started_at": instant(detail.get("startedAt")),
        "finished_at": instant(detail.get("finishedAt")),
    }


def owner(field: str) -> Fact:
    """A field of the first owner reference."""

    def of_first(references: Json) -> str | None:
        found = next(iter(_dicts(references)), {})
        return text(found.get(field))

    return Fact(("metadata.ownerReferences",), of_first)


def _dicts(value: Json) -> list[dict[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
