"""The kubelet's CSI client and its volume plugin: the node's calls from their caller's side. A call's end is not told.

"kubernetes.io/csi: calling NodeStageVolume rpc" volID="82c7295d" stagingTargetPath="/var/lib/kubelet/..."
kubernetes.io/csi: attachment [csi-1f...] for volume [82c7295d] created successfully
"""

from __future__ import annotations

import re

from tracer.logs.calls.codes import error_pairs
from tracer.logs.calls.methods import METHODS
from tracer.logs.calls.vocabulary import CALL, METHOD, PHASE, Pairs

WORDS: tuple[str, ...] = ("kubernetes.io/csi:",)
_CALLING = re.compile(r"kubernetes\.io/csi: calling (\w{1,60}) rpc\b")
_ATTACHMENT = re.compile(r"\b(?:attachment|VolumeAttachment)(?: ID)?[ :]{1,2}\[?(csi-[0-9a-f]{64})\]?")
_VOLUME = re.compile(r"\bvolume \[([^\]\s]{1,1024})\]")
_FIELDS = {
    "volID": "rpc.volume_id",
    "volumeID": "rpc.volume_id",
    "stagingTargetPath": "rpc.staging_path",
    "targetPath": "rpc.target_path",
    "volumePath": "rpc.target_path",
}


def derive(message: str, fields: dict[str, str]) -> Pairs | None:
    """The call's fields; None for another shape."""
    calling = _CALLING.match(message)
    if calling is not None and calling[1] in METHODS:
        about = [(name, fields[key]) for key, name in _FIELDS.items() if fields.get(key)]
        return [(METHOD, calling[1]), (PHASE, CALL), *about]
    pairs: Pairs = []
    # Most lines have neither; to look for a text is ten times as fast as to look for an expression.
    if "csi-" in message and (attachment := _ATTACHMENT.search(message, 0, 4096)):
        pairs.append(("va", attachment[1]))
    if "volume [" in message and (volume := _VOLUME.search(message, 0, 4096)):
        pairs.append(("volume_handle", volume[1]))
    if "rpc error: code = " in message:
        pairs += error_pairs(message)
    return pairs or None
