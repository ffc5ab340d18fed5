"""ceph-csi (rbd, cephfs, nfs): every line of a call begins with its number and the id that it is about.

ID: 17 Req-ID: 0001-0009-rook-ceph-0000000000000001-... GRPC call: /csi.v1.Controller/ControllerExpandVolume
ID: 17 Req-ID: pvc-6ba3baac-... GRPC request: {...}
Slow GRPC call /csi.v1.Controller/CreateVolume (30.5s)
"""

from __future__ import annotations

import re

from tracer.logs.calls import grpc_text
from tracer.logs.calls.methods import method_of
from tracer.logs.calls.vocabulary import CALL_ID, METHOD, Pairs

WORDS: tuple[str, ...] = ("ID:", "Slow")
_PREFIX = re.compile(r"ID: (\d{1,20}) (?:Req-ID: (\S{1,512}) )?")
_SLOW = re.compile(r"Slow GRPC call (\S{1,200}) \(([^)\s]{1,40})\)")


def derive(message: str, fields: dict[str, str]) -> Pairs | None:
    """The call's fields; None for another shape."""
    prefix = _PREFIX.match(message)
    rest = message[prefix.end() :] if prefix else message
    pairs: Pairs = []
    if prefix is not None:
        pairs.append((CALL_ID, prefix[1]))
    slow = _SLOW.match(rest)
    if slow is not None:
        pairs += [(METHOD, method_of(slow[1]) or slow[1]), ("rpc.elapsed", slow[2])]
    elif prefix is not None:
        pairs += grpc_text.derive(rest, fields) or []
    told = {name for name, _ in pairs}
    if prefix is not None and prefix[2] and not told & {"rpc.volume_id", "rpc.name", "rpc.snapshot_id"}:
        pairs.append((_subject(prefix[2]), prefix[2]))
    return pairs or None


def _subject(request: str) -> str:
    """What a Req-ID is: the name of what is to be made, or the id of what there is."""
    return "rpc.name" if request.startswith(("pvc-", "snapshot-", "csi-")) else "rpc.volume_id"
