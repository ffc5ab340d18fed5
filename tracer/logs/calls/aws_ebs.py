"""aws-ebs-csi-driver: the method begins the message; what it is about stands in the fields.

    "ControllerPublishVolume: called" args="volume_id:\\"vol-1\\" node_id:\\"i-1\\""
    "ControllerPublishVolume: attached" volumeID="vol-1" nodeID="i-1" devicePath="/dev/xvdaa"
    "GRPC error" err="rpc error: code = Aborted desc = An operation with the given Volume vol-1 already exists"

An error names neither its method nor its volume.
"""

from __future__ import annotations

from tracer.logs.calls.bodies import request_pairs
from tracer.logs.calls.codes import error_pairs
from tracer.logs.calls.methods import METHODS
from tracer.logs.calls.vocabulary import CALL, FAILED, METHOD, PHASE, RESPONSE, Pairs

WORDS: tuple[str, ...] = (*(f"{method}:" for method in METHODS), "GRPC", "Waiting")
_DONE = {"attached", "detached", "created", "deleted"}
_FIELDS = {"volumeID": "rpc.volume_id", "nodeID": "rpc.node_id", "snapshotID": "rpc.snapshot_id"}


def derive(message: str, fields: dict[str, str]) -> Pairs | None:
    """The call's fields; None for another shape."""
    about = [(name, fields[key]) for key, name in _FIELDS.items() if fields.get(key)]
    if message == "GRPC error" and "err" in fields:
        return [(PHASE, FAILED), *error_pairs(fields["err"])]
    if message == "Waiting for volume state":
        return about
    method, colon, rest = message.partition(": ")
    if not colon or method not in METHODS:
        return None
    if rest == "called" and "args" in fields:
        return [(METHOD, method), (PHASE, CALL), *request_pairs(fields["args"])]
    if about:
        return [(METHOD, method), *([(PHASE, RESPONSE)] if rest in _DONE else []), *about]
    return None
