"""The methods of CSI 1.x."""

METHODS = frozenset(
    (  # noqa: SIM905
        "GetPluginInfo GetPluginCapabilities Probe CreateVolume DeleteVolume ControllerPublishVolume"
        " ControllerUnpublishVolume ValidateVolumeCapabilities ListVolumes GetCapacity ControllerGetCapabilities"
        " CreateSnapshot DeleteSnapshot ListSnapshots GetSnapshot ControllerExpandVolume ControllerGetVolume"
        " ControllerModifyVolume CreateVolumeGroupSnapshot DeleteVolumeGroupSnapshot GetVolumeGroupSnapshot"
        " GroupControllerGetCapabilities NodeStageVolume NodeUnstageVolume NodePublishVolume NodeUnpublishVolume"
        " NodeGetVolumeStats NodeExpandVolume NodeGetCapabilities NodeGetInfo GetMetadataAllocated GetMetadataDelta"
    ).split()
)
"""Names without their service; no two services share one."""
