"""The methods of CSI 1.x, and how lines name them."""

from __future__ import annotations

import re
from functools import lru_cache

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
_METHOD = re.compile(r"/?csi\.v\w{1,9}\.[A-Za-z]{1,20}/([A-Za-z]{1,60})|/[\w.]{1,100}/([A-Za-z]{1,60})")


@lru_cache(maxsize=1024)
def method_of(text: str) -> str | None:
    """The method's own name in `/csi.v1.Controller/CreateVolume`; None where it is no such path."""
    match = _METHOD.fullmatch(text)
    return None if match is None else match[1] or match[2]
