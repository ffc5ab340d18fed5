"""The rules F19 to F36: each with a trace in which it must fire, and a look-alike in which it must not."""

# ruff: noqa: E501
from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from log_trace import Said, add_logs
from small_trace import SmallTrace, instant
from volume_story import DRIVER, STREAMS, Object, attachment, claim, node, pod, snapshot, volume

from analysis import Trace
from analysis.rulebook import read_rules

Row = tuple[float, str, Object]
POD = "11111111-2222-3333-4444-555555555555"
UNIQUE = f"kubernetes.io/csi/{DRIVER}^handle-pv-1"
KUBELET = "log/node/n1//kubelet/0"
USED = [
    (1, "ADDED", node()),
    (1, "ADDED", volume("pv-1", "v1", "Bound", ("data", "c1"))),
    (1, "ADDED", claim("data", "c1", "Bound", "pv-1")),
    (2, "ADDED", pod("db", POD, "n1")),
]
RUNNING = pod("db", POD, "n1", "Running")
FAILED = f'Operation for "{{volumeName:{UNIQUE} podName:%s nodeName:}}" failed. No retries permitted until 2026-11-23 07:00:11.2 +0000 UTC m=+1.2 (durationBeforeRetry 500ms). Error: %s'


def event(reason: str, message: str, of: Object, count: int = 1) -> Object:
    """An Event about an object."""
    meta = of["metadata"]
    about = {"kind": of["kind"], "name": meta["name"], "namespace": meta.get("namespace", ""), "uid": meta["uid"]}
    return {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {"name": f"{meta['name']}.{reason}", "namespace": "shop", "uid": f"{meta['uid']}-{reason}"},
        "involvedObject": about,
        "reason": reason,
        "message": message,
        "count": count,
        "type": "Warning",
        "source": {"component": "test"},
    }


def changed(value: Object, metadata: Object | None = None, status: Object | None = None, **spec: Any) -> Object:
    """The same object, with something else in it."""
    return {
        **value,
        "metadata": {**value["metadata"], **(metadata or {})},
        "spec": {**value.get("spec", {}), **spec},
        "status": {**value.get("status", {}), **(status or {})},
    }


def leaving(value: Object, at: float, *finalizers: str) -> Object:
    return changed(value, {"deletionTimestamp": f"{instant(at):%Y-%m-%dT%H:%M:%SZ}", "finalizers": list(finalizers)})


def failed_mount(message: str) -> list[Row]:
    return [
        *USED,
        *((at, "ADDED", event("FailedMount", message, RUNNING, at)) for at in (3, 9)),
        (30, "ADDED", node("n2", "n2")),
    ]


def told(*versions: Row) -> list[Row]:
    return [*USED, *versions, (400, "ADDED", node("n2", "n2"))]


def kept(policy: str) -> Object:
    return changed(volume("pv-1", "v1", "Released", ("data", "c1")), persistentVolumeReclaimPolicy=policy)


def resized(status: str | None, condition: str | None = None) -> Object:
    conditions = [{"type": condition, "status": "True", "message": "code = OutOfRange"}] if condition else []
    return changed(
        claim("data", "c1", "Bound", "pv-1"),
        status={
            "capacity": {"storage": "1Gi"},
            "allocatedResourceStatuses": status and {"storage": status},
            "conditions": conditions,
        },
        resources={"requests": {"storage": "2Gi"}},
    )


def cut(error: str | None, ready: bool = False) -> Object:
    return changed(snapshot(), status={"readyToUse": ready, "error": error and {"message": error}})


VA = attachment()
CLAIM = claim("data", "c1", "Bound", "pv-1")
PV = volume("pv-1", "v1", "Released", ("data", "c1"))
HELD = leaving(VA, 5, "external-attacher/block-example-com")
REFUSED = changed(
    HELD, status={"attached": True, "detachError": {"time": "2026-11-23T07:00:06Z", "message": "no such vm"}}
)
NOT_LISTED = f"driver name {DRIVER} not found in the list of registered CSI drivers"
SETUP = 'MountVolume.SetUp failed for volume "pv-1" : '

FIRES: dict[str, list[Row]] = {
    "F19": told((3, "ADDED", VA), (5, "MODIFIED", HELD), (6, "MODIFIED", REFUSED)),
    "F20": failed_mount(SETUP + NOT_LISTED),
    "F21": failed_mount(
        SETUP + "mount failed: exit status 32\nOutput: mount: /x: wrong fs type, bad option, bad superblock on /dev/b."
    ),
    "F24": told(
        (
            3,
            "ADDED",
            event(
                "VolumePermissionChangeInProgress",
                f"Setting volume ownership for {POD}/volumes/kubernetes.io~csi/pv-1/mount is taking longer than expected, processed 12 files.",
                RUNNING,
            ),
        )
    ),
    "F25": failed_mount(
        'Unable to attach or mount volumes: waiting for unmount of volume "pv-1", because it is already mounted to a different pod with a different SELinux label'
    ),
    "F26": failed_mount(SETUP + 'secret "s" not found'),
    "F27": failed_mount(
        SETUP
        + "mount failed: exit status 32\nMounting arguments: -t nfs a:/b /x\nOutput: mount.nfs: Connection timed out"
    ),
    "F31": told((3, "MODIFIED", RUNNING), (5, "MODIFIED", leaving(CLAIM, 5, "kubernetes.io/pvc-protection"))),
    "F32": told((5, "MODIFIED", kept("Retain"))),
    "F33": told(
        (4, "MODIFIED", PV),
        (5, "ADDED", event("VolumeFailedDelete", "rpc error: code = Internal desc = has snapshots", PV)),
    ),
    "F34": told((5, "DELETED", PV), (6, "MODIFIED", claim("data", "c1", "Lost", "pv-1"))),
    "F35": told((5, "MODIFIED", resized("ControllerResizeInfeasible", "ControllerResizeError"))),
    "F36": told((5, "ADDED", snapshot()), (6, "MODIFIED", cut("no such class"))),
}
SILENT: dict[str, list[Row]] = {
    # Gone after half a minute, without an error.
    "F19": told((3, "ADDED", VA), (5, "MODIFIED", HELD), (35, "DELETED", HELD)),
    "F20": failed_mount(SETUP + "rpc error: code = Unavailable desc = connection refused"),
    "F21": FIRES["F27"],
    "F24": told((3, "MODIFIED", RUNNING)),
    "F25": told((3, "ADDED", event("Failed", "Failed to pull image: context deadline exceeded", RUNNING))),
    # A kubelet that has only just begun.
    "F26": failed_mount(SETUP + 'object "shop"/"s" not registered'),
    "F27": FIRES["F21"],
    # A pod that has been asked to go.
    "F31": told(
        (3, "MODIFIED", leaving(RUNNING, 33)),
        (5, "MODIFIED", leaving(CLAIM, 5, "kubernetes.io/pvc-protection")),
        (35, "DELETED", RUNNING),
        (36, "DELETED", CLAIM),
    ),
    "F32": told((5, "MODIFIED", kept("Delete"))),
    "F33": told(
        (4, "MODIFIED", PV),
        (5, "ADDED", event("VolumeFailedDelete", "persistentvolume pv-1 is still attached to node n1", PV)),
        (65, "DELETED", PV),
    ),
    "F34": told((5, "DELETED", CLAIM), (6, "MODIFIED", PV)),
    # The kubelet comes round to it.
    "F35": told(
        (3, "MODIFIED", RUNNING),
        (5, "MODIFIED", resized("NodeResizePending", "FileSystemResizePending")),
        (85, "MODIFIED", changed(resized(None), status={"capacity": {"storage": "2Gi"}})),
    ),
    "F36": told((5, "ADDED", snapshot()), (7, "MODIFIED", cut(None, ready=True))),
}
DEVICE = FAILED % (
    "",
    'GetDeviceMountRefs check failed for volume "pv-1" : the device mount path "/g" is still mounted by other references [/x]',
)
TEARDOWN = FAILED % (
    POD,
    f'UnmountVolume.TearDown failed for volume "{UNIQUE}" (UniqueName: "{UNIQUE}") pod "{POD}" (UID: "{POD}") : rpc error: code = Internal desc = target is busy',
)
UNMOUNTED = f'UnmountVolume.TearDown succeeded for volume "{UNIQUE}" (OuterVolumeSpecName: "d") pod "{POD}" (UID: "{POD}"). InnerVolumeSpecName "pv-1"'
ORPHAN = f'"There were many similar errors. Turn up verbosity to see them." err="orphaned pod \\"{POD}\\" found, but failed to rmdir() volume at path /p: directory not empty" numErrs=2'
LOGGED = {
    # Rule: what makes it fire, what looks like it.
    "F22": ([(10, DEVICE), (12, DEVICE)], [(10, TEARDOWN), (12, UNMOUNTED)]),
    "F28": ([(10, TEARDOWN), (12, TEARDOWN)], [(10, TEARDOWN), (11, UNMOUNTED)]),
    "F29": ([(10, ORPHAN), (12, ORPHAN)], [(10, '"Orphaned pod found, but volumes are not cleaned up"')]),
}


def write(path: Path, rows: Iterable[Row]) -> Path:
    trace = SmallTrace(path)
    streams = {**STREAMS, "Event": "v1/events"}
    for version, (at, type, value) in enumerate(rows, start=1):
        meta = {
            "resourceVersion": str(version),
            "creationTimestamp": f"{instant(at):%Y-%m-%dT%H:%M:%SZ}",
            **value["metadata"],
        }
        trace.observe(at, type, {**value, "metadata": meta}, streams[value["kind"]])
    return trace.ended()


def found(trace: Trace, rule: str) -> list[tuple[Any, ...]]:
    """Volume, sentence and evidence of what a rule finds: asked of itself, which builds what it reads and no more."""
    return trace.sql(f"select volume_id, sentence, evidence from _{rule.lower()}").rows()


@pytest.mark.parametrize("rule", FIRES)
def test_a_rule_fires_and_tells_its_volume(rule: str, tmp_path: Path, ask: Callable[[Path], Trace]):
    told = found(ask(write(tmp_path / "t.trace", FIRES[rule])), rule)
    assert {volume_id for volume_id, _, _ in told} == {"v1"}
    assert all("?" not in sentence and evidence for _, sentence, evidence in told)


@pytest.mark.parametrize("rule", SILENT)
def test_a_look_alike_does_not_make_it_fire(rule: str, tmp_path: Path, ask: Callable[[Path], Trace]):
    assert not found(ask(write(tmp_path / "t.trace", SILENT[rule])), rule)


@pytest.mark.parametrize("rule", LOGGED)
@pytest.mark.parametrize("fires", [True, False])
def test_what_only_the_kubelet_tells(rule: str, fires: bool, tmp_path: Path, ask: Callable[[Path], Trace]):
    path = write(tmp_path / "t.trace", told())
    lines = LOGGED[rule][0 if fires else 1]
    add_logs(
        path,
        [
            Said(round(instant(at).timestamp() * 1e6), KUBELET, f"E1123 07:00:{at:02}.000000    1 x.go:1] {line}")
            for at, line in lines
        ],
    )
    assert bool(found(ask(path), rule)) is fires


def test_without_what_they_need_they_cannot_be_decided(tmp_path: Path, ask: Callable[[Path], Trace]):
    # A node, and nothing else.
    trace = ask(write(tmp_path / "t.trace", [(1, "ADDED", node())]))
    missing = set(trace.sql("select rule from undecidable")["rule"])
    assert missing >= {rule.id for rule in read_rules() if rule.id >= "F19"}
