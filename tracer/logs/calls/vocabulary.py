"""The names of derived fields, one vocabulary for what all drivers and sidecars say about a CSI call."""

from __future__ import annotations

Pairs = list[tuple[str, str]]

METHOD, PHASE, CALL_ID = "rpc.method", "rpc.phase", "rpc.id"
CODE, ERROR, RESULT = "rpc.code", "rpc.error", "rpc.result"
CALL, REQUEST, RESPONSE, FAILED, WHOLE = "call", "request", "response", "error", "whole"
"""The values of rpc.phase."""

VOCABULARY = {
    METHOD: "The CSI method, without its service: `ControllerPublishVolume`.",
    PHASE: "What of the call the line tells: `call` (it begins), `request`, `response` (it ended, perhaps badly), "
    "`error` (it ended badly), `whole` (all of it, when it ended).",
    CALL_ID: "The call's id, where the driver has one: lines of one call share it.",
    "rpc.volume_id": "volume_id of the request, or of the volume or snapshot source in the response.",
    "rpc.name": "Name in the request: of CreateVolume `pvc-<uid of the claim>`, of CreateSnapshot `snapshot-<uid>`.",
    "rpc.node_id": "The driver's id of the node.",
    "rpc.snapshot_id": "snapshot_id of the request or of the snapshot in the response.",
    "rpc.source_volume_id": "The volume that is cloned or that a snapshot is taken of.",
    "rpc.source_snapshot_id": "The snapshot that a volume is made from.",
    "rpc.target_path": "Where a node is asked to publish or unpublish the volume, or volume_path of an expansion.",
    "rpc.staging_path": "Where a node is asked to stage or unstage the volume.",
    "rpc.bytes": "required_bytes of the request; capacity of the volume in the response.",
    "rpc.pod_uid": "The pod that a volume is published for, where the driver asks for pod information.",
    CODE: "gRPC code of the answer by its name: `OK`, `ResourceExhausted`.",
    ERROR: "The error's text: `desc` of a gRPC error, else all of it.",
    RESULT: "Names of what the response holds, with commas: what tells which method it answers. `{}` when empty.",
    "rpc.elapsed": "How long the call took, as the driver says it.",
    "va": "Name of the VolumeAttachment.",
    "driver": "Name of the CSI driver.",
    "volume_handle": "The driver's id of the volume, out of a UniqueName.",
    "pv": "Name of the PersistentVolume, or of the pod's volume where it has none.",
    "pod": "The pod, `namespace/name`, or its name where the line has no namespace.",
    "pod_uid": "UID of the pod.",
    "node": "Name of the node.",
    "verb": "What a kubelet or controller does: `MountVolume.SetUp`, `AttachVolume.Attach`, `UnmountDevice`.",
    "outcome": "started, entering, succeeded, failed, or what else the sentence says of it.",
    "error": "Why the verb failed.",
    "retry_after": "How long it will not be tried again: `500ms`.",
}
"""Field -> meaning; the table of docs/logs.md."""
