"""The columns that kubectl prints for each kind, a row each; adding a kind is adding a row.

Built-in kinds as in Kubernetes 1.36's pkg/printers/internalversion, the snapshot kinds as their definitions'
additionalPrinterColumns say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracer.lifting import path_steps
from tracer.playback import pod_cells
from tracer.playback.ages import age

Object = dict[str, Any]
Cell = Callable[[Object, datetime], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a kind's table."""

    name: str
    cell: Cell
    type: str = "string"
    wide: bool = False
    """Shown with `-o wide` only."""
    format: str = ""


def _at(value: Any, path: str) -> Any:
    for step in path_steps(path):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _text(name: str, path: str, missing: Any = "", *, wide: bool = False, type: str = "string") -> Column:
    def cell(obj: Object, _now: datetime) -> Any:
        value = _at(obj, path)
        return missing if value in (None, "") else value

    return Column(name, cell, type, wide)


def _value(name: str, path: str, type: str = "string") -> Column:
    """As a definition's printer column: nothing where there is no value."""
    return _text(name, path, None, type=type)


def _count(name: str, path: str) -> Column:
    return Column(name, lambda obj, _now: len(_at(obj, path) or ()), "integer")


def _flag(name: str, path: str, missing: bool = False) -> Column:
    return _text(name, path, missing, type="boolean")


def _age(name: str = "Age", path: str = "metadata.creationTimestamp", *, type: str = "string") -> Column:
    return Column(name, lambda obj, now: age(_at(obj, path), now), type)


def _date(name: str, path: str) -> Column:
    def cell(obj: Object, now: datetime) -> Any:
        stamp = _at(obj, path)
        return None if stamp is None else age(stamp, now)

    return Column(name, cell, "date")


_NAME = Column("Name", lambda obj, _now: _at(obj, "metadata.name") or "", format="name")
_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
_BETA_CLASS = "metadata.annotations[volume.beta.kubernetes.io/storage-class]"
_DEFAULT_CLASS = (
    "metadata.annotations[storageclass.kubernetes.io/is-default-class]",
    "metadata.annotations[storageclass.beta.kubernetes.io/is-default-class]",
)


def _modes(obj: Object, path: str) -> str:
    modes = _at(obj, path) or ()
    return ",".join(short for mode, short in _MODES.items() if mode in modes)


def _phase(obj: Object, _now: datetime) -> str:
    return "Terminating" if _at(obj, "metadata.deletionTimestamp") else _at(obj, "status.phase") or ""


def _claim_of(obj: Object, _now: datetime) -> str:
    claim = _at(obj, "spec.claimRef")
    return f"{claim.get('namespace') or ''}/{claim.get('name') or ''}" if isinstance(claim, dict) else ""


def _class_of(obj: Object, _now: datetime) -> str:
    beta = _at(obj, _BETA_CLASS)
    return beta if beta is not None else _at(obj, "spec.storageClassName") or ""


def _when_bound(cell: Callable[[Object], str]) -> Cell:
    return lambda obj, _now: cell(obj) if _at(obj, "spec.volumeName") else ""


def _class_name(obj: Object, _now: datetime) -> str:
    is_default = any(_at(obj, path) == "true" for path in _DEFAULT_CLASS)
    return f"{_at(obj, 'metadata.name')}{' (default)' if is_default else ''}"


def _joined(path: str, missing: str, key: str | None = None) -> Cell:
    def cell(obj: Object, _now: datetime) -> str:
        values = _at(obj, path)
        named = [str((each or {}).get(key) or "") if key else str(each) for each in values or ()]
        return ",".join(named) if named or (values is not None and key) else missing

    return cell


def _node_status(obj: Object, _now: datetime) -> str:
    known = {each.get("type"): each.get("status") for each in _at(obj, "status.conditions") or ()}
    words = [("Ready" if known["Ready"] == "True" else "NotReady") if "Ready" in known else "Unknown"]
    return ",".join([*words, "SchedulingDisabled"] if _at(obj, "spec.unschedulable") else words)


def _node_roles(obj: Object, _now: datetime) -> str:
    labels = _at(obj, "metadata.labels") or {}
    prefix = "node-role.kubernetes.io/"
    roles = {key.removeprefix(prefix) for key in labels if key.startswith(prefix)} | {labels.get("kubernetes.io/role")}
    return ",".join(sorted(role for role in roles if role)) or "<none>"


def _address(kind: str) -> Cell:
    def cell(obj: Object, _now: datetime) -> str:
        addresses = _at(obj, "status.addresses") or ()
        return next((str(each.get("address")) for each in addresses if each.get("type") == kind), "<none>")

    return cell


def _pod_ip(obj: Object, _now: datetime) -> str:
    addresses = _at(obj, "status.podIPs") or ()
    return str(addresses[0].get("ip") or "<none>") if addresses else "<none>"


def _first_seen(obj: Object, now: datetime) -> str:
    return age(obj.get("firstTimestamp") or obj.get("eventTime"), now)


def _last_seen(obj: Object, now: datetime) -> str:
    if isinstance(obj.get("series"), dict):
        return age(obj["series"].get("lastObservedTime"), now)
    return age(obj["lastTimestamp"], now) if obj.get("lastTimestamp") else _first_seen(obj, now)


def _event_count(obj: Object, _now: datetime) -> int:
    series = obj.get("series")
    return int((series.get("count") if isinstance(series, dict) else obj.get("count") or 1) or 0)


def _about(obj: Object, _now: datetime) -> str:
    kind, name = (_at(obj, f"involvedObject.{each}") or "" for each in ("kind", "name"))
    return f"{kind.lower()}/{name}" if name else kind.lower()


def _event_source(obj: Object, _now: datetime) -> str:
    component = _at(obj, "source.component") or obj.get("reportingComponent") or ""
    instance = _at(obj, "source.host") or obj.get("reportingInstance") or ""
    return f"{component}, {instance}" if instance else component


def _message(obj: Object, _now: datetime) -> str:
    return str(obj.get("message") or "").strip()


def _replicas(obj: Object, _now: datetime) -> str:
    return f"{_at(obj, 'status.readyReplicas') or 0}/{_at(obj, 'spec.replicas') or 0}"


_CLASS = Column("StorageClass", _class_of)
_VAC = _text("VolumeAttributesClass", "spec.volumeAttributesClassName", "<unset>")
_VOLUME_MODE = _text("VolumeMode", "spec.volumeMode", "<unset>", wide=True)
_SNAPSHOT_AGE = _date("Age", "metadata.creationTimestamp")
_READY_TO_USE = _value("ReadyToUse", "status.readyToUse", "boolean")
_SNAPSHOT_CLASS = (_NAME, _value("Driver", "driver"), _value("DeletionPolicy", "deletionPolicy"), _SNAPSHOT_AGE)
DEFAULT = (_NAME, _age())

COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "PersistentVolumeClaim": (
        _NAME,
        Column("Status", _phase),
        _text("Volume", "spec.volumeName"),
        Column("Capacity", _when_bound(lambda obj: _at(obj, "status.capacity.storage") or "0")),
        Column("Access Modes", _when_bound(lambda obj: _modes(obj, "status.accessModes"))),
        _CLASS,
        _VAC,
        _age(),
        _VOLUME_MODE,
    ),
    "PersistentVolume": (
        _NAME,
        _text("Capacity", "spec.capacity.storage", "0"),
        Column("Access Modes", lambda obj, _now: _modes(obj, "spec.accessModes")),
        _text("Reclaim Policy", "spec.persistentVolumeReclaimPolicy"),
        Column("Status", _phase),
        Column("Claim", _claim_of),
        _CLASS,
        _VAC,
        _text("Reason", "status.reason"),
        _age(),
        _VOLUME_MODE,
    ),
    "VolumeAttachment": (
        _NAME,
        _text("Attacher", "spec.attacher"),
        _text("PV", "spec.source.persistentVolumeName"),
        _text("Node", "spec.nodeName"),
        _flag("Attached", "status.attached"),
        _age(),
    ),
    "StorageClass": (
        Column("Name", _class_name, format="name"),
        _text("Provisioner", "provisioner"),
        _text("ReclaimPolicy", "reclaimPolicy", "Delete"),
        _text("VolumeBindingMode", "volumeBindingMode", "Immediate"),
        _flag("AllowVolumeExpansion", "allowVolumeExpansion"),
        _age(),
    ),
    "VolumeAttributesClass": (_NAME, _text("DriverName", "driverName"), _age()),
    "CSINode": (_NAME, _count("Drivers", "spec.drivers"), _age()),
    "CSIDriver": (
        _NAME,
        _flag("AttachRequired", "spec.attachRequired", True),
        _flag("PodInfoOnMount", "spec.podInfoOnMount"),
        _flag("StorageCapacity", "spec.storageCapacity"),
        Column("TokenRequests", _joined("spec.tokenRequests", "<unset>", "audience")),
        _flag("RequiresRepublish", "spec.requiresRepublish"),
        Column("Modes", _joined("spec.volumeLifecycleModes", "<none>")),
        _age(),
    ),
    "CSIStorageCapacity": (
        _NAME,
        _text("StorageClassName", "storageClassName"),
        _text("Capacity", "capacity", "<unset>"),
    ),
    "Pod": (
        _NAME,
        Column("Ready", pod_cells.ready),
        Column("Status", pod_cells.status),
        Column("Restarts", pod_cells.restarts),
        _age(),
        Column("IP", _pod_ip, wide=True),
        _text("Node", "spec.nodeName", "<none>", wide=True),
        _text("Nominated Node", "status.nominatedNodeName", "<none>", wide=True),
        Column("Readiness Gates", pod_cells.readiness_gates, wide=True),
    ),
    "Node": (
        _NAME,
        Column("Status", _node_status),
        Column("Roles", _node_roles),
        _age(),
        _text("Version", "status.nodeInfo.kubeletVersion"),
        Column("Internal-IP", _address("InternalIP"), wide=True),
        Column("External-IP", _address("ExternalIP"), wide=True),
        _text("OS-Image", "status.nodeInfo.osImage", "<unknown>", wide=True),
        _text("Kernel-Version", "status.nodeInfo.kernelVersion", "<unknown>", wide=True),
        _text("Container-Runtime", "status.nodeInfo.containerRuntimeVersion", "<unknown>", wide=True),
    ),
    "Event": (
        Column("Last Seen", _last_seen),
        _text("Type", "type"),
        _text("Reason", "reason"),
        Column("Object", _about),
        _text("Subobject", "involvedObject.fieldPath", wide=True),
        Column("Source", _event_source, wide=True),
        Column("Message", _message),
        Column("First Seen", _first_seen, wide=True),
        Column("Count", _event_count, "integer", wide=True),
        Column("Name", _NAME.cell, wide=True, format="name"),
    ),
    "Namespace": (_NAME, _text("Status", "status.phase"), _age()),
    "StatefulSet": (
        _NAME,
        Column("Ready", _replicas),
        _age(),
        Column("Containers", _joined("spec.template.spec.containers", "", "name"), wide=True),
        Column("Images", _joined("spec.template.spec.containers", "", "image"), wide=True),
    ),
    "Lease": (_NAME, _text("Holder", "spec.holderIdentity"), _age()),
    "CustomResourceDefinition": (_NAME, _text("Created At", "metadata.creationTimestamp", type="date")),
    "VolumeSnapshot": (
        _NAME,
        _READY_TO_USE,
        _value("SourcePVC", "spec.source.persistentVolumeClaimName"),
        _value("SourceSnapshotContent", "spec.source.volumeSnapshotContentName"),
        _value("RestoreSize", "status.restoreSize"),
        _value("SnapshotClass", "spec.volumeSnapshotClassName"),
        _value("SnapshotContent", "status.boundVolumeSnapshotContentName"),
        _date("CreationTime", "status.creationTime"),
        _SNAPSHOT_AGE,
    ),
    "VolumeSnapshotContent": (
        _NAME,
        _READY_TO_USE,
        _value("RestoreSize", "status.restoreSize", "integer"),
        _value("DeletionPolicy", "spec.deletionPolicy"),
        _value("Driver", "spec.driver"),
        _value("VolumeSnapshotClass", "spec.volumeSnapshotClassName"),
        _value("VolumeSnapshot", "spec.volumeSnapshotRef.name"),
        _value("VolumeSnapshotNamespace", "spec.volumeSnapshotRef.namespace"),
        _SNAPSHOT_AGE,
    ),
    "VolumeSnapshotClass": _SNAPSHOT_CLASS,
    "VolumeGroupSnapshot": (
        _NAME,
        _READY_TO_USE,
        _value("VolumeGroupSnapshotClass", "spec.volumeGroupSnapshotClassName"),
        _value("VolumeGroupSnapshotContent", "status.boundVolumeGroupSnapshotContentName"),
        _date("CreationTime", "status.creationTime"),
        _SNAPSHOT_AGE,
    ),
    "VolumeGroupSnapshotContent": (
        _NAME,
        _READY_TO_USE,
        _value("DeletionPolicy", "spec.deletionPolicy"),
        _value("Driver", "spec.driver"),
        _value("VolumeGroupSnapshotClass", "spec.volumeGroupSnapshotClassName"),
        _value("VolumeGroupSnapshotNamespace", "spec.volumeGroupSnapshotRef.namespace"),
        _value("VolumeGroupSnapshot", "spec.volumeGroupSnapshotRef.name"),
        _SNAPSHOT_AGE,
    ),
    "VolumeGroupSnapshotClass": _SNAPSHOT_CLASS,
}
"""Kind -> its columns; a kind without an entry has `DEFAULT`."""
