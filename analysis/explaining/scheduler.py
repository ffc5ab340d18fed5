"""What the scheduler said about a pod that it did not place.

Its sentence is `0/N nodes are available: ...` (`pkg/scheduler/framework/types.go`, FitError): one reason for all nodes
at once, or how many nodes each reason takes out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from analysis.explaining.answer import Evidence
from analysis.explaining.seen import Observed, Seen

_SENTENCE = re.compile(r"0/(?P<nodes>\d+) nodes are available: (?P<reasons>.*)", re.DOTALL)
_REST = re.compile(r"\.\s+(?:no new claims to deallocate|preemption:|not found).*$", re.DOTALL)
"""What follows the reasons: whether evicting other pods would help, and the plugins of PostFilter."""
_COUNTED = re.compile(r"(?P<count>\d+) (?P<text>.*)", re.DOTALL)
_NEXT = re.compile(r", (?=\d+ )")
_PLUGINS = (
    ("node(s) didn't match PersistentVolume's node affinity", "topology"),
    ("node(s) had volume node affinity conflict", "topology"),
    ("node(s) had no available volume zone", "topology"),
    ("node(s) did not have enough free storage", "capacity"),
    ("node(s) exceed max volume count", "attach limit"),
    ("CSI driver is not installed on the node", "attach limit"),
    ("node(s) didn't find available persistent volumes to bind", "binding"),
    ("bound to non-existent p", "lost volume"),
    ("unbound immediate PersistentVolumeClaims", "unbound claim"),
    ("ReadWriteOncePod access mode already in-use", "access mode"),
    ("node(s) had no available disk", "access mode"),
    ('running PreBind plugin "VolumeBinding"', "binding"),
    ("waiting for ephemeral volume controller", "missing claim"),
    ("is being deleted", "claim in deletion"),
    ("was not created for pod", "claim of another"),
    ('persistentvolumeclaim "', "missing claim"),
)
"""Words of the volume plugins' reasons (catalogue: SIGNALS, section 5) and what they are about."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why nodes were left out."""

    text: str
    """In the scheduler's words, as far as they are about nodes."""
    nodes: int | None
    """How many; None: all at once, none was looked at."""
    topic: str | None
    """What of the volumes it is about; None: it is not about volumes."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The scheduler's answer about a pod."""

    text: str
    nodes: int | None
    """How many nodes there were, as it says; None where the sentence is another."""
    reasons: tuple[Reason, ...]
    evidence: tuple[Evidence, ...]


def last_refusal(pod: Observed, seen: Seen) -> Refusal | None:
    """The last thing that the scheduler said of a pod without a node; None if it said nothing."""
    if pod.facts["node"]:
        return None
    condition = next((each for each in pod.facts["conditions"] or () if each["type"] == "PodScheduled"), None)
    if condition is not None and condition["status"] == "False" and condition["message"]:
        # The Event is cut at 1024 characters, the condition is not.
        return refusal(condition["message"], pod.evidence)
    for said in seen.events(pod.facts["uid"]):
        if said.reason == "FailedScheduling":
            return refusal(said.message, said.evidence)
    return None


def refusal(message: str, *evidence: Evidence) -> Refusal:
    """The scheduler's sentence in its parts."""
    text = " ".join(message.split())
    sentence = _SENTENCE.match(text)
    if sentence is None:
        return Refusal(text, None, (Reason(text, None, _topic(text)),), evidence)
    reasons = _REST.sub("", sentence["reasons"]).removesuffix(".")
    return Refusal(text, int(sentence["nodes"]), tuple(map(_reason, _NEXT.split(reasons))), evidence)


def _reason(text: str) -> Reason:
    counted = _COUNTED.fullmatch(text)
    if counted is None:
        return Reason(text, None, _topic(text))
    return Reason(counted["text"], int(counted["count"]), _topic(counted["text"]))


def _topic(text: str) -> str | None:
    return next((topic for words, topic in _PLUGINS if words in text), None)
