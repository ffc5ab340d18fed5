"""What an answer looks like tells which methods it may belong to: CSI's response messages hardly share their fields."""

from __future__ import annotations

from analysis.calls.lines import Line

_FIELDS = {
    "CreateVolume": "volume",
    "ControllerGetVolume": "volume status",
    "CreateSnapshot": "snapshot",
    "GetSnapshot": "snapshot",
    "CreateVolumeGroupSnapshot": "group_snapshot",
    "GetVolumeGroupSnapshot": "group_snapshot",
    "ControllerPublishVolume": "publish_context",
    "ControllerExpandVolume": "capacity_bytes node_expansion_required",
    "NodeExpandVolume": "capacity_bytes",
    "ListVolumes": "entries next_token",
    "ListSnapshots": "entries next_token",
    "GetCapacity": "available_capacity maximum_volume_size minimum_volume_size",
    "ValidateVolumeCapabilities": "confirmed message",
    "ControllerGetCapabilities": "capabilities",
    "GroupControllerGetCapabilities": "capabilities",
    "GetPluginCapabilities": "capabilities",
    "NodeGetCapabilities": "capabilities",
    "GetPluginInfo": "name vendor_version manifest",
    "Probe": "ready",
    "NodeGetInfo": "node_id max_volumes_per_node accessible_topology",
    "NodeGetVolumeStats": "usage volume_condition",
    "GetInfo": "type name endpoint supported_versions",
    **dict.fromkeys(
        (
            "DeleteVolume",
            "DeleteSnapshot",
            "DeleteVolumeGroupSnapshot",
            "ControllerUnpublishVolume",
            "ControllerModifyVolume",
            "NodeStageVolume",
            "NodeUnstageVolume",
            "NodePublishVolume",
            "NodeUnpublishVolume",
            "NotifyRegistrationStatus",
        ),
        "",
    ),
}
"""Method -> the fields that its response may have."""
_NEVER_EMPTY = {
    "CreateVolume": "volume",
    "CreateSnapshot": "snapshot",
    "GetSnapshot": "snapshot",
    "ControllerGetVolume": "volume",
    "CreateVolumeGroupSnapshot": "group_snapshot",
    "GetVolumeGroupSnapshot": "group_snapshot",
    "GetPluginInfo": "name",
    "NodeGetInfo": "node_id",
    "GetInfo": "name",
}
"""Method -> a field that a response without error always has."""
_ALLOWED = {method: frozenset(fields.split()) for method, fields in _FIELDS.items()}
_KNOWN = frozenset().union(*_ALLOWED.values())
_SHORTEST_ID = 4


def may_answer(answer: Line, method: str | None) -> bool:
    """Whether an answer can be one to a call of the method; an error can be one to any."""
    if method is None or answer.result is None or method not in _ALLOWED or _has_failed(answer):
        return True
    fields = frozenset(() if answer.result == "{}" else answer.result.split(","))
    return fields & _KNOWN <= _ALLOWED[method] and (method not in _NEVER_EMPTY or _NEVER_EMPTY[method] in fields)


def _has_failed(answer: Line) -> bool:
    return answer.error is not None or answer.code not in (None, "OK")


def names(answer: Line, ids: frozenset[str]) -> bool:
    """Whether an answer names one of a call's ids, in its response or in the text of its error."""
    if answer.ids & ids:
        return True
    text = answer.error
    return text is not None and any(each in text for each in ids if len(each) >= _SHORTEST_ID)
