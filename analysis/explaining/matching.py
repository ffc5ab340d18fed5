"""Which PersistentVolume a claim gets: the filters of the binder in their order, and what is left after them.

`component-helpers/storage/volume/pv_helpers.go`, FindMatchingVolume; `pkg/controller/volume/persistentvolume/index.go`,
findByClaim, which lets only volumes with the access modes in and looks at those with the fewest modes first;
`pkg/scheduler/framework/plugins/volumebinding/binder.go`, which lets only volumes of the class in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.explaining.quantity import quantity
from analysis.explaining.selecting import Labels, affinity_text, labels_match, node_matches, selector_text


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a claim asks for."""

    namespace: str
    name: str
    uid: str
    bytes: int
    volume_mode: str
    attributes_class: str
    """Empty for none."""
    selector: dict[str, Any] | None
    storage_class: str
    """Empty for none: a claim that says nothing asks for volumes without a class."""
    access_modes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Offered:
    """What a PersistentVolume is."""

    name: str
    claim: tuple[str | None, str | None, str | None] | None
    """namespace, name and uid in its claimRef; None without one."""
    bytes: int
    volume_mode: str
    attributes_class: str
    is_deleting: bool
    phase: str
    labels: Labels
    storage_class: str
    access_modes: frozenset[str]
    node_affinity: dict[str, Any] | None

    def is_meant_for(self, claim: Wanted) -> bool:
        """Whether its claimRef names the claim (IsVolumeBoundToClaim): a uid is compared only where it has one."""
        if self.claim is None:
            return False
        namespace, name, uid = self.claim
        return (namespace, name) == (claim.namespace, claim.name) and (not uid or uid == claim.uid)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a filter leaves a volume out."""

    filter: str
    wanted: str
    has: str


Nodes = Sequence[tuple[str, Labels]]
"""Name and labels of each node that the scheduler may choose."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition of the binder."""

    name: str
    passes: Callable[[Wanted, Offered, Nodes], bool]
    wanted: Callable[[Wanted], str]
    has: Callable[[Offered], str]


def _claim_text(claim: tuple[str | None, str | None, str | None] | None) -> str:
    if claim is None:
        return "no claim"
    namespace, name, uid = claim
    return f"{namespace}/{name}" + (f" ({uid})" if uid else "")


CLAIM_REF = Filter(
    "claimRef",
    lambda claim, volume, _: volume.claim is None or volume.is_meant_for(claim),
    lambda claim: f"none or {_claim_text((claim.namespace, claim.name, claim.uid))}",
    lambda volume: _claim_text(volume.claim),
)
SIZE = Filter(
    "size",
    lambda claim, volume, _: volume.bytes >= claim.bytes,
    lambda claim: quantity(claim.bytes),
    lambda volume: quantity(volume.bytes),
)
VOLUME_MODE = Filter(
    "volume mode",
    lambda claim, volume, _: volume.volume_mode == claim.volume_mode,
    lambda claim: claim.volume_mode,
    lambda volume: volume.volume_mode,
)
ATTRIBUTES_CLASS = Filter(
    "attributes class",
    lambda claim, volume, _: volume.attributes_class == claim.attributes_class,
    lambda claim: claim.attributes_class or "none",
    lambda volume: volume.attributes_class or "none",
)
DELETION = Filter(
    "deletion",
    lambda claim, volume, _: not volume.is_deleting,
    lambda claim: "not being deleted",
    lambda volume: "being deleted",
)
PHASE = Filter(
    "phase",
    lambda claim, volume, _: volume.phase == "Available",
    lambda claim: "Available",
    lambda volume: volume.phase,
)
SELECTOR = Filter(
    "selector",
    lambda claim, volume, _: labels_match(claim.selector, volume.labels),
    lambda claim: selector_text(claim.selector) or "any",
    lambda volume: ",".join(f"{key}={value}" for key, value in volume.labels.items()) or "no labels",
)
CLASS = Filter(
    "class",
    lambda claim, volume, _: volume.storage_class == claim.storage_class,
    lambda claim: claim.storage_class or "none",
    lambda volume: volume.storage_class or "none",
)
ACCESS_MODES = Filter(
    "access modes",
    lambda claim, volume, _: claim.access_modes <= volume.access_modes,
    lambda claim: ",".join(sorted(claim.access_modes)),
    lambda volume: ",".join(sorted(volume.access_modes)) or "none",
)
NODE_AFFINITY = Filter(
    "node affinity",
    lambda _, volume, nodes: any(node_matches(volume.node_affinity, node, labels) for node, labels in nodes),
    lambda claim: "one of the nodes",
    lambda volume: affinity_text(volume.node_affinity) or "no node at all",
)

_FOR_ALL = (CLAIM_REF, SIZE, VOLUME_MODE, ATTRIBUTES_CLASS, DELETION)


PV_CONTROLLER = (ACCESS_MODES, *_FOR_ALL, PHASE, SELECTOR, CLASS)
"""The filters of the PV controller, first to last."""
IF_MEANT = (ACCESS_MODES, *_FOR_ALL)
"""Those for a volume whose claimRef names the claim: the PV controller takes it without asking the others."""
SCHEDULER = (CLASS, *_FOR_ALL, PHASE, SELECTOR, NODE_AFFINITY, ACCESS_MODES)
"""Those of the scheduler, which chooses for the claims whose class has WaitForFirstConsumer, for one node at a time."""
REQUESTED_BY_NAME = (DELETION, SIZE, CLASS, ATTRIBUTES_CLASS, VOLUME_MODE, ACCESS_MODES)
"""What a volume has to fulfil that a claim names itself (`pv_controller.go`, checkVolumeSatisfyClaim)."""


def first_mismatch(
    claim: Wanted, volume: Offered, filters: Sequence[Filter], nodes: Nodes = ()
) -> tuple[Mismatch | None, int]:
    """The first filter that leaves the volume out, None if none does, and how many it passed before."""
    for passed, each in enumerate(filters):
        if not each.passes(claim, volume, nodes):
            return Mismatch(each.name, each.wanted(claim), each.has(volume)), passed
    return None, len(filters)


def chosen(claim: Wanted, fitting: Iterable[Offered]) -> list[Offered]:
    """Of the volumes that pass, the one that the PV controller takes; several where nothing decides between them.

    It looks at the volumes with the fewest access modes first, at those with the same modes together. There it takes
    one that is meant for the claim, else the smallest.
    """
    groups: dict[frozenset[str], list[Offered]] = {}
    for volume in fitting:
        groups.setdefault(volume.access_modes, []).append(volume)
    fewest = min(map(len, groups), default=0)
    return [volume for modes, group in groups.items() if len(modes) == fewest for volume in _best(claim, group)]


def _best(claim: Wanted, group: Sequence[Offered]) -> list[Offered]:
    meant = [volume for volume in group if volume.is_meant_for(claim)]
    smallest = min(volume.bytes for volume in group)
    return meant or [volume for volume in group if volume.bytes == smallest]
