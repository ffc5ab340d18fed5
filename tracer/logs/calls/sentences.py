"""The sentences that the kubelet and the attach/detach controller make with one function (GenerateMsg).

MountVolume.MountDevice succeeded for volume "pvc-1" (UniqueName: "kubernetes.io/csi/d^h") pod "p" (UID: "u") ...
AttachVolume.Attach succeeded for volume "pvc-1" (UniqueName: "kubernetes.io/csi/d^h") from node "n"
UnmountVolume.TearDown succeeded for volume "kubernetes.io/csi/d^h" pod "u" (UID: "u"). InnerVolumeSpecName "pvc-1".
Operation for "{volumeName:kubernetes.io/csi/d^h podName:u nodeName:}" failed. No retries permitted until ...
"""

from __future__ import annotations

import re

from tracer.logs.calls.vocabulary import Pairs, error_pairs

MARK = ' for volume "'
_LONGEST = 8192
_VERB = re.compile(
    r"(?:Starting )?(?:operationExecutor\.|attacherDetacher\.)?"
    r"(Controller attach|Verified volume|[A-Z][A-Za-z]{2,60}(?:\.[A-Za-z]{2,60})?) ?([^\"]{0,120}?)"
    r' for volume "([^"]{0,1024})"',
    re.DOTALL,
)
_OUTCOMES = ("started", "entering", "succeeded", "failed", "detached")
_UNIQUE = re.compile(r'\(UniqueName: "([^"]{1,1024})"\)')
_POD = re.compile(r'\bpod "([^"]{0,253})" \(UID: "([^"]{0,64})"\)')
_NODE = re.compile(r'\b(?:from|on) node "([^"]{1,253})"')
_INNER = re.compile(r'InnerVolumeSpecName "([^"]{1,253})"')
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
    sentence = _VERB.match(text)
    if sentence is None and operation is None:
        return None
    if sentence is not None:
        found |= _told(text, sentence) | ({"outcome": "failed"} if operation else {})
    if found.get("outcome") == "failed":
        found |= _failure(fields.get("err") or text)
    return [(name, value) for name, value in found.items() if value and name not in fields]


def _told(text: str, sentence: re.Match[str]) -> dict[str, str]:
    verb, rest, volume = sentence.groups()
    outcome = next((each for each in _OUTCOMES if each in rest), rest.strip())
    found = {"verb": verb, "outcome": outcome or ("started" if text.startswith("Starting ") else "")}
    unique = _UNIQUE.search(text)
    found |= unique_name(unique[1]) if unique else unique_name(volume)
    inner = _INNER.search(text)
    if inner is not None:
        found["pv"] = inner[1]
    elif not volume.startswith("kubernetes.io/"):
        found["pv"] = volume
    if pod := _POD.search(text):
        found["pod_uid"] = pod[2]
        if pod[1] != pod[2]:
            found["pod"] = pod[1]
    if node := _NODE.search(text):
        found["node"] = node[1]
    return found


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
