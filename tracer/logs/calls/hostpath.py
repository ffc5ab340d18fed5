"""The hostpath driver's one JSON per call, written when the call has ended; its plain lines are `grpc_text`'s.

gRPCCall: {"Method":"/csi.v1.Node/NodeStageVolume","Request":{...},"Response":{...},"Error":"","FullError":null}
"""

from __future__ import annotations

from typing import Any

import msgspec

from tracer.logs.calls.bodies import request_pairs, response_pairs
from tracer.logs.calls.codes import code_name, error_pairs
from tracer.logs.calls.methods import method_of
from tracer.logs.calls.vocabulary import CODE, ERROR, METHOD, PHASE, WHOLE, Pairs

WORDS: tuple[str, ...] = ("gRPCCall:",)


class _FullError(msgspec.Struct):
    code: Any = None


class _Call(msgspec.Struct, rename="pascal"):
    method: str
    request: msgspec.Raw = msgspec.Raw(b"{}")
    response: msgspec.Raw = msgspec.Raw(b"{}")
    error: str = ""
    full_error: _FullError | None = None


_CALL = msgspec.json.Decoder(_Call)


def derive(message: str, fields: dict[str, str]) -> Pairs | None:
    """The call's fields; None for another shape."""
    try:
        call = _CALL.decode(message.removeprefix("gRPCCall: "))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    pairs = [(METHOD, method_of(call.method) or call.method), (PHASE, WHOLE)]
    requested = request_pairs(bytes(call.request).decode())
    if call.error:
        outcome = dict(error_pairs(call.error))
        if CODE not in outcome and call.full_error is not None and isinstance(call.full_error.code, int):
            outcome = {CODE: code_name(call.full_error.code), ERROR: call.error}
        return [*pairs, *requested, *outcome.items()]
    asked = dict(requested)
    answered = [pair for pair in response_pairs(bytes(call.response).decode()) if pair[0] not in asked]
    return [*pairs, *requested, (CODE, "OK"), *answered]
