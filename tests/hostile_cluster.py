"""A volume that cannot be attached, in a cluster in which every text obeys somebody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from replay_driver import HOSTILE
from small_trace import CLAIMS, NODES, SmallTrace

_VOLUMES = "v1/persistentvolumes"
_PODS = "v1/pods"
_ATTACHMENTS = "storage.k8s.io/v1/volumeattachments"
_DRIVERS = "storage.k8s.io/v1/csidrivers"


def write_hostile(small: SmallTrace) -> Path:
    """A pod on a node wants a volume whose attachment fails, a log line and a gap in that log tell of it."""
    claimed = {"name": HOSTILE, "namespace": HOSTILE, "uid": "claim"}
    source = {"csi": {"driver": HOSTILE, "volumeHandle": HOSTILE}, "claimRef": claimed, "storageClassName": HOSTILE}
    pod_volumes = [{"name": HOSTILE, "persistentVolumeClaim": {"claimName": HOSTILE}}]
    of_volume = {"attacher": HOSTILE, "nodeName": HOSTILE, "source": {"persistentVolumeName": HOSTILE}}
    failed = {"attached": False, "attachError": {"message": HOSTILE, "time": "2026-11-23T07:00:06Z"}}
    for stream in (CLAIMS, NODES, _VOLUMES, _PODS, _ATTACHMENTS, _DRIVERS):
        small.note(0, "synced", stream=stream)
    _add(small, 1, _DRIVERS, "CSIDriver", spec={"attachRequired": True})
    _add(
        small,
        2,
        NODES,
        "Node",
        metadata={"annotations": {"volumes.kubernetes.io/controller-managed-attach-detach": "true"}},
    )
    _add(small, 3, CLAIMS, "PersistentVolumeClaim", "claim", spec={"volumeName": HOSTILE}, status={"phase": "Bound"})
    _add(small, 3, _VOLUMES, "PersistentVolume", "volume", spec=source, status={"phase": "Bound"})
    _add(small, 4, _PODS, "Pod", spec={"nodeName": HOSTILE, "volumes": pod_volumes}, status={"phase": "Pending"})
    _add(small, 5, _ATTACHMENTS, "VolumeAttachment", spec=of_volume, status=failed)
    log = f"log/{HOSTILE}/csi-0/uid-csi/{HOSTILE}/0"
    small.log(6, f"cannot attach {HOSTILE}", log).note(7, "gap", HOSTILE, log).log(8, HOSTILE, log)
    _add(small, 600, _DRIVERS, "CSIDriver", "later", metadata={"name": "later"})
    return small.ended()


def _add(small: SmallTrace, at: float, stream: str, kind: str, uid: str | None = None, **parts: Any) -> None:
    named = {"name": HOSTILE, "namespace": HOSTILE, "uid": uid or kind, "resourceVersion": str(int(at))}
    metadata = {**named, **parts.pop("metadata", {})}
    small.observe(at, "ADDED", {"kind": kind, "apiVersion": "v1", "metadata": metadata, **parts}, stream)
