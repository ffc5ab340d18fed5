"""What lines say about CSI calls and volumes, lifted into fields with one vocabulary (see `vocabulary`).

One file per shape. A shape has the WORDS that a message of it can begin with, and `derive(message, fields)`: its
fields, or None for another shape's message. The first that answers is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tracer.logs.calls import (
    aws_ebs,
    ceph_csi,
    csi_lib_utils,
    gcp_pd,
    grpc_text,
    hostpath,
    kubelet,
    longhorn,
    openebs,
    sentences,
    topolvm,
    vsphere,
)
from tracer.logs.calls.vocabulary import VOCABULARY, Pairs

__all__ = ["SHAPES", "VOCABULARY", "derived_fields"]


class Shape(Protocol):
    """A way to tell of a call."""

    WORDS: tuple[str, ...]

    def derive(self, message: str, fields: dict[str, str], /) -> Pairs | None:
        """The call's fields; None for another shape."""


SHAPES: tuple[Shape, ...] = (
    csi_lib_utils,
    openebs,
    grpc_text,
    hostpath,
    ceph_csi,
    aws_ebs,
    vsphere,
    longhorn,
    topolvm,
    kubelet,
)
_BY_WORD: dict[str, tuple[Shape, ...]] = {
    word: tuple(shape for shape in SHAPES if word in shape.WORDS) for shape in SHAPES for word in shape.WORDS
}
_PATH = gcp_pd.WORDS[0]
_LONGEST_WORD = 64
_LONGEST = 65_536
_NAMES = {"volumeName": None, "volume": None, "VolumeAttachment": "va", "attachmentID": "va"}
"""The line's own keys that speak of a volume by its UniqueName, or of an attachment."""


def derived_fields(message: str, own: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The fields that a message and its own keys and values imply; never a key that the line has itself."""
    word = message[:_LONGEST_WORD].partition(" ")[0]
    shapes = _BY_WORD.get(word)
    if shapes is None and word[:1] == "/" and word.startswith(_PATH):
        shapes = (gcp_pd,)
    is_sentence = ('"' in message and sentences.MARK in message) or word == "Operation"  # few have a quote at all
    found = _named(own) if own else []
    if shapes is None and not is_sentence and not found:
        return ()
    fields = dict(own)
    if shapes is not None and len(message) <= _LONGEST:
        for shape in shapes:
            if (derived := shape.derive(message, fields)) is not None:
                found += derived
                is_sentence = is_sentence and not derived
                break
    if is_sentence:
        found += sentences.derive(message, fields) or []
    told = dict(found)
    if len(told) == len(found) and fields.keys().isdisjoint(told):
        return tuple(found)
    return tuple([(name, value) for name, value in told.items() if name not in fields])


def _named(own: Sequence[tuple[str, str]]) -> Pairs:
    found: Pairs = []
    for key, value in own:
        if key in _NAMES:
            if (name := _NAMES[key]) is not None:
                found.append((name, value))
            elif value.startswith("kubernetes.io/csi/"):
                found += sentences.unique_name(value).items()
    return found
