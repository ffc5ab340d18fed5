"""Only storage matters: which objects are kept, and the count of those that are not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from tracer.components import components
from tracer.facts import pod_volumes
from tracer.kinds import Keep
from tracer.lifting import Lifter

STORAGE_REASON = re.compile(
    r"Volume|Mount|Attach|Detach|Provision|Snapshot|Resiz|Expan|Claim|Schedul|Preempt|Storage|CSI|FileSystem"
    r"|WaitFor|NodeReady|NodeNotReady|NodeNotSchedulable|NodeHasDiskPressure|Evict|TaintManager|Binding|Recycl|Modify"
    r"|MultiAttach|DeletingNode|RemovingNode|Rebooted|Shutdown|LeaderElection|Unmap|MapVolume"
)
"""Reasons of Events that tell about storage or scheduling, whatever object they are about."""

_STORAGE_KINDS = {
    "PersistentVolumeClaim",
    "PersistentVolume",
    "VolumeAttachment",
    "StorageClass",
    "CSINode",
    "CSIDriver",
    "CSIStorageCapacity",
    "VolumeAttributesClass",
    "VolumeSnapshot",
    "VolumeSnapshotContent",
    "VolumeSnapshotClass",
    "VolumeGroupSnapshot",
    "VolumeGroupSnapshotContent",
    "VolumeGroupSnapshotClass",
    "StatefulSet",
    "Node",
}
_LEASE_NAME = re.compile(r"csi|external-|snapshot|provisioner|attacher|resizer|driver")
_CONTROLLERS = {"kube-controller-manager", "kube-scheduler"}
_NODE_HEARTBEATS = "kube-node-lease"


class Relevance:
    """Decides what is kept; remembers which pods are, since Events and Leases follow them."""

    def __init__(
        self,
        *,
        all_events: bool = False,
        filtered: Mapping[str, Mapping[str, int]] | None = None,
        wanted: Callable[[Mapping[str, str] | None], bool] = lambda labels: False,
        drivers: Collection[str] = (),
    ) -> None:
        """`filtered` are the counts to go on from, `drivers` the CSI drivers that are known already.

        `wanted` says of a pod's labels that it is kept whatever it is.
        """
        self.filtered = {stream: Counter(counts) for stream, counts in (filtered or {}).items()}
        """Stream -> why -> how many observations were left out."""
        self.drivers = set(drivers)
        """Names of the cluster's CSI drivers, as far as they are known yet."""
        self._all_events = all_events
        self._wanted = wanted
        self._other_pods: set[str] = set()
        """UIDs of pods that storage does not touch."""
        self._component_pods: set[str] = set()
        """Names of pods that run CSI components."""
        self._judges = {
            Keep.STORAGE_PODS: self._pod,
            Keep.STORAGE_EVENTS: self._event,
            Keep.COMPONENT_LEASES: self._lease,
            Keep.SNAPSHOT_CRDS: self._definition,
        }

    def kept(self, stream: str, lifter: Lifter, parts: Sequence[Any]) -> list[bool]:
        """Which of the objects are kept. Counts the others under the stream."""
        judge = self._judges.get(lifter.kind.keep)
        if judge is None:
            return [True] * len(parts)
        reasons = judge(lifter, parts)
        left_out = [reason for reason in reasons if reason is not None]
        if left_out:
            self.filtered.setdefault(stream, Counter()).update(left_out)
        return [reason is None for reason in reasons]

    def learn(self, lifter: Lifter, parts: Sequence[Any]) -> None:
        """Look at pods that were judged, and counted, before the recorder was started again."""
        self._pod(lifter, parts)

    def forget(self, uid: str) -> None:
        """A pod is gone; its uid is never used again."""
        self._other_pods.discard(uid)

    def _pod(self, lifter: Lifter, parts: Sequence[Any]) -> list[str | None]:
        names, uids = lifter.values("metadata.name", parts), lifter.values("metadata.uid", parts)
        volumes, containers = lifter.values("spec.volumes", parts), lifter.values("spec.containers", parts)
        labels, init = lifter.values("metadata.labels", parts), lifter.values("spec.initContainers", parts)
        every = [[*_listed(some), *_listed(others)] for some, others in zip(init, containers, strict=True)]
        return [self._judge_pod(*each) for each in zip(names, uids, volumes, every, labels, strict=True)]

    def _judge_pod(self, name: Any, uid: Any, volumes: Any, containers: Any, labels: Any) -> str | None:
        if components(containers, volumes, self.drivers):
            self._component_pods.add(str(name))
            return None
        if pod_volumes(name, volumes) or self._wanted(labels):
            return None
        self._other_pods.add(str(uid))
        return "pods without claims, CSI volumes or CSI components"

    def _event(self, lifter: Lifter, parts: Sequence[Any]) -> list[str | None]:
        if self._all_events:
            return [None] * len(parts)
        reasons, kinds = lifter.values("reason", parts), lifter.values("involvedObject.kind", parts)
        uids = lifter.values("involvedObject.uid", parts)
        return [self._judge_event(*each) for each in zip(reasons, kinds, uids, strict=True)]

    def _judge_event(self, reason: Any, kind: Any, uid: Any) -> str | None:
        if kind in _STORAGE_KINDS or STORAGE_REASON.search(str(reason)):
            return None
        # A pod that is not known yet may turn out to be one of ours: its Event is kept.
        if kind == "Pod" and uid not in self._other_pods:
            return None
        return "Events about other objects"

    def _lease(self, lifter: Lifter, parts: Sequence[Any]) -> list[str | None]:
        names, namespaces = lifter.values("metadata.name", parts), lifter.values("metadata.namespace", parts)
        holders = lifter.values("spec.holderIdentity", parts)
        return [self._judge_lease(*each) for each in zip(names, namespaces, holders, strict=True)]

    def _judge_lease(self, name: Any, namespace: Any, holder: Any) -> str | None:
        if namespace == _NODE_HEARTBEATS:
            return "node heartbeats"
        # A holder is the pod's name, or it and a process id behind an underscore.
        if str(holder).split("_")[0] in self._component_pods or _LEASE_NAME.search(str(name)) or name in _CONTROLLERS:
            return None
        return "Leases of other components"

    def _definition(self, lifter: Lifter, parts: Sequence[Any]) -> list[str | None]:
        names = lifter.values("metadata.name", parts)
        return [None if str(name).endswith("snapshot.storage.k8s.io") else "other definitions" for name in names]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
