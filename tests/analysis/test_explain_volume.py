"""Why a PersistentVolume is not bound, detached or deleted, why a VolumeAttachment stays, what pods and claims lack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from places import HOLD, NODE, Place, Row, Told, changed, cluster, event, leaving, ready, stamp, write
from small_trace import instant
from volume_story import DRIVER

from analysis import Trace, open_trace
from analysis.explaining.answer import Explanation


def free(place: Place) -> Told:
    return [Row(1, "ADDED", place.volume("Available", claimRef=None))]


def kept_for(place: Place) -> Told:
    return [Row(1, "ADDED", place.volume("Available"))]


def bound_to_none(place: Place) -> Told:
    return [*place.bound(), Row(5, "DELETED", place.pod()), Row(6, "DELETED", place.claim())]


def retained(place: Place) -> Told:
    return [*bound_to_none(place), Row(7, "MODIFIED", place.volume("Released", persistentVolumeReclaimPolicy="Retain"))]


def released(place: Place) -> Told:
    return [*bound_to_none(place), Row(7, "MODIFIED", place.volume("Released"))]


def still_attached(place: Place) -> Told:
    said = f"persistentvolume pv-{place.tag} is still attached to node {NODE}"
    told = [Row(3, "ADDED", place.attachment(attached=True)), *released(place)]
    return [*told, event(8, place.volume("Released"), "VolumeFailedDelete", said, "csi-0")]


def failed(place: Place) -> Told:
    value = place.volume("Failed")
    return [*bound_to_none(place), Row(7, "MODIFIED", changed(value, status={"message": "no deleter for it"}))]


def asked_to_go(place: Place) -> Told:
    return [*place.bound(), Row(7, "MODIFIED", leaving(place.volume(), 7, "kubernetes.io/pv-protection"))]


def kept_by_the_driver(place: Place) -> Told:
    held = leaving(place.volume("Released"), 8, "external-provisioner.volume.kubernetes.io/finalizer")
    return [*released(place), Row(8, "MODIFIED", held)]


def kept_by_the_attacher(place: Place) -> Told:
    return [*still_attached(place), Row(9, "MODIFIED", leaving(place.volume("Released"), 9, "external-attacher/block"))]


PERSISTENT_VOLUMES = {
    "free": (free, "no claim has taken it", "user", "make a claim that it fits"),
    "kept-for": (kept_for, "it is kept for shop/kept-for", "PV controller", "bind it to shop/kept-for"),
    "bound-to-none": (
        bound_to_none,
        "it is bound to shop/bound-to-none, which is not there",
        "PV controller",
        "release",
    ),
    "retained": (retained, "it is released, and kept: its policy is Retain", "user", "clear its claimRef"),
    "released": (
        released,
        "it is released and not deleted yet",
        f"provisioner {DRIVER}",
        "carry out the policy Delete",
    ),
    "still-attached": (
        still_attached,
        f"it is released and not deleted: it is attached to {NODE}",
        "A/D controller",
        "delete the VolumeAttachment",
    ),
    "failed": (failed, "it is Failed", "user", "external provisioners do not try a Failed volume again"),
    "asked-to-go": (asked_to_go, "it is being deleted and is still there", "user", "delete its claim shop/asked-to-go"),
    "kept-by-the-driver": (
        kept_by_the_driver,
        "it is being deleted and is still there",
        "provisioner",
        "delete the volume",
    ),
    "kept-by-the-attacher": (kept_by_the_attacher, "it is being deleted and is still there", "attacher", "let it go"),
}


def detaching(place: Place, **status: object) -> Told:
    value = leaving(place.attachment(attached=True, **status), 30, HOLD)
    return [*place.bound(), Row(4, "ADDED", place.attachment(attached=True)), Row(30, "MODIFIED", value)]


def refused(place: Place) -> Told:
    return detaching(place, detachError={"time": stamp(31), "message": "no such machine"})


def not_let_go(place: Place) -> Told:
    node = f"n-{place.tag}"
    listing = {"volumesInUse": [place.unique]}
    return [
        Row(0, "ADDED", changed(ready(node), status=listing)),
        *place.bound(),
        Row(4, "ADDED", place.attachment(node, attached=True)),
    ]


def unused(place: Place) -> Told:
    return [
        *place.bound(),
        Row(4, "ADDED", place.attachment(attached=True)),
        Row(5, "MODIFIED", place.pod(phase="Succeeded")),
    ]


def without_volume(place: Place) -> Told:
    return [*place.bound(), Row(4, "ADDED", place.attachment(attached=True)), Row(9, "DELETED", place.volume())]


ATTACHER = f"attacher of {DRIVER}"
ATTACHMENTS = {
    "in-use": (
        lambda place: [*place.bound(), Row(4, "ADDED", place.attachment(attached=True))],
        NODE,
        "it is attached, and used by shop/in-use",
        None,
    ),
    "taken-up": (
        lambda place: [*place.bound(), Row(4, "ADDED", place.attachment())],
        NODE,
        "it is not attached yet: it is being attached",
        ATTACHER,
    ),
    "detaching": (detaching, NODE, "it is not detached yet", ATTACHER),
    "refused": (refused, NODE, "it is not detached: the last try failed", ATTACHER),
    "not-let-go": (
        not_let_go,
        "n-not-let-go",
        "it is not detached: the node has not let it go",
        "kubelet n-not-let-go",
    ),
    "unused": (unused, NODE, "it is not detached, though nothing uses it", "A/D controller"),
    "without-volume": (without_volume, NODE, "it is attached, and its volume is not there", "user"),
}


def clash(place: Place) -> Told:
    template = {"ephemeral": {"volumeClaimTemplate": {"spec": {}}}}
    pod = place.pod(None, **template)
    claim = changed(place.claim(), {"name": f"{place.tag}-d"})
    return [Row(1, "ADDED", place.volume()), Row(1, "ADDED", claim), Row(2, "ADDED", pod)]


def wrong_path(place: Place) -> Told:
    pod = place.pod(hostPath={"path": "/nope", "type": "Directory"})
    message = 'MountVolume.SetUp failed for volume "d" : hostPath type check failed: /nope is not a directory'
    return [Row(2, "ADDED", pod), event(3, pod, "FailedMount", message, "kubelet")]


def stays(place: Place) -> Told:
    told = wrong_path(place)
    return [*told, Row(9, "MODIFIED", leaving(told[0].value, 9))]


def bigger(place: Place) -> Told:
    asked = changed(place.claim(), resources={"requests": {"storage": "9Gi"}})
    said = event(6, asked, "VolumeResizeFailed", "code = OutOfRange", "external-resizer")
    return [*place.bound(), Row(5, "MODIFIED", asked), said]


def other_class(place: Place) -> Told:
    status = {"currentVolumeAttributesClassName": "silver"}
    return [*place.bound(), Row(5, "MODIFIED", changed(place.claim(), status=status, volumeAttributesClassName="gold"))]


def both_to_go(place: Place) -> Told:
    claim = leaving(place.claim(), 6, "kubernetes.io/pvc-protection")
    volume = leaving(place.volume(), 7, "external-provisioner.volume.kubernetes.io/finalizer")
    return [*place.bound(), Row(6, "MODIFIED", claim), Row(7, "MODIFIED", volume)]


OTHERS = {
    "clash": (clash, "pod", "it is not placed: its claim clash-d is another's", "user"),
    "wrong-path": (
        wrong_path,
        "pod",
        f"on {NODE} it waits for its volumes, and the last try failed",
        f"kubelet {NODE}",
    ),
    "stays": (stays, "pod", f"on {NODE} it is to go, and is still there", f"kubelet {NODE}"),
    "bigger": (
        bigger,
        "claim",
        "it is bound to pv-bigger, and waits to be expanded, which failed",
        f"resizer {DRIVER}",
    ),
    "other-class": (
        other_class,
        "claim",
        "it is bound to pv-other-class, and does not have its VolumeAttributesClass",
        f"resizer {DRIVER}",
    ),
    # Its claim is held by a pod that nobody has asked to go.
    "both-to-go": (both_to_go, "pv", "it is being deleted and is still there", "user"),
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trace]:
    """One trace with all of these."""
    told = cluster()
    for tag, (case, *_) in {**PERSISTENT_VOLUMES, **ATTACHMENTS, **OTHERS}.items():
        told += case(Place(tag))
    with open_trace(write(tmp_path_factory.mktemp("volumes") / "t.trace", told)) as trace:
        yield trace


def said(answer: Explanation, topic: str) -> str:
    return " ".join(each.text for each in answer.statements if each.topic == topic)


@pytest.mark.parametrize("tag", PERSISTENT_VOLUMES)
def test_a_volume_says_why_it_stands_as_it_does_and_who_acts_next(tag: str, recorded: Trace):
    _, verdict, who, what = PERSISTENT_VOLUMES[tag]
    answer = recorded.explain("pv", f"pv-{tag}")
    assert (answer.verdict, answer.turn and answer.turn.who) == (verdict, who)
    assert answer.turn and what in answer.turn.what
    assert answer.statements
    assert all(each.evidence for each in answer.statements)


@pytest.mark.parametrize("tag", ATTACHMENTS)
def test_an_attachment_says_who_holds_it(tag: str, recorded: Trace):
    _, node, verdict, who = ATTACHMENTS[tag]
    answer = recorded.explain("volumeattachment", f"csi-{tag}-{node}")
    assert (answer.verdict, answer.turn and answer.turn.who) == (verdict, who)


@pytest.mark.parametrize("tag", OTHERS)
def test_what_a_pod_or_claim_lacks_is_told_with_who_has_to_give_it(tag: str, recorded: Trace):
    _, what, verdict, who = OTHERS[tag]
    answer = recorded.explain(what, f"pv-{tag}" if what == "pv" else f"shop/{tag}")
    assert (answer.verdict, answer.turn and answer.turn.who) == (verdict, who)


def test_what_the_driver_said_about_a_detach_is_quoted(recorded: Trace):
    answer = recorded.explain("volumeattachment", f"csi-refused-{NODE}")
    assert said(answer, "detach error") == "the driver refused: no such machine"
    assert said(answer, "finalizer") == f"it stays until these are gone: {HOLD}"


def test_what_holds_a_volume_back_is_told_with_the_words_of_its_controller(recorded: Trace):
    answer = recorded.explain("pv", "pv-still-attached")
    assert said(answer, "VolumeFailedDelete").endswith(f"is still attached to node {NODE}")
    assert said(recorded.explain("pv", "pv-failed"), "phase") == "reclaiming it failed: no deleter for it"


def test_before_its_deletion_was_asked_the_attachment_was_used(recorded: Trace):
    answer = recorded.explain("volumeattachment", f"csi-detaching-{NODE}", instant(20))
    assert answer.verdict == "it is attached, and used by shop/detaching"
