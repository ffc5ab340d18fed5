"""How the owner of a phase is drawn: a colour, and a shape for those who see none."""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    """How a bar is filled."""

    shape: str
    colour: str


CONTROL_PLANE, SIDECAR, DRIVER, KUBELET = Look("█", "blue"), Look("▓", "magenta"), Look("■", "red"), Look("▄", "green")
OTHER = Look("░", "yellow")
"""Users, and what is not known."""

_LOOKS = {
    **dict.fromkeys(("A/D controller", "PV controller", "PVC protection", "scheduler"), CONTROL_PLANE),
    **dict.fromkeys(("kubelet wait", "stage", "publish", "unpublish", "unstage"), KUBELET),
    **dict.fromkeys(("container start", "container stop"), KUBELET),
    "driver": DRIVER,
}
_SIDECARS = ("provisioner", "attacher", "resizer", "snapshotter", "snapshot")


def look_of(owner: str) -> Look:
    """The look of an owner's bars; queues look like those whose they are."""
    return _LOOKS.get(owner) or (SIDECAR if owner.startswith(_SIDECARS) else OTHER)
