"""Volumes with everything around them, each named after its place, so that one trace holds the faults of all rules."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple
from uuid import NAMESPACE_DNS, uuid5

from log_trace import Said, add_logs
from small_trace import SmallTrace, instant
from volume_story import DRIVER, STREAMS, Object, made

NODE = "lab-node-1"
END = 600
KUBELET = f"log/node/{NODE}//kubelet/0"
"""The log of that node's kubelet."""
HOLD = "external-attacher/block"


class Row(NamedTuple):
    """What a stream tells of an object, at that second."""

    at: float
    type: str
    value: Object


class Line(NamedTuple):
    """What the kubelet logs, at that second."""

    at: float
    text: str


Told = list[Row | Line]


def changed(value: Object, metadata: Object | None = None, status: Object | None = None, **spec: Any) -> Object:
    """The same object, with something else in it."""
    return {
        **value,
        "metadata": {**value["metadata"], **(metadata or {})},
        "spec": {**value.get("spec", {}), **spec},
        "status": {**value.get("status", {}), **(status or {})},
    }


def stamp(at: float) -> str:
    return f"{instant(at):%Y-%m-%dT%H:%M:%SZ}"


def leaving(value: Object, at: float, *finalizers: str) -> Object:
    """An object whose deletion was asked."""
    return changed(value, {"deletionTimestamp": stamp(at), "finalizers": list(finalizers)})


def event(at: float, about: Object, reason: str, message: str, by: str = "test", count: int = 1) -> Row:
    """An Event that is sent, or counted on, at that second."""
    metadata = about["metadata"]
    involved = {"kind": about["kind"], "name": metadata["name"], "uid": metadata["uid"]}
    name = f"{metadata['name']}.{reason}.{at if count == 1 else 0}"
    parts = {
        "involvedObject": involved | {"namespace": metadata.get("namespace", "default")},
        "reason": reason,
        "message": message,
        "type": "Warning",
        "source": {"component": by},
        "firstTimestamp": stamp(at),
        "lastTimestamp": stamp(at),
        "count": count,
    }
    return Row(at, "ADDED", made("Event", name, f"{name}-{metadata['uid']}", "shop", **parts))


class Place:
    """The objects around one volume, all named after it."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.pod_uid = str(uuid5(NAMESPACE_DNS, tag))
        self.unique = f"kubernetes.io/csi/{DRIVER}^h-{tag}"

    @property
    def label(self) -> str:
        return f"shop/{self.tag}"

    def claim(self, phase: str = "Bound", volume: str | None = "", **spec: Any) -> Object:
        """Its claim; `volume` is spec.volumeName, which a bound one has."""
        named = f"pv-{self.tag}" if phase == "Bound" else volume or None
        asked = {"storageClassName": "fast", "volumeName": named, "resources": {"requests": {"storage": "2Gi"}}}
        annotations = {"volume.kubernetes.io/storage-provisioner": DRIVER}
        if phase == "Bound":
            annotations["pv.kubernetes.io/bind-completed"] = "yes"
        metadata = {"annotations": annotations, "finalizers": ["kubernetes.io/pvc-protection"]}
        status = {"phase": phase, "capacity": {"storage": "2Gi"} if phase == "Bound" else None}
        return made(
            "PersistentVolumeClaim",
            self.tag,
            f"c-{self.tag}",
            "shop",
            metadata=metadata,
            spec={**asked, **spec},
            status=status,
        )

    def volume(self, phase: str = "Bound", **spec: Any) -> Object:
        """Its PersistentVolume."""
        own = {
            "claimRef": {"namespace": "shop", "name": self.tag, "uid": f"c-{self.tag}"},
            "csi": {"driver": DRIVER, "volumeHandle": f"h-{self.tag}"},
            "capacity": {"storage": "2Gi"},
            "storageClassName": "fast",
            "persistentVolumeReclaimPolicy": "Delete",
        }
        by = {"annotations": {"pv.kubernetes.io/provisioned-by": DRIVER}}
        return made(
            "PersistentVolume",
            f"pv-{self.tag}",
            f"v-{self.tag}",
            None,
            metadata=by,
            spec={**own, **spec},
            status={"phase": phase},
        )

    def pod(self, node: str | None = NODE, phase: str = "Pending", other: str = "", **source: Any) -> Object:
        """A pod that uses it, or with a volume source of its own."""
        volumes = [{"name": "d", **(source or {"persistentVolumeClaim": {"claimName": self.tag}})}]
        uid = str(uuid5(NAMESPACE_DNS, self.tag + other)) if other else self.pod_uid
        spec = {"nodeName": node, "volumes": volumes}
        state = {"running": {"startedAt": stamp(3)}} if phase == "Running" else {"waiting": {"reason": "x"}}
        status = {"phase": phase, "containerStatuses": [{"name": "app", "state": state, "restartCount": 0}]}
        return made("Pod", f"{self.tag}{other}", uid, "shop", spec=spec, status=status if node else {"phase": phase})

    def attachment(self, node: str = NODE, **status: Any) -> Object:
        """Its VolumeAttachment, which an attacher has taken up."""
        spec = {"attacher": DRIVER, "nodeName": node, "source": {"persistentVolumeName": f"pv-{self.tag}"}}
        return made(
            "VolumeAttachment",
            f"csi-{self.tag}-{node}",
            f"a-{self.tag}-{node}",
            None,
            metadata={"finalizers": [HOLD]},
            spec=spec,
            status={"attached": False, **status},
        )

    def bound(self) -> Told:
        """It is there, bound, and a pod on the node wants it."""
        return [Row(1, "ADDED", self.volume()), Row(1, "ADDED", self.claim()), Row(2, "ADDED", self.pod())]

    def fails_to_mount(self, message: str) -> Told:
        return [*self.bound(), *(event(at, self.pod(), "FailedMount", message, "kubelet", at) for at in (3, 9, 21))]

    def fails_to_provision(self, *messages: str, **spec: Any) -> Told:
        claim = self.claim("Pending", **spec)
        said = (
            event(5 + 2 * at, claim, "ProvisioningFailed", text, f"{DRIVER}_csi-0_uid")
            for at, text in enumerate(messages)
        )
        return [Row(1, "ADDED", claim), *said]

    def fails_to_attach(self, message: str) -> Told:
        error = {"message": message, "time": stamp(6)}
        return [
            *self.bound(),
            Row(4, "ADDED", self.attachment()),
            Row(6, "MODIFIED", self.attachment(attachError=error)),
        ]

    def cannot_be_placed(self, message: str, claim: Object, *others: Object) -> Told:
        pod = self.pod(None)
        return [
            *(Row(1, "ADDED", each) for each in (claim, *others)),
            Row(2, "ADDED", pod),
            event(3, pod, "FailedScheduling", f"0/1 nodes are available: 1 {message}.", "default-scheduler"),
        ]

    def on_node(self, chosen: str) -> Object:
        """Its pending claim, for which the scheduler chose a node."""
        claim = self.claim("Pending")
        selected = {"volume.kubernetes.io/selected-node": chosen}
        return changed(claim, {"annotations": claim["metadata"]["annotations"] | selected})

    def snapshot(self, error: str | None = None, ready: bool = False) -> Object:
        spec = {"source": {"persistentVolumeClaimName": self.tag}}
        status = {"readyToUse": ready, "error": error and {"message": error}}
        return made("VolumeSnapshot", f"s-{self.tag}", f"s-{self.tag}", "shop", spec=spec, status=status)

    def failed(self, verb: str, error: str, of_pod: bool = True) -> str:
        """The kubelet's line about an operation that failed."""
        pod = self.pod_uid if of_pod else ""
        return (
            f'Operation for "{{volumeName:{self.unique} podName:{pod} nodeName:}}" failed. No retries permitted until'
            f" 2026-11-23 07:00:11.2 +0000 UTC m=+1.2 (durationBeforeRetry 500ms). Error: {verb} failed for volume"
            f' "{self.unique}" (UniqueName: "{self.unique}") pod "{pod}" (UID: "{pod}") : {error}'
        )

    def unmounted(self) -> str:
        return (
            f'UnmountVolume.TearDown succeeded for volume "{self.unique}" (OuterVolumeSpecName: "d") pod'
            f' "{self.pod_uid}" (UID: "{self.pod_uid}"). InnerVolumeSpecName "pv-{self.tag}"'
        )

    def calls(self, at: float, method: str, done: str) -> Told:
        """A call of the kubelet's to the driver, and that it succeeded."""
        path = f"/var/lib/kubelet/pods/{self.pod_uid}/volumes/kubernetes.io~csi/pv-{self.tag}/mount"
        return [
            Line(at, f'"kubernetes.io/csi: calling {method} rpc" volID="h-{self.tag}" targetPath="{path}"'),
            Line(
                at + 0.5,
                f'{done} succeeded for volume "pv-{self.tag}" (UniqueName: "{self.unique}")'
                f' pod "{self.tag}" (UID: "{self.pod_uid}")',
            ),
        ]


def cluster() -> Told:
    """What all of them have in common: a node, a class, and a driver that is at work."""
    drivers = {"drivers": [{"name": DRIVER, "nodeID": NODE, "allocatable": {"count": 99}}]}
    return [
        Row(0, "ADDED", ready(NODE)),
        Row(0, "ADDED", made("CSIDriver", DRIVER, "d-1", None, spec={"attachRequired": True})),
        Row(0, "ADDED", made("CSINode", NODE, "csinode-1", None, spec=drivers)),
        Row(
            0, "ADDED", made("StorageClass", "fast", "fast-1", None, provisioner=DRIVER, volumeBindingMode="Immediate")
        ),
    ]


def ready(name: str, status: str = "True") -> Object:
    """A node whose Ready condition says so."""
    managed = {"volumes.kubernetes.io/controller-managed-attach-detach": "true"}
    metadata = {"annotations": managed, "labels": {"zone": "a"}}
    return made(
        "Node", name, f"n-{name}", None, metadata=metadata, status={"conditions": [{"type": "Ready", "status": status}]}
    )


def lease(driver: str, at: float) -> Row:
    """A renewal of the lease of a driver's attacher."""
    name = f"external-attacher-leader-{driver.replace('.', '-')}"
    spec = {"holderIdentity": "csi-0", "renewTime": f"{instant(at):%Y-%m-%dT%H:%M:%S.%fZ}"}
    return Row(at, "MODIFIED" if at else "ADDED", made("Lease", name, name, "csi", spec=spec))


def write(path: Path, told: Told, without: Collection[str] = ()) -> Path:
    """The trace of a recorder that watched all of it up to END, but for the streams that it is `without`."""
    trace = SmallTrace(path)
    watched = [stream for stream in STREAMS.values() if stream not in without]
    for stream in watched:
        trace.note(0, "synced", stream=stream)
    rows = sorted((each for each in told if isinstance(each, Row)), key=lambda row: row.at)
    for version, (at, type, value) in enumerate(rows, start=1):
        metadata = {"resourceVersion": str(version), "creationTimestamp": stamp(at), **value["metadata"]}
        if (stream := STREAMS[value["kind"]]) in watched:
            trace.observe(at, type, {**value, "metadata": metadata}, stream)
    for stream in watched:
        trace.note(END, "bookmark", stream=stream)
    trace.ended()
    if KUBELET in without:
        return path
    lines = [each for each in told if isinstance(each, Line)]
    clock = (f"{instant(at):I%m%d %H:%M:%S.%f}" for at, _ in lines)
    return add_logs(
        path,
        [
            Said(round(instant(line.at).timestamp() * 1e6), KUBELET, f"{at}    1 x.go:1] {line.text}")
            for at, line in zip(clock, lines, strict=True)
        ],
    )
