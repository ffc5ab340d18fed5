"""The three tables of a trace: every column, its type, and what it means.

This file is the format's source of truth: the journal, the sealed segments and `docs/trace-format.md` follow it.
Columns may be added; a column is never renamed, retyped or given another meaning within one format.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

FORMAT = 1
"""The major version. A reader refuses a newer one and reads every older one."""

OBJECTS, LOGS, STREAMS = "objects", "logs", "streams"

INSTANT = pa.timestamp("us", "UTC")
INSTANT_NS = pa.timestamp("ns", "UTC")
TEXTS = pa.list_(pa.string())

CONDITION = pa.struct(
    [
        ("type", pa.string()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("message", pa.string()),
        ("changed_at", INSTANT),
    ]
)
CONTAINER = pa.struct(
    [
        ("name", pa.string()),
        ("role", pa.string()),
        ("image", pa.string()),
        ("state", pa.string()),
        ("reason", pa.string()),
        ("ready", pa.bool_()),
        ("restarts", pa.int64()),
        ("started_at", INSTANT),
        ("finished_at", INSTANT),
    ]
)
POD_VOLUME = pa.struct(
    [("name", pa.string()), ("source", pa.string()), ("claim_name", pa.string()), ("driver", pa.string())]
)
NODE_DRIVER = pa.struct(
    [("name", pa.string()), ("node_id", pa.string()), ("limit", pa.int64()), ("topology_keys", TEXTS)]
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str
    type: Any
    """The Arrow type (pyarrow has no type stubs)."""
    doc: str
    """What a value means, and what null means; the text of docs/trace-format.md."""


def _clocks(of: str) -> tuple[Column, ...]:
    return (
        Column("seq", pa.int64(), "Position in the trace: one counter over all three tables, rising, never reused."),
        Column("observed_at", INSTANT, f"The recorder's clock when {of} arrived. Never steps back within a trace."),
        Column("stream", pa.string(), "The stream it came from."),
    )


FACTS: tuple[Column, ...] = (
    Column("phase", pa.string(), "status.phase of a claim, volume, pod or namespace-less object."),
    Column("claim_namespace", pa.string(), "Namespace of the claim that a volume or snapshot names."),
    Column("claim_name", pa.string(), "Claim that a volume (claimRef) or snapshot (source) names."),
    Column("claim_uid", pa.string(), "UID in the claimRef of a volume; null before it is bound."),
    Column("volume_name", pa.string(), "PersistentVolume that a claim, attachment or snapshot content names."),
    Column("volume_handle", pa.string(), "The driver's own id of the volume (spec.csi.volumeHandle)."),
    Column("driver", pa.string(), "CSI driver of a volume, attachment, class or snapshot content."),
    Column("volume_plugin", pa.string(), "Plugin of a volume: `kubernetes.io/csi`, `kubernetes.io/nfs`, ..."),
    Column("in_tree_id", pa.string(), "What tells the volumes of an in-tree plugin apart (NFS: server:path)."),
    Column("migrated_to", pa.string(), "CSI driver that does the work of a volume's in-tree plugin (annotation)."),
    Column("zone", pa.string(), "Zone that a volume is labelled with."),
    Column(
        "storage_class", pa.string(), "Storage class as asked for; an empty string is 'no class', null is 'not said'."
    ),
    Column("attributes_class", pa.string(), "VolumeAttributesClass that the spec asks for."),
    Column("attributes_class_current", pa.string(), "VolumeAttributesClass that the volume has (status)."),
    Column("modify_status", pa.string(), "status.modifyVolumeStatus.status of a claim."),
    Column("reclaim_policy", pa.string(), "Reclaim policy of a volume or class; deletion policy of snapshots."),
    Column("binding_mode", pa.string(), "volumeBindingMode of a class."),
    Column("volume_mode", pa.string(), "Filesystem or Block."),
    Column("access_modes", TEXTS, "spec.accessModes."),
    Column("capacity_bytes", pa.int64(), "Size in bytes that the volume, claim status, snapshot or segment has."),
    Column("requested_bytes", pa.int64(), "Size in bytes that the claim asks for."),
    Column("allocated_bytes", pa.int64(), "Size in bytes that an expansion works towards (allocatedResources)."),
    Column("resize_status", pa.string(), "allocatedResourceStatuses.storage of a claim being expanded."),
    Column("max_volume_bytes", pa.int64(), "maximumVolumeSize of a CSIStorageCapacity, in bytes."),
    Column("node", pa.string(), "Node of a pod, attachment or Event source."),
    Column("attached", pa.bool_(), "status.attached of a VolumeAttachment."),
    Column("attach_required", pa.bool_(), "spec.attachRequired of a CSIDriver."),
    Column("selected_node", pa.string(), "Node that the scheduler chose for a claim (annotation)."),
    Column("provisioner", pa.string(), "Provisioner of a class, or the one a claim or volume is annotated with."),
    Column("data_source_kind", pa.string(), "Kind of what a claim is restored or cloned from."),
    Column("data_source_namespace", pa.string(), "Namespace of it, where that is not the claim's own."),
    Column("data_source_name", pa.string(), "Name of what a claim is restored or cloned from."),
    Column("finalizers", TEXTS, "metadata.finalizers."),
    Column("conditions", pa.list_(CONDITION), "status.conditions; changed_at is whole seconds."),
    Column("volumes_attached", TEXTS, "UniqueNames in a node's status.volumesAttached."),
    Column("volumes_in_use", TEXTS, "UniqueNames in a node's status.volumesInUse."),
    Column("taints", TEXTS, "A node's taints as key=value:effect."),
    Column(
        "controller_attaches",
        pa.bool_(),
        "Whether the attach/detach controller attaches a node's volumes (annotation).",
    ),
    Column("keeps_terminated", pa.bool_(), "Whether a node keeps the volumes of pods that have ended (annotation)."),
    Column("node_drivers", pa.list_(NODE_DRIVER), "Drivers that a CSINode lists, with their attach limit."),
    Column("pod_claims", TEXTS, "Claim names that a pod mounts, generic ephemeral ones included."),
    Column("pod_volumes", pa.list_(POD_VOLUME), "A pod's claim, ephemeral and CSI volumes."),
    Column(
        "deletion_grace_seconds",
        pa.int64(),
        "metadata.deletionGracePeriodSeconds of a pod: deletion_requested_at is later than the request by so much.",
    ),
    Column("pod_started_at", INSTANT, "status.startTime of a pod: the kubelet accepted it. Whole seconds."),
    Column("containers", pa.list_(CONTAINER), "Container statuses of a pod; times are whole seconds."),
    Column("phase_changed_at", INSTANT, "lastPhaseTransitionTime of a volume. Whole seconds."),
    Column("reason", pa.string(), "Reason of an Event or of a pod's or volume's status."),
    Column("message", pa.string(), "Message of an Event or of a pod's or volume's status."),
    Column("event_type", pa.string(), "Normal or Warning."),
    Column("event_count", pa.int64(), "How often the Event was seen, as it says itself."),
    Column("event_first_at", INSTANT, "First occurrence as the Event says it: seconds, or µs where it has eventTime."),
    Column("event_last_at", INSTANT, "Last occurrence as the Event says it."),
    Column("involved_kind", pa.string(), "Kind of the object that an Event is about."),
    Column("involved_namespace", pa.string(), "Namespace of the object that an Event is about."),
    Column("involved_name", pa.string(), "Name of the object that an Event is about."),
    Column("involved_uid", pa.string(), "UID of the object that an Event is about."),
    Column("involved_field", pa.string(), "Part of that object: `spec.containers{NAME}` of a pod."),
    Column("reporting_component", pa.string(), "Who sent the Event."),
    Column("attach_error", pa.string(), "status.attachError.message of a VolumeAttachment."),
    Column("attach_error_at", INSTANT, "status.attachError.time. Whole seconds."),
    Column("detach_error", pa.string(), "status.detachError.message of a VolumeAttachment."),
    Column("detach_error_at", INSTANT, "status.detachError.time. Whole seconds."),
    Column("snapshot_class", pa.string(), "Class that a snapshot or its content names."),
    Column("snapshot_content", pa.string(), "Content that a snapshot is bound to or was made from."),
    Column("snapshot_name", pa.string(), "Snapshot that a content belongs to."),
    Column("snapshot_uid", pa.string(), "UID of the snapshot that a content belongs to."),
    Column("snapshot_handle", pa.string(), "The driver's own id of the snapshot."),
    Column("snapshot_ready", pa.bool_(), "status.readyToUse."),
    Column(
        "snapshot_taken_at", INSTANT, "When the driver cut the snapshot, on its own clock. A content tells it in µs."
    ),
    Column("snapshot_error", pa.string(), "status.error.message of a snapshot or content."),
    Column("owner_kind", pa.string(), "Kind of the first owner reference."),
    Column("owner_name", pa.string(), "Name of the first owner reference."),
    Column("owner_uid", pa.string(), "UID of the first owner reference."),
    Column("lease_holder", pa.string(), "holderIdentity of a Lease: the leader."),
    Column("lease_renewed_at", INSTANT, "renewTime of a Lease, µs."),
    Column("lease_transitions", pa.int64(), "leaseTransitions: how often the leader has changed."),
)

OBSERVATION: tuple[Column, ...] = (
    *_clocks("the bytes"),
    Column("type", pa.string(), "LISTED, ADDED, MODIFIED, DELETED or VANISHED; see below."),
    Column("api_version", pa.string(), "apiVersion of the object."),
    Column("kind", pa.string(), "Kind of the object."),
    Column("namespace", pa.string(), "Null for what is cluster-scoped."),
    Column("name", pa.string(), "metadata.name."),
    Column("uid", pa.string(), "metadata.uid: join on this, names are reused."),
    Column("resource_version", pa.string(), "As served."),
    Column(
        "revision", pa.int64(), "resource_version where it is a number: orders rows across kinds that share an etcd."
    ),
    Column("generation", pa.int64(), "metadata.generation."),
    Column("created_at", INSTANT, "metadata.creationTimestamp. Whole seconds."),
    Column("deletion_requested_at", INSTANT, "metadata.deletionTimestamp. Whole seconds."),
)

LOG_LINE: tuple[Column, ...] = (
    *_clocks("the line"),
    Column("stamped_at", INSTANT_NS, "The node's clock when the runtime wrote the line, ns; null if it had no stamp."),
    Column("logged_at", INSTANT, "The time inside the line; null where it has none that is known."),
    Column("namespace", pa.string(), "Namespace of the pod."),
    Column("pod", pa.string(), "Name of the pod."),
    Column("pod_uid", pa.string(), "UID of the pod."),
    Column("container", pa.string(), "Name of the container."),
    Column("restart", pa.int64(), "Which run of the container: its restartCount."),
    Column("node", pa.string(), "Node that the pod ran on."),
    Column("component", pa.string(), "What it is: csi-provisioner, csi-attacher, driver, kubelet, ..."),
    Column("severity", pa.string(), "I, W, E or F; null if not known."),
    Column("source", pa.string(), "file:line of the statement; null if not known."),
    Column("message", pa.string(), "The message; all of the line's text where its dialect is not known."),
    Column(
        "fields", pa.map_(pa.string(), pa.string()), "Keys and values: the line's own in their order, then the derived."
    ),
    Column("dialect", pa.string(), "How the line is written: `klog`, `zap JSON`, ...; null if not known."),
    Column("layout", pa.string(), "How the raw line is put together from the other columns; see docs/logs.md."),
    Column("line", pa.string(), "The line as the log API sent it, its stamp included; null where its layout gives it."),
)

STREAM_NOTE: tuple[Column, ...] = (
    *_clocks("it"),
    Column("what", pa.string(), "What happened to the stream; see below."),
    Column("revision_from", pa.int64(), "Last revision that is certain before it."),
    Column("revision_to", pa.int64(), "Revision from which the stream is certain again."),
    Column("detail", pa.string(), "In words: the reason, the counts."),
)

TYPES = {
    "LISTED": "Seen in a list: what came before is unknown.",
    "ADDED": "The server said that it was made.",
    "MODIFIED": "The server said that it changed.",
    "DELETED": "The server said that it is gone; the object is its last state.",
    "VANISHED": "Gone in a list after a gap: it was deleted at an unknown moment inside the gap. It has no object.",
}
"""The values of `type` in objects."""

WHATS = {
    "opened": "The recorder began to follow the stream.",
    "synced": "The stream was listed whole, up to revision_to; from here on it misses nothing or says so.",
    "bookmark": "The server said, or a well-ended watch proved, that everything up to revision_to was delivered.",
    "resumed": "The watch was taken up again after revision_from; nothing was missed. detail says why it had ended.",
    "gap": "Between revision_from and revision_to something may have been missed. detail says why.",
    "relisted": "The stream was listed again, up to revision_to; detail counts what had changed meanwhile.",
    "rewound": "The server's history went back from revision_from to revision_to: restored, or another cluster.",
    "forbidden": "The server does not let the recorder read it. detail names the missing rule.",
    "absent": "The server does not serve it. It is looked for again each minute.",
    "failed": "The stream cannot be followed at the moment; detail says why. It is tried again.",
    "closed": "The recorder stopped following it; it is certain up to revision_from.",
}
"""The values of `what` in streams."""

TABLES: dict[str, tuple[Column, ...]] = {
    OBJECTS: (
        *OBSERVATION,
        *FACTS,
        Column(
            "object",
            pa.json_(),
            "The object as received, after redaction; null for VANISHED and where only a node's heartbeat changed.",
        ),
    ),
    LOGS: LOG_LINE,
    STREAMS: STREAM_NOTE,
}
"""Table name -> its columns in order."""

SCHEMAS = {
    table: pa.schema([pa.field(column.name, column.type) for column in columns]) for table, columns in TABLES.items()
}
"""Table name -> Arrow schema."""
