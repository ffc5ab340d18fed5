"""vsphere-csi-driver: the method begins the message, a TraceId joins the lines of a call.

{"level":"info",...,"msg":"ControllerPublishVolume: called with args {VolumeId:1 NodeId:n ...}","TraceId":"..."}
"""

from __future__ import annotations

from tracer.logs.calls.bodies import request_pairs
from tracer.logs.calls.methods import METHODS
from tracer.logs.calls.vocabulary import CALL, CALL_ID, METHOD, PHASE, Pairs

WORDS: tuple[str, ...] = tuple(f"{method}:" for method in METHODS)
_CALLED = "called with args "


def derive(message: str, fields: dict[str, str]) -> Pairs | None:
    """The call's fields; None for another shape."""
    method, _, rest = message.partition(": ")
    if method not in METHODS or not rest.startswith(_CALLED):
        return None
    trace = fields.get("TraceId")
    named = [(CALL_ID, trace)] if trace else []
    return [(METHOD, method), (PHASE, CALL), *named, *request_pairs(rest[len(_CALLED) :].lstrip("+"))]
