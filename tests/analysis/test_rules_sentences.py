"""What findings say of faults that the samples do not have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_trace import SmallTrace, instant
from volume_story import STREAMS, Object, attachment, claim, made, node, pod, static, volume

from analysis import Trace

Told = tuple[float, str, Object]
Found = Callable[..., list[dict[str, Any]]]
EVENTS = "v1/events"
PROVISIONER = "block.example.com_csi-0_uid"
ABORTED = "rpc error: code = Aborted desc = an operation with the given Volume ID pvc-c1 already exists"
TIMED_OUT = "rpc error: code = DeadlineExceeded desc = context deadline exceeded"
MULTI_ATTACH = 'Multi-Attach error for volume "pv-1" Volume is already exclusively attached to one node'
END = 600.0


def event(at: float, about: Object, reason: str, message: str, by: str = "test") -> Told:
    """An Event that is sent at that second."""
    metadata = about["metadata"]
    involved = {"kind": about["kind"], "name": metadata["name"], "uid": metadata["uid"]}
    stamp = f"{instant(at):%Y-%m-%dT%H:%M:%SZ}"
    uid = f"e-{at}-{reason}-{metadata['uid']}"
    value = {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {"name": uid, "uid": uid, "namespace": metadata.get("namespace", "default")},
        "involvedObject": involved | {"namespace": metadata.get("namespace")},
        "reason": reason,
        "message": message,
        "source": {"component": by},
        "firstTimestamp": stamp,
        "lastTimestamp": stamp,
        "count": 1,
    }
    return at, "ADDED", value


def finalized(status: Object, **parts: Any) -> Object:
    """A VolumeAttachment of pv-1 to n2 that an attacher has taken up."""
    return attachment(
        "csi-b", "a2", node="n2", metadata={"finalizers": ["external-attacher/block"]}, status=status, **parts
    )


def ready(name: str, status: str, **parts: Any) -> Object:
    """A node whose Ready condition says so."""
    value = node(name, name, **parts)
    value["status"]["conditions"] = [{"type": "Ready", "status": status}]
    return value


BOUND = [
    (1.0, "ADDED", claim(phase="Bound", volume="pv-1")),
    (1.0, "ADDED", volume(phase="Bound", claimed_by=("data", "c1"))),
]
OLD = pod("old", "p1", "n1", "Running")
NEW = pod("new", "p2", "n2")
ATTACHED = [
    *BOUND,
    (2.0, "ADDED", ready("n1", "True", in_use=["kubernetes.io/csi/block.example.com^handle-pv-1"])),
    (2.0, "ADDED", ready("n2", "True")),
    (3.0, "ADDED", OLD),
    (4.0, "ADDED", attachment(status={"attached": True})),
]
LEAVING = {"deletionTimestamp": "2026-11-23T07:01:40Z", "deletionGracePeriodSeconds": 30}


@pytest.fixture
def recorded(tmp_path: Path, ask: Callable[[Path], Trace]) -> Callable[..., Trace]:
    """The trace of a recorder that was told this, and watched everything up to END."""

    def recording(*told: Told) -> Trace:
        trace = SmallTrace(tmp_path / f"{len(list(tmp_path.iterdir()))}.trace")
        for stream in (*STREAMS.values(), EVENTS):
            trace.note(0, "synced", stream=stream)
        for at, type, value in sorted(told, key=lambda each: each[0]):
            trace.observe(at, type, value, STREAMS.get(value["kind"], EVENTS))
        trace.note(END, "bookmark", stream=EVENTS)
        return ask(trace.ended())

    return recording


@pytest.fixture
def found(recorded: Callable[..., Trace]) -> Found:
    """What a rule finds: its own model, as `findings` would build those of all rules."""
    return lambda rule, *told: recorded(*told).sql(f"from _{rule.lower()}").rows(named=True)


def test_f05_leads_with_the_call_that_has_not_come_back(found):
    waiting = claim()
    failed = [event(12, waiting, "ProvisioningFailed", TIMED_OUT, PROVISIONER)]
    failed += [event(at, waiting, "ProvisioningFailed", ABORTED, PROVISIONER) for at in (14, 18, 26)]
    [finding] = found("F05", (1.0, "ADDED", waiting), *failed)
    assert (finding["from_at"], finding["to_at"], finding["confidence"]) == (instant(12), None, "certain")
    assert finding["details"] == {
        "what": "CreateVolume has not come back in time since 07:00:12; 3 later tries are its echoes",
        "error": TIMED_OUT,
    }


def test_f06_finds_a_node_without_the_driver(found):
    waiting = claim(metadata={"annotations": {"volume.kubernetes.io/selected-node": "n1"}})
    topology = "error generating accessibility requirements: no topology key found on CSINode n1"
    told = [(1.0, "ADDED", ready("n1", "True")), (2.0, "ADDED", waiting)]
    failed = event(5, waiting, "ProvisioningFailed", topology, PROVISIONER)
    [finding] = found("F06", *told, failed)
    assert (finding["node"], finding["sentence"]) == (
        "n1",
        "The volume is not made, as its place is not known: no topology key found on CSINode n1",
    )


def test_f07_is_quiet_when_the_claim_is_untied_or_its_node_is_there(found):
    waiting = claim(metadata={"annotations": {"volume.kubernetes.io/selected-node": "n1"}})
    told = [(1.0, "ADDED", ready("n1", "True")), (2.0, "ADDED", waiting), (3.0, "DELETED", ready("n1", "True"))]
    assert found("F07", *told, (4.0, "MODIFIED", claim())) == []


def test_f12_says_which_pod_has_the_volume(found):
    once = volume(phase="Bound", claimed_by=("data", "c1"))
    once["spec"]["accessModes"] = ["ReadWriteOncePod"]
    refusal = (
        "0/2 nodes are available: 2 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode "
        "already in-use by another pod."
    )
    second = pod("new", "p2")
    told = [BOUND[0], (1.0, "ADDED", once), (3.0, "ADDED", OLD), (9.0, "ADDED", second)]
    [finding] = found("F12", *told, event(10, second, "FailedScheduling", refusal))
    assert finding["sentence"] == "The volume may be used by one pod at a time, and pod shop/old has it."


def test_f13_says_which_node_holds_the_volume(found):
    [finding] = found("F13", *ATTACHED, (9.0, "ADDED", NEW), event(10, NEW, "FailedAttachVolume", MULTI_ATTACH))
    assert (finding["node"], finding["from_at"], finding["to_at"]) == ("n2", instant(10), None)
    assert finding["sentence"] == (
        "The volume cannot be attached to n2: it is attached to n1, where it is used by shop/old."
    )


def test_f13_follows_from_a_node_that_is_down(recorded):
    told = [
        *ATTACHED,
        (60.0, "MODIFIED", ready("n1", "Unknown", in_use=["kubernetes.io/csi/block.example.com^handle-pv-1"])),
        (100.0, "MODIFIED", pod("old", "p1", "n1", "Running", metadata=LEAVING)),
        (105.0, "ADDED", NEW),
        event(106, NEW, "FailedAttachVolume", MULTI_ATTACH),
    ]
    root, echo = recorded(*told).findings(rules=["F13", "F14"]).rows(named=True)
    assert (root["rule"], root["node"], root["from_at"], root["to_at"]) == ("F14", "n1", instant(100), None)
    assert "out of reach since 07:01:00" in root["sentence"]
    assert (echo["rule"], echo["node"], echo["echo_of"]) == ("F13", "n2", root["finding_id"])


def test_f04_is_told_beside_a_volume_without_a_class(found):
    refused = "rpc error: code = InvalidArgument desc = no such parameter"
    told = [(1.0, "ADDED", static("old", "v9")), (1.0, "ADDED", claim())]
    told[0][2]["spec"]["storageClassName"] = ""
    [finding] = found("F04", *told, event(5, claim(), "ProvisioningFailed", refused, PROVISIONER))
    assert (finding["volume_id"], finding["confidence"]) == ("c1", "certain")


def test_f04_is_likely_where_nobody_answers_for_long(found):
    away = "rpc error: code = Unavailable desc = backend is down"
    failed = [event(at, claim(), "ProvisioningFailed", away, PROVISIONER) for at in (5, 15, 45)]
    assert found("F04", (1.0, "ADDED", claim()), *failed[:2]) == []
    [finding] = found("F04", (1.0, "ADDED", claim()), *failed)
    assert finding["confidence"] == "likely"


def test_f05_is_quiet_about_a_call_that_comes_back_soon(found):
    told = [(1.0, "ADDED", claim()), event(5, claim(), "ProvisioningFailed", ABORTED, PROVISIONER)]
    bound = claim(phase="Bound", volume="pv-1")
    assert found("F05", *told, (15.0, "MODIFIED", bound)) == []
    [finding] = found("F05", *told)
    assert finding["details"]["what"] == (
        "CreateVolume is refused once since 07:00:05, as an earlier call on the volume still runs"
    )


def test_f11_counts_only_room_that_the_scheduler_could_use(found):
    def room(name: str, size: str, storage_class: str = "fast", **topology: str) -> Told:
        parts = {"nodeTopology": {"matchLabels": topology}, "storageClassName": storage_class, "capacity": size}
        return 1.0, "ADDED", made("CSIStorageCapacity", name, name, "csi", **parts)

    gone = room("gone", "90Gi", zone="a")
    placed = ready("n1", "True")
    placed["metadata"]["labels"] = {"zone": "a", "disk": "ssd"}
    waiting = pod("db", "p1")
    refusal = "0/1 nodes are available: 1 node(s) did not have enough free storage."
    told = [
        (0.5, "ADDED", placed),
        (1.0, "ADDED", claim()),
        room("here", "1Gi", zone="a"),
        room("elsewhere", "80Gi", zone="b"),
        room("other class", "70Gi", "slow", zone="a"),
        gone,
        (2.0, "DELETED", gone[2]),
        (3.0, "ADDED", waiting),
        event(4, waiting, "FailedScheduling", refusal),
    ]
    [finding] = found("F11", *told)
    assert finding["details"]["largest"] == "the most there was is 1.0 GiB"


def test_f30_tells_a_leader_that_hangs_from_one_that_works(found):
    """Both renew their lease; one has taken up nothing for a minute."""
    lease = made("Lease", "external-attacher-leader-block-example-com", "l1", "csi", spec={"holderIdentity": "csi-0"})
    renewed = [(float(at), "MODIFIED", lease) for at in range(0, 600, 5)]
    asked = [*BOUND, *renewed, (100.0, "ADDED", attachment("csi-b", "a2"))]
    [finding] = found("F30", *asked)
    assert finding["sentence"].endswith(
        "csi-attacher renewed its lease and took nothing up, while 1 VolumeAttachment waited for it."
    )
    assert (finding["driver"], finding["from_at"], finding["to_at"]) == ("block.example.com", instant(100), None)
    other = attachment("csi-c", "a3", node="n3", metadata={"finalizers": ["external-attacher/block"]})
    assert found("F30", *asked, (130.0, "ADDED", other)) == []


def test_an_echo_begins_while_its_cause_holds(recorded):
    """The driver was away and is back: what fails half a minute later fails for a reason of its own."""
    lease = made("Lease", "external-attacher-leader-block-example-com", "l1", "csi", spec={"holderIdentity": "csi-0"})
    renewed = [(float(at), "MODIFIED", lease) for at in (*range(0, 60, 5), *range(120, 600, 5))]

    def refused(name: str, uid: str, of: str, at: float) -> list[Told]:
        error = {"message": "rpc error: code = NotFound desc = no such volume", "time": "2026-11-23T07:02:00Z"}
        value = attachment(name, uid, of, metadata={"finalizers": ["external-attacher/block"]})
        return [
            (at - 1, "ADDED", value),
            (at, "MODIFIED", {**value, "status": {"attached": False, "attachError": error}}),
        ]

    told = [*BOUND, *renewed, *refused("csi-b", "a2", "pv-1", 125.0), *refused("csi-c", "a3", "pv-2", 154.0)]
    told += [(1.0, "ADDED", volume("pv-2", "v2", "Bound", ("more", "c2")))]
    findings = {
        row["volume_id"] or row["rule"]: row for row in recorded(*told).findings(rules=["F16", "F30"]).to_dicts()
    }
    assert findings["v1"]["echo_of"] == findings["F30"]["finding_id"]
    assert findings["v2"]["echo_of"] is None
