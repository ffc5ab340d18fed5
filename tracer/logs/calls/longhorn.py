"""longhorn's CSI plugin: `req`, `rsp` or `err` behind the method.

NodeStageVolume: req: {"volume_id":"pvc-1","staging_target_path":"/var/lib/kubelet/..."}
NodeStageVolume: err: rpc error: code = Internal desc = ...
"""

from __future__ import annotations

from tracer.logs.calls.bodies import request_pairs, response_pairs
from tracer.logs.calls.codes import error_pairs
from tracer.logs.calls.methods import METHODS
from tracer.logs.calls.vocabulary import CALL, FAILED, METHOD, PHASE, RESPONSE, Pairs

WORDS: tuple[str, ...] = tuple(f"{method}:" for method in METHODS)


def derive(message: str, fields: dict[str, str]) -> Pairs | None:
    """The call's fields; None for another shape."""
    method, _, rest = message.partition(": ")
    what, colon, said = rest.partition(": ")
    if method not in METHODS or not colon:
        return None
    match what:
        case "req":
            return [(METHOD, method), (PHASE, CALL), *request_pairs(said)]
        case "rsp":
            return [(METHOD, method), (PHASE, RESPONSE), *response_pairs(said)]
        case "err":
            return [(METHOD, method), (PHASE, FAILED), *error_pairs(said)]
    return None
