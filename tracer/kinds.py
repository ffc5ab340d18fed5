"""Every kind that is watched, a row each: where it is served, what is kept and removed of it, which facts are lifted.

Adding a kind is adding a row here (and a column to `trace/schema.py` for a fact that is new). Versions are listed
newest first and reach back to Kubernetes 1.14; the recorder takes the first that the server has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tracer import facts, redaction, volume_plugins
from tracer.facts import Fact, first, flag, is_annotated, listed, nanoseconds, number, quantity, when
from tracer.redaction import Rule


class Keep(StrEnum):
    """Which objects of a kind matter to storage; `relevance.py` decides, and counts what is left out."""

    ALL = "all"
    STORAGE_PODS = "pods that mount a claim or CSI volume, or run a CSI component"
    STORAGE_EVENTS = "Events about kept objects, or with a storage or scheduling reason"
    COMPONENT_LEASES = "Leases of CSI components and of the controllers that bind and attach"
    SNAPSHOT_CRDS = "the snapshot resources' definitions"


@dataclass(frozen=True)
class Kind:
    """One kind of object and how it is recorded."""

    kind: str
    plural: str
    group: str
    """Empty for the core group."""
    versions: tuple[str, ...]
    facts: Mapping[str, str | Fact]
    """Column -> path in the object, or how it is made from several."""
    namespaced: bool = True
    keep: Keep = Keep.ALL
    removed: Mapping[str, Rule] = field(default_factory=dict)
    """Path -> the rule that takes secrets (or ballast) out of it. `last-applied-configuration` goes from every kind."""
    heartbeat: tuple[str, ...] = ()
    """Paths that change without meaning: a version that differs in nothing else keeps a row without the object."""
    judged: Mapping[str, Any] = field(default_factory=dict)
    """Path -> its type, of what is read of an object only to decide about it."""
    has_bookmarks: bool = True
    """Whether the server's watch sends bookmarks; Events have no watch cache and get none."""

    def stream(self, version: str, namespace: str | None = None) -> str:
        """The stream's name: `v1/pods`, `storage.k8s.io/v1/csinodes`, `v1/namespaces/N/pods` for one namespace."""
        prefix = f"{self.group}/{version}" if self.group else version
        return f"{prefix}/namespaces/{namespace}/{self.plural}" if namespace else f"{prefix}/{self.plural}"

    def path(self, version: str, namespace: str | None = None) -> str:
        """The collection's URL path."""
        return f"/{'apis' if self.group else 'api'}/{self.stream(version, namespace)}"

    def api_version(self, version: str) -> str:
        """apiVersion as objects carry it."""
        return f"{self.group}/{version}" if self.group else version


_OWNER = {
    "owner_kind": facts.owner("kind"),
    "owner_name": facts.owner("name"),
    "owner_uid": facts.owner("uid"),
}
_STORAGE = "storage.k8s.io"
_SNAPSHOT = "snapshot.storage.k8s.io"
_GROUP_SNAPSHOT = "groupsnapshot.storage.k8s.io"
_ANNOTATION = "metadata.annotations[{}]".format
_CLASS = first(_ANNOTATION("volume.beta.kubernetes.io/storage-class"), "spec.storageClassName")
"""The class of a volume or claim as the PV controller reads it (`component-helpers/storage/volume/helpers.go`)."""

KINDS: tuple[Kind, ...] = (
    Kind(
        "CustomResourceDefinition",
        "customresourcedefinitions",
        "apiextensions.k8s.io",
        ("v1", "v1beta1"),
        namespaced=False,
        keep=Keep.SNAPSHOT_CRDS,
        facts={"conditions": facts.conditions()},
        removed={"spec.versions": redaction.drop, "spec.validation": redaction.drop},
    ),
    Kind(
        "StorageClass",
        "storageclasses",
        _STORAGE,
        ("v1", "v1beta1"),
        namespaced=False,
        facts={
            "provisioner": "provisioner",
            "reclaim_policy": "reclaimPolicy",
            "binding_mode": "volumeBindingMode",
        },
        removed={"parameters": redaction.parameters, "mountOptions": redaction.parameters},
    ),
    Kind(
        "VolumeAttributesClass",
        "volumeattributesclasses",
        _STORAGE,
        ("v1", "v1beta1", "v1alpha1"),
        namespaced=False,
        facts={"driver": "driverName", "finalizers": listed("metadata.finalizers")},
        removed={"parameters": redaction.parameters},
    ),
    Kind(
        "CSIDriver",
        "csidrivers",
        _STORAGE,
        ("v1", "v1beta1"),
        namespaced=False,
        facts={"driver": "metadata.name", "attach_required": flag("spec.attachRequired")},
    ),
    Kind(
        "CSINode",
        "csinodes",
        _STORAGE,
        ("v1", "v1beta1"),
        namespaced=False,
        facts={
            "node": "metadata.name",
            "node_drivers": Fact(("spec.drivers",), facts.node_drivers, Any),
            **_OWNER,
        },
    ),
    Kind(
        "CSIStorageCapacity",
        "csistoragecapacities",
        _STORAGE,
        ("v1", "v1beta1", "v1alpha1"),
        facts={
            "storage_class": "storageClassName",
            "capacity_bytes": quantity("capacity"),
            "max_volume_bytes": quantity("maximumVolumeSize"),
            **_OWNER,
        },
    ),
    Kind(
        "PersistentVolume",
        "persistentvolumes",
        "",
        ("v1",),
        namespaced=False,
        facts={
            "phase": "status.phase",
            "phase_changed_at": when("status.lastPhaseTransitionTime"),
            "reason": "status.reason",
            "message": "status.message",
            "claim_namespace": "spec.claimRef.namespace",
            "claim_name": "spec.claimRef.name",
            "claim_uid": "spec.claimRef.uid",
            "volume_handle": "spec.csi.volumeHandle",
            "driver": "spec.csi.driver",
            "volume_plugin": volume_plugins.volume_plugin(),
            "in_tree_id": volume_plugins.in_tree_id(),
            "migrated_to": _ANNOTATION("pv.kubernetes.io/migrated-to"),
            "zone": first(
                "metadata.labels[failure-domain.beta.kubernetes.io/zone]",
                "metadata.labels[topology.kubernetes.io/zone]",
            ),
            "storage_class": _CLASS,
            "attributes_class": "spec.volumeAttributesClassName",
            "reclaim_policy": "spec.persistentVolumeReclaimPolicy",
            "volume_mode": "spec.volumeMode",
            "access_modes": listed("spec.accessModes"),
            "capacity_bytes": quantity("spec.capacity.storage"),
            "provisioner": _ANNOTATION("pv.kubernetes.io/provisioned-by"),
            "finalizers": listed("metadata.finalizers"),
        },
        removed={
            "spec.csi.volumeAttributes": redaction.parameters,
            "spec.flexVolume.options": redaction.parameters,
            "spec.mountOptions": redaction.parameters,
            "status.message": redaction.sentence,
        },
    ),
    Kind(
        "PersistentVolumeClaim",
        "persistentvolumeclaims",
        "",
        ("v1",),
        facts={
            "phase": "status.phase",
            "volume_name": "spec.volumeName",
            "storage_class": _CLASS,
            "attributes_class": "spec.volumeAttributesClassName",
            "attributes_class_current": "status.currentVolumeAttributesClassName",
            "modify_status": "status.modifyVolumeStatus.status",
            "volume_mode": "spec.volumeMode",
            "access_modes": listed("spec.accessModes"),
            "requested_bytes": quantity("spec.resources.requests.storage"),
            "capacity_bytes": quantity("status.capacity.storage"),
            "allocated_bytes": quantity("status.allocatedResources.storage"),
            "resize_status": "status.allocatedResourceStatuses.storage",
            "selected_node": _ANNOTATION("volume.kubernetes.io/selected-node"),
            "provisioner": first(
                _ANNOTATION("volume.kubernetes.io/storage-provisioner"),
                _ANNOTATION("volume.beta.kubernetes.io/storage-provisioner"),
            ),
            "data_source_kind": first("spec.dataSourceRef.kind", "spec.dataSource.kind"),
            "data_source_namespace": "spec.dataSourceRef.namespace",
            "data_source_name": first("spec.dataSourceRef.name", "spec.dataSource.name"),
            "finalizers": listed("metadata.finalizers"),
            "conditions": facts.conditions(),
            **_OWNER,
        },
        removed={"status.conditions": redaction.sentence},
    ),
    Kind(
        "VolumeAttachment",
        "volumeattachments",
        _STORAGE,
        ("v1", "v1beta1"),
        namespaced=False,
        facts={
            "driver": "spec.attacher",
            "node": "spec.nodeName",
            "volume_name": "spec.source.persistentVolumeName",
            "attached": flag("status.attached"),
            "attach_error": "status.attachError.message",
            "attach_error_at": when("status.attachError.time"),
            "detach_error": "status.detachError.message",
            "detach_error_at": when("status.detachError.time"),
            "finalizers": listed("metadata.finalizers"),
        },
        removed={
            "spec.source.inlineVolumeSpec": redaction.parameters,
            "status.attachmentMetadata": redaction.parameters,
            "status.attachError.message": redaction.sentence,
            "status.detachError.message": redaction.sentence,
        },
    ),
    Kind(
        "VolumeSnapshotClass",
        "volumesnapshotclasses",
        _SNAPSHOT,
        ("v1", "v1beta1", "v1alpha1"),
        namespaced=False,
        facts={"driver": "driver", "reclaim_policy": "deletionPolicy"},
        removed={"parameters": redaction.parameters},
    ),
    Kind(
        "VolumeSnapshotContent",
        "volumesnapshotcontents",
        _SNAPSHOT,
        ("v1", "v1beta1", "v1alpha1"),
        namespaced=False,
        facts={
            "driver": "spec.driver",
            "reclaim_policy": "spec.deletionPolicy",
            "volume_handle": "spec.source.volumeHandle",
            "snapshot_class": "spec.volumeSnapshotClassName",
            "snapshot_name": "spec.volumeSnapshotRef.name",
            "claim_namespace": "spec.volumeSnapshotRef.namespace",
            "snapshot_uid": "spec.volumeSnapshotRef.uid",
            "snapshot_handle": first("status.snapshotHandle", "spec.source.snapshotHandle"),
            "snapshot_ready": flag("status.readyToUse"),
            "snapshot_taken_at": nanoseconds("status.creationTime"),
            "snapshot_error": "status.error.message",
            "capacity_bytes": number("status.restoreSize"),
            "finalizers": listed("metadata.finalizers"),
        },
        removed={"status.error.message": redaction.sentence},
    ),
    Kind(
        "VolumeSnapshot",
        "volumesnapshots",
        _SNAPSHOT,
        ("v1", "v1beta1", "v1alpha1"),
        facts={
            "claim_name": "spec.source.persistentVolumeClaimName",
            "snapshot_class": "spec.volumeSnapshotClassName",
            "snapshot_content": first("status.boundVolumeSnapshotContentName", "spec.source.volumeSnapshotContentName"),
            "snapshot_ready": flag("status.readyToUse"),
            "snapshot_taken_at": when("status.creationTime"),
            "snapshot_error": "status.error.message",
            "capacity_bytes": quantity("status.restoreSize"),
            "finalizers": listed("metadata.finalizers"),
            **_OWNER,
        },
        removed={"status.error.message": redaction.sentence},
    ),
    Kind(
        "VolumeGroupSnapshotClass",
        "volumegroupsnapshotclasses",
        _GROUP_SNAPSHOT,
        ("v1", "v1beta2", "v1beta1", "v1alpha1"),
        namespaced=False,
        facts={"driver": "driver", "reclaim_policy": "deletionPolicy"},
        removed={"parameters": redaction.parameters},
    ),
    Kind(
        "VolumeGroupSnapshotContent",
        "volumegroupsnapshotcontents",
        _GROUP_SNAPSHOT,
        ("v1", "v1beta2", "v1beta1", "v1alpha1"),
        namespaced=False,
        facts={
            "driver": "spec.driver",
            "reclaim_policy": "spec.deletionPolicy",
            "snapshot_class": "spec.volumeGroupSnapshotClassName",
            "snapshot_name": "spec.volumeGroupSnapshotRef.name",
            "claim_namespace": "spec.volumeGroupSnapshotRef.namespace",
            "snapshot_uid": "spec.volumeGroupSnapshotRef.uid",
            "snapshot_handle": "status.volumeGroupSnapshotHandle",
            "snapshot_ready": flag("status.readyToUse"),
            "snapshot_error": "status.error.message",
            "finalizers": listed("metadata.finalizers"),
        },
        removed={"status.error.message": redaction.sentence},
    ),
    Kind(
        "VolumeGroupSnapshot",
        "volumegroupsnapshots",
        _GROUP_SNAPSHOT,
        ("v1", "v1beta2", "v1beta1", "v1alpha1"),
        facts={
            "snapshot_class": "spec.volumeGroupSnapshotClassName",
            "snapshot_content": first(
                "status.boundVolumeGroupSnapshotContentName", "spec.source.volumeGroupSnapshotContentName"
            ),
            "snapshot_ready": flag("status.readyToUse"),
            "snapshot_error": "status.error.message",
            "finalizers": listed("metadata.finalizers"),
        },
        removed={"status.error.message": redaction.sentence},
    ),
    Kind(
        "Node",
        "nodes",
        "",
        ("v1",),
        namespaced=False,
        facts={
            "node": "metadata.name",
            "conditions": facts.conditions(),
            "volumes_attached": Fact(("status.volumesAttached",), facts.volume_names, Any),
            "volumes_in_use": listed("status.volumesInUse"),
            "taints": Fact(("spec.taints",), facts.taints, Any),
            "controller_attaches": is_annotated("volumes.kubernetes.io/controller-managed-attach-detach"),
            "keeps_terminated": is_annotated("volumes.kubernetes.io/keep-terminated-pod-volumes", "true"),
        },
        heartbeat=("status.conditions[*].lastHeartbeatTime",),
    ),
    Kind(
        "StatefulSet",
        "statefulsets",
        "apps",
        ("v1",),
        facts={"conditions": facts.conditions()},
        removed={"spec.template": redaction.template},
    ),
    Kind(
        "Pod",
        "pods",
        "",
        ("v1",),
        keep=Keep.STORAGE_PODS,
        judged={"metadata.labels": dict[str, str] | None},
        facts={
            "phase": "status.phase",
            "reason": "status.reason",
            "message": "status.message",
            "node": "spec.nodeName",
            "conditions": facts.conditions(),
            "pod_claims": Fact(("metadata.name", "spec.volumes"), facts.pod_claims, Any),
            "pod_volumes": Fact(("metadata.name", "spec.volumes"), facts.pod_volumes, Any),
            "deletion_grace_seconds": number("metadata.deletionGracePeriodSeconds"),
            "pod_started_at": when("status.startTime"),
            "containers": facts.containers(),
            "finalizers": listed("metadata.finalizers"),
            **_OWNER,
        },
        removed={
            "spec.containers": redaction.containers,
            "spec.initContainers": redaction.containers,
            "spec.ephemeralContainers": redaction.containers,
            "spec.volumes": redaction.parameters,
            "status.message": redaction.sentence,
        },
    ),
    Kind(
        "Lease",
        "leases",
        "coordination.k8s.io",
        ("v1", "v1beta1"),
        keep=Keep.COMPONENT_LEASES,
        facts={
            "lease_holder": "spec.holderIdentity",
            "lease_renewed_at": when("spec.renewTime"),
            "lease_transitions": number("spec.leaseTransitions"),
        },
    ),
    Kind(
        "Event",
        "events",
        "",
        ("v1",),
        keep=Keep.STORAGE_EVENTS,
        has_bookmarks=False,
        facts={
            "reason": "reason",
            "message": "message",
            "event_type": "type",
            "event_count": facts.event_count(),
            "event_first_at": facts.event_first(),
            "event_last_at": facts.event_last(),
            "involved_kind": "involvedObject.kind",
            "involved_namespace": "involvedObject.namespace",
            "involved_name": "involvedObject.name",
            "involved_uid": "involvedObject.uid",
            "involved_field": "involvedObject.fieldPath",
            "reporting_component": first("reportingComponent", "source.component"),
            "node": "source.host",
        },
        removed={"message": redaction.sentence},
    ),
)
"""In the order in which they are listed: what decides about others (pods before Events) comes first."""


def kind_of_stream(stream: str) -> Kind | None:
    """The row for a stream's name; None for a resource that this volreel does not know."""
    *prefix, plural = stream.split("/")
    if "namespaces" in prefix:
        prefix = prefix[: prefix.index("namespaces")]
    group = prefix[0] if len(prefix) == 2 else ""
    return next((kind for kind in KINDS if kind.plural == plural and kind.group == group), None)


def stream_version(stream: str) -> str:
    """The API version in a stream's name: `v1`."""
    prefix = stream.split("/namespaces/", maxsplit=1)[0].split("/")
    return (
        prefix[0] if "/namespaces/" not in stream and len(prefix) == 2 else prefix[1] if len(prefix) > 1 else prefix[0]
    )
