"""topolvm: `CreateVolume called`, `DeleteVolume failed`, with what it is about in the fields.

2026-08-11T09:12:13.123Z  INFO  driver.controller  CreateVolume called  {"name": "pvc-1", "device_class": ""}
"""

from __future__ import annotations

from tracer.logs.calls.codes import error_pairs
from tracer.logs.calls.methods import METHODS
from tracer.logs.calls.vocabulary import CALL, FAILED, METHOD, PHASE, RESPONSE, Pairs

WORDS: tuple[str, ...] = tuple(METHODS - {"Probe"})
_PHASES = {"called": CALL, "failed": FAILED, "succeeded": RESPONSE}
_FIELDS = {
    "volume_id": "rpc.volume_id",
    "name": "rpc.name",
    "target_path": "rpc.target_path",
    "volume_path": "rpc.target_path",
    "staging_target_path": "rpc.staging_path",
    "node": "rpc.node_id",
    "required": "rpc.bytes",
}


def derive(message: str, fields: dict[str, str]) -> Pairs | None:
    """The call's fields; None for another shape."""
    method, _, rest = message.partition(" ")
    phase = _PHASES.get(rest.split(" ", 1)[0])
    if phase is None or method not in METHODS:
        return None
    about = [(name, fields[key]) for key, name in _FIELDS.items() if fields.get(key)]
    if not about and not fields.get("error"):
        return None
    failure = error_pairs(fields["error"]) if phase is FAILED and fields.get("error") else []
    return [(METHOD, method), (PHASE, phase), *about, *failure]
