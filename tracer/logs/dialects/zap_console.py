"""zap's console: tabs between time, level, perhaps a logger, perhaps a caller, message, and fields as JSON.

2026-08-11T09:12:13.123Z	INFO	driver.controller	controller/pvc.go:12	CreateVolume called	{"name": "pvc-1"}
"""

from __future__ import annotations

import re

from tracer.logs.calendar import Calendar
from tracer.logs.json_object import LETTERS, read_object, written
from tracer.logs.parsed import Parsed, statement, unique
from tracer.logs.times import rfc3339_place
from tracer.trace.lines import literal
from tracer.trace.quoting import json_quote

NAME = "zap"
_SOURCE = re.compile(r"[^\s:]{1,200}:\d{1,9}")
_LOGGER = re.compile(r"[\w.-]{1,100}")
_LONGEST = 32_768


def parse(text: str, calendar: Calendar) -> Parsed | None:
    """The line, or None for another dialect's."""
    if text[4:5] != "-" or len(text) > _LONGEST:
        return None
    time, *parts = text.split("\t")
    moment = rfc3339_place(time)
    if moment is None or len(parts) < 2 or parts[0].lower() not in LETTERS:
        return None
    layout = [moment[1], literal(parts[0])]
    rest = parts[1:]
    pairs: list[tuple[str, str]] = []
    tail = rest.pop() if len(rest) > 1 and rest[-1].startswith("{") else None
    source = None
    if len(rest) > 1 and not _SOURCE.fullmatch(rest[0]) and _LOGGER.fullmatch(rest[0]):
        pairs.append(("logger", rest.pop(0)))
        layout.append("{0}")
    if len(rest) > 1 and _SOURCE.fullmatch(rest[0]):
        source = rest.pop(0)
        layout.append("{source}")
    layout.append("{message}")
    exact = tail is None or _add_fields(tail, pairs, layout)
    said = statement(
        LETTERS[parts[0].lower()], source, "\t".join(rest), unique(pairs), "\t".join(layout) if exact else None
    )
    return Parsed(moment[0], said)


def _add_fields(tail: str, pairs: list[tuple[str, str]], layout: list[str]) -> bool:
    """Take in the JSON at the end; whether the layout gives it back."""
    members = read_object(tail)
    if members is None:
        layout.append(f"{{{len(pairs)}}}")
        pairs.append(("fields", tail))
        return True
    first = len(pairs)
    pairs += [(each.key, each.value) for each in members]
    places = [
        f"{literal(json_quote(each.key))}: {{{number}{':' if each.quote else ''}{each.quote}}}"
        for number, each in enumerate(members, first)
    ]
    layout.append("{{" + ", ".join(places) + "}}")
    return tail == "{" + ", ".join([f"{json_quote(each.key)}: {written(each)}" for each in members]) + "}"
