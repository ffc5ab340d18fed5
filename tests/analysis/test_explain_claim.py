"""Why a claim is not bound: the binder's filters, one by one, and the real controller's own words."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from small_trace import SmallTrace, instant

from analysis import open_trace

PENDING = Path(__file__).parents[2] / "sample_traces" / "pending-claims.trace"
PVS, CLASSES, NODES, PODS = "v1/persistentvolumes", "storage.k8s.io/v1/storageclasses", "v1/nodes", "v1/pods"
RWO, RWX = "ReadWriteOnce", "ReadWriteMany"
Patch = dict[str, Any]


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-23T{clock}+00:00").astimezone(UTC)


@pytest.fixture(scope="module")
def pending(kept_models):
    with open_trace(PENDING) as trace:
        yield trace


@pytest.mark.parametrize(
    ("claim", "failed", "wanted", "has"),
    [
        ("toobig", "size", "5Gi", "1Gi"),
        ("rwx", "access modes", RWX, RWO),
        ("noclass", "class", "none", "manual"),
        ("wrongclass", "class", "nope", "manual"),
        ("sel", "selector", "tier=two", "sc=s05,tier=one"),
        ("blk", "volume mode", "Block", "Filesystem"),
        ("preb", "size", "5Gi", "1Gi"),
    ],
)
def test_each_real_claim_fails_at_its_own_filter(pending, claim, failed, wanted, has):
    (only,) = pending.explain("claim", f"s05/{claim}", at("07:34:50")).candidates
    assert (only.volume, only.failed, only.wanted, only.has) == ("s05-one", failed, wanted, has)


# The words of `checkVolumeSatisfyClaim` and of the PV controller's other Events, and what explains them.
SAID = {
    "requested PV is too small": ("size", "user"),
    'storageclass.storage.k8s.io "manual" not found': (None, "user"),
    'storageclass.storage.k8s.io "nope" not found': (None, "user"),
    "no persistent volumes available for this claim and no storage class is set": (None, "user"),
}


def test_the_controllers_own_words_are_quoted_and_agree(pending):
    for claim in ("toobig", "rwx", "noclass", "wrongclass", "sel", "blk", "preb"):
        answer = pending.explain("claim", f"s05/{claim}", at("07:34:50"))
        (words,) = [statement for statement in answer.statements if " said: " in statement.text]
        reason = words.text.partition(" said: ")[2].rpartition('"s05-one": ')[2]
        failed, who = SAID[reason]
        assert answer.turn.who == who
        assert failed is None or answer.candidates[0].failed == failed
        assert ("there is no class" in answer.verdict) == ("not found" in reason)


def test_the_fitting_volume_that_comes_is_found(pending):
    fits = {name: pending.explain("claim", f"s05/{name}", at("07:34:54.2")).candidates[0] for name in ("toobig", "sel")}
    assert {name: (each.volume, each.failed) for name, each in fits.items()} == {
        "toobig": ("s05-two", None),
        "sel": ("s05-two", None),
    }


def volume(name: str = "v", **patch: Any) -> Patch:
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": [RWO], "storageClassName": "fast"}
    metadata = {"name": name, "uid": f"uid-{name}", **patch.pop("metadata", {})}
    status = {"phase": patch.pop("phase", "Available")}
    return {
        "kind": "PersistentVolume",
        "apiVersion": "v1",
        "metadata": metadata,
        "spec": spec | patch,
        "status": status,
    }


def claim(**patch: Any) -> Patch:
    metadata = {"name": "data", "namespace": "shop", "uid": "uid-data", **patch.pop("metadata", {})}
    spec = {"resources": {"requests": {"storage": "1Gi"}}, "accessModes": [RWO], "storageClassName": "fast"}
    kind = {"kind": "PersistentVolumeClaim", "apiVersion": "v1"}
    return {**kind, "metadata": metadata, "spec": spec | patch, "status": {"phase": "Pending"}}


def storage_class(mode: str = "Immediate", provisioner: str = "block.example.com", **metadata: Any) -> Patch:
    kind = {"kind": "StorageClass", "apiVersion": "storage.k8s.io/v1", "metadata": {"name": "fast", "uid": "uid-fast"}}
    kind["metadata"] |= metadata
    return {**kind, "provisioner": provisioner, "volumeBindingMode": mode}


def node(name: str, **labels: str) -> Patch:
    return {"kind": "Node", "apiVersion": "v1", "metadata": {"name": name, "uid": f"uid-{name}", "labels": labels}}


def pod(**spec: Any) -> Patch:
    metadata = {"name": "web", "namespace": "shop", "uid": "uid-web"}
    volumes = [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]
    kind = {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "status": {"phase": "Pending"}}
    return {**kind, "spec": {"volumes": volumes, **spec}}


STREAMS = {
    "PersistentVolumeClaim": "v1/persistentvolumeclaims",
    "PersistentVolume": PVS,
    "StorageClass": CLASSES,
    "Node": NODES,
    "Pod": PODS,
}


CASES: list[tuple[Patch, ...]] = []


def among(*values: Patch) -> int:
    """A case: the claim among these objects, which are all there is for some time."""
    CASES.append(values)
    return len(CASES) - 1


@pytest.fixture(scope="module")
def explained(tmp_path_factory):
    """The explanation of the claim in a case. One trace tells of all cases, one after the other."""
    small = SmallTrace(tmp_path_factory.mktemp("explain") / "cases.trace")
    for stream in STREAMS.values():
        small.note(0, "opened", stream=stream)
        small.note(0, "synced", stream=stream)
    for case, values in enumerate(CASES):
        there: list[Patch] = []
        for number, value in enumerate(values, start=1):
            metadata = {**value["metadata"], "uid": f"{value['metadata']['uid']}-{case}"}
            metadata["resourceVersion"] = str(100 * case + number)
            told = {**value, "metadata": metadata}
            small.observe(100 * case + number, "ADDED", told, STREAMS[value["kind"]])
            there.append(told)
        for told in there:
            small.vanish(100 * case + 90, told, STREAMS[told["kind"]])
    with open_trace(small.ended()) as trace:
        yield lambda case: trace.explain("claim", "data", instant(100 * case + 50))


OTHER = {"namespace": "shop", "name": "other"}
EAST = {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["e"]}]}]}}
ALONE = [
    ("claimRef", among(storage_class(), volume(claimRef=OTHER), claim())),
    ("size", among(storage_class(), volume(), claim(resources={"requests": {"storage": "1025Mi"}}))),
    ("volume mode", among(storage_class(), volume(), claim(volumeMode="Block"))),
    ("attributes class", among(storage_class(), volume(), claim(volumeAttributesClassName="gold"))),
    ("deletion", among(storage_class(), volume(metadata={"deletionTimestamp": "2026-11-23T07:00:00Z"}), claim())),
    ("phase", among(storage_class(), volume(phase="Released"), claim())),
    (
        "selector",
        among(
            storage_class(),
            volume(metadata={"labels": {"tier": "two"}}),
            claim(selector={"matchLabels": {"tier": "one"}}),
        ),
    ),
    ("class", among(storage_class(), volume(), claim(storageClassName="other"))),
    ("access modes", among(storage_class(), volume(), claim(accessModes=[RWO, RWX]))),
]


@pytest.mark.parametrize(("failed", "case"), ALONE, ids=[each[0] for each in ALONE])
def test_each_filter_decides_alone(explained, failed, case):
    (only,) = explained(case).candidates
    assert only.failed == failed
    assert only.wanted != only.has


def with_nodes(*zones: str) -> int:
    nodes = [node(f"n{number}", zone=zone) for number, zone in enumerate(zones)]
    return among(storage_class("WaitForFirstConsumer"), *nodes, volume(nodeAffinity=EAST), claim())


@pytest.mark.parametrize(
    ("case", "failed"),
    [(with_nodes("w"), "node affinity"), (with_nodes("w", "e"), None), (with_nodes(), "node affinity")],
)
def test_node_affinity_decides_where_the_scheduler_binds(explained, case, failed):
    answer = explained(case)
    assert [each.failed for each in answer.candidates] == [failed]
    assert answer.turn.who == "user"


AT_ONCE = among(storage_class(), node("n1", zone="w"), volume(nodeAffinity=EAST), claim())


def test_the_pv_controller_asks_no_node(explained):
    assert explained(AT_ONCE).verdict == "v fits"


SIZES = [volume("big", capacity={"storage": "3Gi"}), volume("small", capacity={"storage": "2Gi"})]
BY_SIZE = among(storage_class(), *SIZES, claim())


def test_the_smallest_fitting_volume_wins(explained):
    assert explained(BY_SIZE).turn.what == "bind it to small"


EQUAL = among(storage_class(), volume("a"), volume("b"), claim())


def test_of_equal_volumes_nothing_decides(explained):
    assert explained(EQUAL).turn.what == "bind it to a or b (which of them, nothing decides)"


MODES = [volume("narrow", capacity={"storage": "9Gi"}), volume("wide", accessModes=[RWO, RWX])]
BY_MODES = among(storage_class(), *MODES, claim())


def test_fewer_access_modes_go_before_a_smaller_size(explained):
    assert explained(BY_MODES).turn.what == "bind it to narrow"


MINE = {"namespace": "shop", "name": "data"}
MEANT = volume("meant", claimRef=MINE, storageClassName="other", phase="Pending")
FOR_THE_CLAIM = among(storage_class(), volume(), MEANT, claim())


def test_a_volume_meant_for_the_claim_is_taken_whatever_its_class_and_phase(explained):
    assert explained(FOR_THE_CLAIM).turn.what == "bind it to meant"


FOR_AN_EARLIER_ONE = among(volume(claimRef={**MINE, "uid": "old"}), claim())


def test_an_old_uid_in_the_claim_ref_keeps_a_volume_away(explained):
    (only,) = explained(FOR_AN_EARLIER_ONE).candidates
    assert only.failed == "claimRef"


@pytest.mark.parametrize(
    ("case", "verdict", "who"),
    [
        (among(claim()), "no volume fits, and there is no class fast", "user"),
        (among(storage_class(), claim()), "no volume fits: one has to be made", "PV controller"),
        (
            among(storage_class(provisioner="kubernetes.io/no-provisioner"), claim()),
            "no volume fits, and its class makes none",
            "user",
        ),
        (
            among(storage_class(provisioner="kubernetes.io/host-path"), claim()),
            "no volume fits: one is made in-tree",
            "PV controller",
        ),
        (
            among(storage_class("WaitForFirstConsumer"), claim()),
            "it waits for a first pod, and there is no pod that uses it",
            "user",
        ),
        (among(storage_class("WaitForFirstConsumer"), pod(), claim()), "it waits for a pod to be placed", "scheduler"),
        (
            among(storage_class("WaitForFirstConsumer"), pod(nodeName="n1"), claim()),
            "it waits for a pod to be placed",
            "user",
        ),
    ],
)
def test_who_acts_next(explained, case, verdict, who):
    answer = explained(case)
    assert (answer.verdict, answer.turn.who) == (verdict, who)
    assert answer.unknown == ("nothing says that events were recorded then: there may have been others",)


DEFAULT = storage_class(annotations={"storageclass.kubernetes.io/is-default-class": "true"})
WITHOUT_CLASS = among(DEFAULT, claim(storageClassName=None))


def test_a_claim_without_class_gets_the_default_one(explained):
    answer = explained(WITHOUT_CLASS)
    assert (answer.turn.who, answer.turn.what) == ("PV controller", "give it the default class fast")


def naming_it(*offered: Patch) -> int:
    return among(*offered, volume("better"), claim(volumeName="v"))


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        (naming_it(), "it names v, which is not there"),
        (naming_it(volume(phase="Released", metadata={"labels": {"tier": "two"}})), "it names v, which fits"),
        (naming_it(volume(storageClassName="slow")), "it names v, whose class does not fit"),
        (naming_it(volume(claimRef=OTHER)), "it names v, which belongs to another claim"),
        (
            naming_it(volume(claimRef=MINE, capacity={"storage": "1"})),
            "it and v name each other",
        ),
    ],
)
def test_a_claim_that_names_its_volume_is_checked_against_it_alone(explained, case, verdict):
    assert explained(case).verdict == verdict
