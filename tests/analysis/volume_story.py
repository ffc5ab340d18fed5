"""Lives of volumes for tests: what an API server tells of the objects, one revision after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from small_trace import SmallTrace, instant

Object = dict[str, Any]
STREAMS = {
    "CSIDriver": "storage.k8s.io/v1/csidrivers",
    "CSINode": "storage.k8s.io/v1/csinodes",
    "CSIStorageCapacity": "storage.k8s.io/v1/csistoragecapacities",
    "Event": "v1/events",
    "Lease": "coordination.k8s.io/v1/leases",
    "Node": "v1/nodes",
    "PersistentVolume": "v1/persistentvolumes",
    "PersistentVolumeClaim": "v1/persistentvolumeclaims",
    "Pod": "v1/pods",
    "StorageClass": "storage.k8s.io/v1/storageclasses",
    "VolumeAttachment": "storage.k8s.io/v1/volumeattachments",
    "VolumeSnapshot": "snapshot.storage.k8s.io/v1/volumesnapshots",
    "VolumeSnapshotContent": "snapshot.storage.k8s.io/v1/volumesnapshotcontents",
}
DRIVER = "block.example.com"
PROVISIONED = {"pv.kubernetes.io/provisioned-by": DRIVER}


class Told(NamedTuple):
    """One row of a stream, or with the type `rewound` a note about the object's stream."""

    type: str
    value: Object

    @property
    def stream(self) -> str:
        return STREAMS[self.value["kind"]]


class Story:
    """What is told, in the order of revisions; an object's revision and creation time follow from its place."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self._created: dict[str, str] = {}
        self._restored_at = 0

    def listed(self, *values: Object) -> Story:
        return self._tell("LISTED", values)

    def added(self, *values: Object) -> Story:
        return self._tell("ADDED", values)

    def changed(self, *values: Object) -> Story:
        return self._tell("MODIFIED", values)

    def deleted(self, *values: Object) -> Story:
        return self._tell("DELETED", values)

    def vanished(self, *values: Object) -> Story:
        return self._tell("VANISHED", values)

    def restored(self) -> Story:
        """From here on the server counts its revisions anew, and each stream that there was tells of it."""
        self._restored_at = len(self.told)
        self.told += [Told("rewound", told.value) for told in {told.stream: told for told in self.told}.values()]
        return self

    def _tell(self, type: str, values: Iterable[Object]) -> Story:
        for value in values:
            at = len(self.told) + 1
            created = self._created.setdefault(value["metadata"]["uid"], f"{instant(at):%Y-%m-%dT%H:%M:%SZ}")
            revision = str(at - self._restored_at)
            metadata = {"resourceVersion": revision, "creationTimestamp": created, **value["metadata"]}
            self.told.append(Told(type, {**value, "metadata": metadata}))
        return self

    def write(self, path: Path) -> Path:
        """The trace of a recorder that hears each row at once, a second apart."""
        return write(path, self.told)


def write(path: Path, told: Sequence[Told]) -> Path:
    """The trace of a recorder that hears the rows in this order."""
    trace = SmallTrace(path)
    for at, each in enumerate(told, start=1):
        if each.type == "rewound":
            trace.note(at, each.type, stream=each.stream)
        elif each.type == "VANISHED":
            trace.vanish(at, each.value, each.stream)
        else:
            trace.observe(at, each.type, each.value, each.stream)
    return trace.ended()


def made(kind: str, name: str, uid: str, namespace: str | None, **parts: Any) -> Object:
    metadata = {"name": name, "uid": uid, **parts.pop("metadata", {})}
    if namespace:
        metadata["namespace"] = namespace
    group = STREAMS[kind].rpartition("/")[0]
    return {"kind": kind, "apiVersion": group, "metadata": metadata, **parts}


def claim(
    name: str = "data", uid: str = "c1", phase: str = "Pending", volume: str | None = None, **parts: Any
) -> Object:
    """A claim in the namespace `shop`; `volume` is its spec.volumeName, `source` its (kind, name)."""
    spec: Object = {"volumeName": volume, "storageClassName": "fast"}
    if source := parts.pop("source", None):
        spec["dataSource"] = dict(zip(("kind", "name"), source, strict=True))
    return made("PersistentVolumeClaim", name, uid, "shop", spec=spec, status={"phase": phase}, **parts)


def volume(
    name: str = "pv-1",
    uid: str = "v1",
    phase: str = "Pending",
    claimed_by: tuple[str, str | None] | None = None,
    **parts: Any,
) -> Object:
    """A provisioned PersistentVolume; `claimed_by` is its claim's name and uid, `source` its volume source."""
    reference = claimed_by and {"namespace": "shop", "name": claimed_by[0], "uid": claimed_by[1]}
    source = parts.pop("source", {"csi": {"driver": DRIVER, "volumeHandle": f"handle-{name}"}})
    parts = {"metadata": {"annotations": PROVISIONED}, **parts}
    return made(
        "PersistentVolume", name, uid, None, spec={"claimRef": reference, **source}, status={"phase": phase}, **parts
    )


def static(*names: Any, **parts: Any) -> Object:
    """A PersistentVolume that an administrator made."""
    return volume(*names, metadata={}, **parts)


def pod(name: str = "db", uid: str = "p1", node: str | None = None, phase: str = "Pending", **parts: Any) -> Object:
    """A pod whose volume `d` is the claim `data`, or that has the given `volumes`."""
    volumes = parts.pop("volumes", [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}])
    return made("Pod", name, uid, "shop", spec={"nodeName": node, "volumes": volumes}, status={"phase": phase}, **parts)


def attachment(name: str = "csi-a", uid: str = "a1", of: str = "pv-1", node: str = "n1", **parts: Any) -> Object:
    spec = {"attacher": parts.pop("driver", DRIVER), "nodeName": node, "source": {"persistentVolumeName": of}}
    return made("VolumeAttachment", name, uid, None, spec=spec, **parts)


def node(
    name: str = "n1",
    uid: str = "n1",
    attached: Sequence[str] = (),
    in_use: Sequence[str] = (),
    annotations: Object | None = None,
) -> Object:
    """A node with the UniqueNames of what it lists as attached and as in use."""
    managed = {"volumes.kubernetes.io/controller-managed-attach-detach": "true"}
    status = {"volumesAttached": [{"name": each, "devicePath": ""} for each in attached], "volumesInUse": list(in_use)}
    return made("Node", name, uid, None, status=status, metadata={"annotations": annotations or managed})


def snapshot(name: str = "s", uid: str = "s1", of: str | None = "data", **parts: Any) -> Object:
    spec = {"source": {"persistentVolumeClaimName": of}}
    return made("VolumeSnapshot", name, uid, "shop", spec=spec, **parts)


def content(name: str, uid: str, of: str, handle: str) -> Object:
    """The content of the snapshot with the uid `of`."""
    reference = {"namespace": "shop", "name": "s", "uid": of}
    spec = {"driver": DRIVER, "volumeSnapshotRef": reference, "source": {"volumeHandle": handle}}
    return made("VolumeSnapshotContent", name, uid, None, spec=spec)


def bound(story: Story, name: str = "data", uid: str = "c1", of: str = "pv-1", of_uid: str = "v1") -> Story:
    """A claim that gets a provisioned volume: the writes of the provisioner and the PV controller in their order."""
    story.added(claim(name, uid), volume(of, of_uid, claimed_by=(name, uid)))
    return story.changed(
        volume(of, of_uid, "Bound", (name, uid)), claim(name, uid, volume=of), claim(name, uid, "Bound", of)
    )
