"""klog's text, unstructured and structured: what Kubernetes itself and most CSI components write.

I1123 07:32:17.403210       1 connection.go:264] "GRPC call" method="/csi.v1.Identity/Probe" request="{}"
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from tracer.logs.calendar import Calendar
from tracer.logs.key_values import parse_structured
from tracer.logs.parsed import Parsed, Statement, statement

NAME = "klog"
_HEAD = re.compile(r"( +\d{1,10} )([^\s\]:]{1,200}:\d{1,9})")
_LONGEST_HEAD = 300
_SHORT = 1024
"""Tails up to this length are remembered: most of a quiet cluster's lines differ in their time alone."""
_LONGEST = 32_768
"""What is longer is not taken apart beyond its header."""


def parse(text: str, calendar: Calendar) -> Parsed | None:
    """The line, or None for another dialect's."""
    if text[14:15] != "." or text[0] not in _LETTERS:
        return None
    when = calendar.known.get(text[1:14]) or calendar.resolve(text[1:14])
    micros = text[15:21]
    if when is None or len(micros) != 6 or not (micros.isascii() and micros.isdigit()):
        return None
    said = (_said if len(text) <= _SHORT else _said.__wrapped__)(text[21:], text[0], when[1])
    return None if said is None else Parsed(when[0] * 1_000_000 + int(micros), said)


_LETTERS = frozenset("IWEF")


class _Head(NamedTuple):
    source: str
    layout: str
    """Up to the message."""


@lru_cache(maxsize=4096)
def _head(text: str, severity: str, offset: int) -> _Head | None:
    """What stands between the time and `] `: one per place that logs."""
    match = _HEAD.fullmatch(text)
    if match is None:
        return None
    process, source = match.groups()
    return _Head(source, f"{severity}{{at %m%d %H:%M:%S.|6|{offset}}}{process}{{source}}] ")


@lru_cache(maxsize=2048)
def _said(tail: str, severity: str, offset: int) -> Statement | None:
    """From what follows the time."""
    text, bracket, rest = tail.partition("] ")
    head = _head(text, severity, offset) if bracket and len(text) <= _LONGEST_HEAD else None
    if head is None:
        return None
    source, layout = head
    found = parse_structured(rest) if rest[:1] == '"' and len(rest) <= _LONGEST else None
    if found is None:
        return statement(severity, source, rest, (), layout + "{message}")
    return statement(
        severity,
        source,
        found.message,
        found.pairs,
        None if found.layout is None else layout + found.layout,
        found.opened,
    )
