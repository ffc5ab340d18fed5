"""csi-lib-utils from 0.18 on, in all current sidecars: one structured line for a call, one for its response.

    "GRPC call" method="/csi.v1.Controller/CreateVolume" request="{...}"
    "GRPC response" response="{...}" err="rpc error: code = Internal desc = ..."

The response names no method. external-attacher's lines share their VolumeAttachment.
"""

from __future__ import annotations

from tracer.logs.calls.bodies import request_pairs, response_pairs
from tracer.logs.calls.codes import error_pairs
from tracer.logs.calls.methods import method_of
from tracer.logs.calls.vocabulary import CALL, METHOD, PHASE, RESPONSE, Pairs

WORDS: tuple[str, ...] = ("GRPC",)


def derive(message: str, fields: dict[str, str]) -> Pairs | None:
    """The call's fields; None for another shape."""
    if message == "GRPC call" and "method" in fields:
        method = method_of(fields["method"]) or fields["method"]
        return [(METHOD, method), (PHASE, CALL), *request_pairs(fields.get("request", ""))]
    if message == "GRPC response":
        failure = error_pairs(fields.get("err", ""))
        return [(PHASE, RESPONSE), *failure, *response_pairs(fields.get("response", ""))]
    return None
