"""OpenEBS' local PV drivers (zfs, lvm): call and request on one line; response and error are `grpc_text`'s.

GRPC call: /csi.v1.Node/NodePublishVolume requests {"volume_id":"pvc-1","target_path":"..."}
"""

from __future__ import annotations

from tracer.logs.calls.bodies import request_pairs
from tracer.logs.calls.methods import method_of
from tracer.logs.calls.vocabulary import CALL, METHOD, PHASE, Pairs

WORDS: tuple[str, ...] = ("GRPC",)
_CALL = "GRPC call: "


def derive(message: str, fields: dict[str, str]) -> Pairs | None:
    """The call's fields; None for another shape."""
    path, separator, request = message.removeprefix(_CALL).partition(" requests ")
    method = method_of(path) if separator and message.startswith(_CALL) else None
    if method is None:
        return None
    return [(METHOD, method), (PHASE, CALL), *request_pairs(request)]
