"""The sentences that the kubelet and the attach/detach controller make with one function (GenerateMsg).

MountVolume.MountDevice succeeded for volume "pvc-1" (UniqueName: "kubernetes.io/csi/d^h") pod "p" (UID: "u") ...
AttachVolume.Attach succeeded for volume "pvc-1" (UniqueName: "kubernetes.io/csi/d^h") from node "n"
UnmountVolume.TearDown succeeded for volume "kubernetes.io/csi/d^h" pod "u" (UID: "u"). InnerVolumeSpecName "pvc-1".
Operation for "{volumeName:kubernetes.io/csi/d^h podName:u nodeName:}" failed. No retries permitted until ...
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from tracer.logs.calls.codes import error_pairs
from tracer.logs.calls.vocabulary import Pairs

MARK = ' for volume "'
_LONGEST = 8192
_VERB = re.compile(
    r"(?:Starting )?(?:operationExecutor\.|attacherDetacher\.)?"
    r"(Controller attach|Verified volume|[A-Z][A-Za-z]{2,60}(?:\.[A-Za-z]{2,60})?) ?([^\"]{0,120}?)"
    r' for volume "([^"]*)"',
    re.DOTALL,
)
_OUTCOMES = ("started", "entering", "succeeded", "failed", "detached")
_UNIQUE = re.compile(r'\(UniqueName: "([^"]*)"\)')
_POD = re.compile(r'\bpod "([^"]*)" \(UID: "([^"]*)"\)')
_NODE = re.compile(r'\b(?:from|on) node "([^"]*)"')
_INNER = re.compile(r'InnerVolumeSpecName "([^"]*)"')
_OPERATION = re.compile(
    r'Operation for "\{volumeName:(\S{1,1024}) podName:(\S{0,64}) nodeName:(\S{0,253})\}" failed\. No retries permitted'
    r" until [^(]{0,100}\(durationBeforeRetry ([^)]{1,20})\)\. Error: "
)
_CSI = re.compile(r"kubernetes\.io/csi/([^/^\s]{1,253})\^(\S{1,1024})")


def derive(message: str, fields: dict[str, str]) -> Pairs | None:
    """The sentence's fields; None where it is none of this family."""
    text = message[:_LONGEST]
    found: dict[str, str] = {}
    operation = _OPERATION.match(text)
    if operation is not None:
        unique, pod_uid, node, retry = operation.groups()
        found |= {**unique_name(unique), "pod_uid": pod_uid, "node": node, "retry_after": retry, "outcome": "failed"}
        text = text[operation.end() :]
    parts = text.partition(" : ")[0].split('"')
    form = _form(tuple(parts[::2]))
    if form is not None:
        found["verb"] = form.verb
        found.setdefault("outcome", form.outcome)
        _name(form, parts, found)
    if found.get("outcome") == "failed":
        found |= _failure(fields.get("err") or text)
    return [(name, value) for name, value in found.items() if value and name not in fields] if found else None


class _Form(NamedTuple):
    """Where the sentence of one form has what: the numbers of the parts that quotes split it into."""

    verb: str
    outcome: str
    volume: int
    unique: int | None
    inner: int | None
    pod: int | None
    """Its UID follows it."""
    node: int | None


@lru_cache(maxsize=1024)
def _form(skeleton: tuple[str, ...]) -> _Form | None:
    """The form of a sentence, from what stands between its quoted parts; None for what is no such sentence."""
    quoted = [f'{gap}"{2 * number + 1}"' for number, gap in enumerate(skeleton[:-1])]  # each says its number
    text = "".join((*quoted, skeleton[-1]))
    sentence = _VERB.match(text)
    if sentence is None:
        return None
    verb, rest, volume = sentence.groups()
    outcome = next((each for each in _OUTCOMES if each in rest), rest.strip())
    outcome = outcome or ("started" if text.startswith("Starting ") else "")
    unique, inner, pod, node = (
        int(match[1]) if (match := each.search(text)) else None for each in (_UNIQUE, _INNER, _POD, _NODE)
    )
    return _Form(verb, outcome, int(volume), unique, inner, pod, node)


def _name(form: _Form, parts: list[str], found: dict[str, str]) -> None:
    """Add what the sentence names: the volume, its pod, its node."""
    volume = parts[form.volume]
    found |= unique_name(parts[form.unique] if form.unique is not None else volume)
    if form.inner is not None:
        found["pv"] = parts[form.inner]
    elif not volume.startswith("kubernetes.io/"):
        found["pv"] = volume
    if form.pod is not None:
        pod, uid = parts[form.pod], parts[form.pod + 2]
        found["pod_uid"] = uid
        if pod != uid:
            found["pod"] = pod
    if form.node is not None:
        found["node"] = parts[form.node]


def _failure(text: str) -> dict[str, str]:
    _, colon, error = text.partition(" : ")
    if not colon:
        _, colon, error = text.rpartition('") : ')
    found = dict(error_pairs(error)) if "rpc error: code = " in error else {}
    return {**found, "error": error} if error else found


def unique_name(text: str) -> dict[str, str]:
    """driver and volume_handle of a CSI volume's UniqueName; nothing for another plugin's."""
    match = _CSI.fullmatch(text)
    return {} if match is None else {"driver": match[1], "volume_handle": match[2]}
