"""The lines `GRPC call:`, `GRPC request:`, `GRPC response:`, `GRPC error:`, one thing on each.

csi-lib-utils up to 0.17 writes them in the sidecars; the hostpath and azuredisk drivers in their own logs. azuredisk
leaves an empty response out.
"""

from __future__ import annotations

from tracer.logs.calls.bodies import request_pairs, response_pairs
from tracer.logs.calls.codes import error_pairs
from tracer.logs.calls.methods import method_of
from tracer.logs.calls.vocabulary import CALL, FAILED, METHOD, PHASE, REQUEST, RESPONSE, Pairs

WORDS: tuple[str, ...] = ("GRPC",)


def derive(message: str, fields: dict[str, str]) -> Pairs | None:
    """The call's fields; None for another shape."""
    start, colon, rest = message.partition(": ")
    if not colon and not message.endswith(":"):
        return None
    start = start.removesuffix(":")
    match start:
        case "GRPC call":
            method = method_of(rest)
            return None if method is None else [(METHOD, method), (PHASE, CALL)]
        case "GRPC request":
            return [(PHASE, REQUEST), *request_pairs(rest)]
        case "GRPC response":
            return [(PHASE, RESPONSE), *response_pairs(rest)]
        case "GRPC error":
            return [(PHASE, FAILED), *error_pairs(rest)]
    return None
