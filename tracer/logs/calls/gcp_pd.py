"""gcp-compute-persistent-disk-csi-driver: the method begins each line; requests and responses are proto text.

/csi.v1.Controller/ControllerPublishVolume called with request: volume_id:"projects/p/zones/z/disks/d" node_id:"..."
/csi.v1.Controller/ControllerPublishVolume returned with error: rpc error: code = Unavailable desc = ...
"""

from __future__ import annotations

import re

from tracer.logs.calls.bodies import request_pairs, response_pairs
from tracer.logs.calls.codes import error_pairs
from tracer.logs.calls.methods import method_of
from tracer.logs.calls.vocabulary import CALL, FAILED, METHOD, PHASE, RESPONSE, Pairs

WORDS: tuple[str, ...] = ("/csi.v1.",)
"""The begin of the first word: it is the whole path."""
_LINE = re.compile(r"(/\S{1,200}) (called with request|returned with response|returned with error): ?")


def derive(message: str, fields: dict[str, str]) -> Pairs | None:
    """The call's fields; None for another shape."""
    match = _LINE.match(message)
    method = method_of(match[1]) if match else None
    if match is None or method is None:
        return None
    rest = message[match.end() :]
    if match[2] == "called with request":
        return [(METHOD, method), (PHASE, CALL), *request_pairs(rest)]
    if match[2] == "returned with error":
        return [(METHOD, method), (PHASE, FAILED), *error_pairs(rest)]
    return [(METHOD, method), (PHASE, RESPONSE), *response_pairs(rest)]
