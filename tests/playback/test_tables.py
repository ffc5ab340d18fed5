"""Tables: the columns and cells that kubectl prints on a live cluster."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from served import CLAIMS, FIRST, TABLE, served

from tracer.kinds import KINDS
from tracer.playback.ages import human_duration
from tracer.playback.columns import COLUMNS
from tracer.playback.tables import Printer

LEASES = "/apis/coordination.k8s.io/v1/leases"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MADE = "2026-11-23T07:00:00Z"


def cells(kind: str, value: dict[str, Any]) -> dict[str, Any]:
    """Column -> cell; None for a column that has nothing to print."""
    value = {**value, "metadata": {"name": "n", "creationTimestamp": MADE, **value.get("metadata", {})}}
    table = msgspec.json.decode(Printer(kind, None).table([msgspec.json.encode(value)], {}, NOW))
    names = [column["name"] for column in table["columnDefinitions"]]
    return dict(zip(names, table["rows"][0]["cells"], strict=True))


def pod(*containers: dict[str, Any], **status: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": f"c{number}"} for number in range(len(containers))]}
    return {"spec": spec, "status": {"phase": "Running", "containerStatuses": list(containers), **status}}


RUNNING = {"ready": True, "restartCount": 0, "state": {"running": {}}}


def summary(value: dict[str, Any]) -> tuple[str, str, str]:
    found = cells("Pod", value)
    return found["Ready"], found["Status"], found["Restarts"]


def test_every_watched_kind_has_its_columns():
    assert {kind.kind for kind in KINDS} <= set(COLUMNS)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"), (-1, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (303, "5m3s"), (600, "10m"),
        (10_799, "179m"),
        (10_800, "3h"), (12_000, "3h20m"), (28_800, "8h"), (172_799, "47h"), (172_800, "2d"), (190_800, "2d5h"),
        (86_400 * 8, "8d"), (86_400 * 729, "729d"), (86_400 * 730, "2y"), (86_400 * 770, "2y40d"),
        (86_400 * 3000, "8y"),
    ],
)  # fmt: skip
def test_an_age_has_the_digits_that_kubectl_gives_it(seconds, text):
    assert human_duration(timedelta(seconds=seconds)) == text


def test_a_claim():
    bound = {
        "spec": {"volumeName": "pv", "storageClassName": "fast", "volumeMode": "Block"},
        "status": {
            "phase": "Bound",
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadOnlyMany", "ReadWriteOnce", "ReadWriteOncePod"],
        },
    }
    assert list(cells("PersistentVolumeClaim", bound).values()) == [
        "n", "Bound", "pv", "1Gi", "RWO,ROX,RWOP", "fast", "<unset>", "60m", "Block",
    ]  # fmt: skip
    pending = {"spec": {"volumeAttributesClassName": "gold"}, "status": {"phase": "Pending"}}
    assert list(cells("PersistentVolumeClaim", pending).values()) == [
        "n", "Pending", "", "", "", "", "gold", "60m", "<unset>",
    ]  # fmt: skip
    gone = {"metadata": {"deletionTimestamp": MADE}, "status": {"phase": "Bound"}}
    assert cells("PersistentVolumeClaim", gone)["Status"] == "Terminating"


def test_a_volume():
    value = {
        "spec": {
            "capacity": {"storage": "5Gi"},
            "accessModes": ["ReadWriteMany"],
            "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": {"namespace": "shop", "name": "data"},
        },
        "status": {"phase": "Failed", "reason": "why"},
    }
    assert list(cells("PersistentVolume", value).values()) == [
        "n", "5Gi", "RWX", "Retain", "Failed", "shop/data", "", "<unset>", "why", "60m", "<unset>",
    ]  # fmt: skip


def test_classes_attachments_and_drivers():
    default = {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    found = cells("StorageClass", {"metadata": default, "provisioner": "p", "allowVolumeExpansion": True})
    assert list(found.values()) == ["n (default)", "p", "Delete", "Immediate", True, "60m"]
    attachment = {"spec": {"attacher": "d", "nodeName": "w", "source": {"persistentVolumeName": "pv"}}}
    assert list(cells("VolumeAttachment", attachment).values()) == ["n", "d", "pv", "w", False, "60m"]
    assert list(cells("CSIDriver", {"spec": {}}).values()) == [
        "n", True, False, False, "<unset>", False, "<none>", "60m",
    ]  # fmt: skip
    asked = cells("CSIDriver", {"spec": {"attachRequired": False, "tokenRequests": [{"audience": "a"}, {}]}})
    assert (asked["AttachRequired"], asked["TokenRequests"]) == (False, "a,")
    assert cells("CSINode", {"spec": {"drivers": None}})["Drivers"] == 0
    assert cells("CSIStorageCapacity", {"storageClassName": "s"})["Capacity"] == "<unset>"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (pod(RUNNING, RUNNING), ("2/2", "Running", "0")),
        (
            pod({"state": {"waiting": {"reason": "CrashLoopBackOff"}}}, phase="Running"),
            ("0/1", "CrashLoopBackOff", "0"),
        ),
        (pod({"state": {"terminated": {"exitCode": 2}}}), ("0/1", "ExitCode:2", "0")),
        (pod({"state": {"terminated": {"signal": 9, "exitCode": 0}}}), ("0/1", "Signal:9", "0")),
        (pod({"state": {"terminated": {"reason": "Completed"}}}, RUNNING), ("1/2", "NotReady", "0")),
        (pod(phase="Pending"), ("0/0", "Pending", "0")),
        (pod(phase="Failed", reason="Evicted"), ("0/0", "Evicted", "0")),
        (
            pod(phase="Pending", conditions=[{"type": "PodScheduled", "reason": "SchedulingGated"}]),
            ("0/0", "SchedulingGated", "0"),
        ),
        (
            pod({**RUNNING, "restartCount": 3, "lastState": {"terminated": {"finishedAt": "2026-11-23T07:55:00Z"}}}),
            ("1/1", "Running", "3 (5m ago)"),
        ),
    ],
)
def test_a_pod_is_summed_up(value, expected):
    assert summary(value) == expected


def test_a_pod_that_is_being_initialised():
    waiting = pod({"state": {"waiting": {"reason": "PodInitializing"}}}, phase="Pending")
    waiting["spec"]["initContainers"] = [{"name": "i0"}, {"name": "i1"}]
    done, running = {"name": "i0", "state": {"terminated": {"exitCode": 0}}}, {"name": "i1", "state": {"running": {}}}
    waiting["status"]["initContainerStatuses"] = [done, running]
    assert summary(waiting) == ("0/1", "Init:1/2", "0")
    running["state"] = {"terminated": {"exitCode": 1, "reason": "Error"}}
    assert summary(waiting)[1] == "Init:Error"


def test_a_sidecar_counts_as_a_container():
    value = pod(RUNNING)
    value["spec"]["initContainers"] = [{"name": "s", "restartPolicy": "Always"}]
    value["status"]["initContainerStatuses"] = [{"name": "s", "started": True, "ready": True, "restartCount": 1}]
    assert summary(value) == ("2/2", "Running", "1")


def test_a_pod_that_is_being_deleted():
    value = {**pod(RUNNING), "metadata": {"deletionTimestamp": MADE}}
    assert summary(value)[1] == "Terminating"
    value["status"]["reason"] = "NodeLost"
    assert summary(value)[1] == "Unknown"


def test_a_node():
    value = {
        "metadata": {"labels": {"node-role.kubernetes.io/control-plane": "", "kubernetes.io/role": "infra"}},
        "spec": {"unschedulable": True},
        "status": {
            "conditions": [{"type": "Ready", "status": "Unknown"}],
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
            "nodeInfo": {"kubeletVersion": "v1.33.1"},
        },
    }
    assert list(cells("Node", value).values()) == [
        "n", "NotReady,SchedulingDisabled", "control-plane,infra", "60m", "v1.33.1", "10.0.0.1", "<none>",
        "<unknown>", "<unknown>", "<unknown>",
    ]  # fmt: skip


def test_an_event_of_the_old_and_of_the_new_kind():
    about = {"kind": "Pod", "name": "p"}
    old = {
        "involvedObject": about, "type": "Normal", "reason": "R", "message": " m\n", "count": 4,
        "firstTimestamp": MADE, "lastTimestamp": "2026-11-23T07:59:00Z", "source": {"component": "k", "host": "w"},
    }  # fmt: skip
    assert list(cells("Event", old).values()) == ["60s", "Normal", "R", "pod/p", "", "k, w", "m", "60m", 4, "n"]
    new = {"involvedObject": about, "eventTime": "2026-11-23T07:50:00.123456Z", "reportingComponent": "s"}
    found = cells("Event", new)
    assert [found[name] for name in ("Last Seen", "First Seen", "Count", "Source")] == ["9m59s", "9m59s", 1, "s"]


def test_a_snapshot_leaves_empty_what_its_definition_finds_nothing_for():
    value = {
        "spec": {"source": {"persistentVolumeClaimName": "c"}},
        "status": {"readyToUse": False, "creationTime": MADE},
    }
    assert list(cells("VolumeSnapshot", value).values()) == ["n", False, "c", None, None, None, None, "60m", "60m"]


@pytest.mark.parametrize("kind", sorted(COLUMNS))
@pytest.mark.parametrize("value", [{}, {"spec": None, "status": 3}, {"spec": [], "status": {"conditions": "x"}}])
def test_an_object_of_an_odd_shape_still_has_a_row(kind, value):
    assert cells(kind, value)


async def test_a_list_comes_as_a_table_with_what_was_asked_to_be_included():
    async with served(FIRST, at="50%") as api:
        leases = (await api.get(LEASES))["items"]
        table = await api.get(f"{LEASES}?limit=2", TABLE)
        assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
        assert table["metadata"]["remainingItemCount"] == len(leases) - 2
        head = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
        assert table["rows"][0]["object"] == {**head, "metadata": leases[0]["metadata"]}
        whole = await api.get(f"{LEASES}?includeObject=Object", TABLE)
        assert [row["object"] for row in whole["rows"]] == leases
        none = await api.get(f"{LEASES}?includeObject=None", TABLE)
        assert none["rows"][0]["object"] is None
        assert (await api.refused(f"{LEASES}?includeObject=All", Accept=TABLE))[0] == 400


async def test_ages_are_those_of_the_worlds_instant(small):
    from small_trace import claim

    small.observe(60, "ADDED", claim("a", 1, creationTimestamp="2026-11-23T07:00:30Z")).note(3600, "bookmark")
    async with served(small.ended(), at="+40s") as api:
        [row] = (await api.get(CLAIMS, TABLE))["rows"]
        assert row["cells"][7] == "70s"
