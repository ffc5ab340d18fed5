"""A log line that is one JSON object, flat: its keys in order, its values as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from tracer.trace.lines import literal
from tracer.trace.quoting import QUOTES, json_quote, read_reference

_LONGEST = 32_768
_MOST_KEYS = 500
_DECODER = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)


class Member(NamedTuple):
    """One key of the object."""

    key: str
    value: str
    """A string's content; `namespace/name` of a reference to an object; any other value as it stands."""
    quote: str
    """The letter of its quoting in a layout; empty for what stands as it is."""
    raw: str


def read_object(text: str, quote: str = "j") -> list[Member] | None:
    """The members of an object written without blanks between its parts; None for anything else.

    `quote` is the letter of the quoting that its strings have.
    """
    if len(text) > _LONGEST or text[:1] != "{" or text[-1:] != "}":
        return None
    try:
        decoded = _DECODER.decode(text)
        if len(decoded) > _MOST_KEYS:
            return None
        members = [_member(key, bytes(raw).decode(), quote) for key, raw in decoded.items()]
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return members


def is_exact(text: str, members: Sequence[Member]) -> bool:
    """Whether the members, put together again, are the text."""
    return text == "{" + ",".join([f"{json_quote(each.key)}:{written(each)}" for each in members]) + "}"


def written(member: Member) -> str:
    """The value as it stands in JSON."""
    return QUOTES[member.quote](member.value) if member.quote else member.raw


def _member(key: str, raw: str, quote: str) -> Member:
    if raw[0] == '"':
        return Member(key, raw[1:-1] if "\\" not in raw else _TEXT.decode(raw), quote, raw)
    if raw[0] == "{" and (short := read_reference(raw)) is not None:
        return Member(key, short, "o", raw)
    return Member(key, raw, "", raw)


class Roles(NamedTuple):
    """What an object's keys mean."""

    message: Sequence[str]
    severity: Sequence[str]
    source: Sequence[str]
    time: Sequence[str]


class Placed(NamedTuple):
    """An object's members by what they mean, and the layout that gives its text back."""

    severity: str | None
    source: str | None
    message: str
    time: Member | None
    pairs: list[tuple[str, str]]
    layout: str


def place(members: Sequence[Member], roles: Roles, time_place: Callable[[Member], str | None]) -> Placed:
    """Give each member its role; those without one are fields. `time_place` writes the time's placeholder."""
    severity = source = time = None
    message: str | None = None
    pairs: list[tuple[str, str]] = []
    layout = []
    for each in members:
        key = literal(json_quote(each.key))
        letter = f":{each.quote}" if each.quote else ""
        if message is None and each.key in roles.message and each.quote:
            message, where = each.value, f"{{message{letter}}}"
        elif source is None and each.key in roles.source and each.quote:
            source, where = each.value, f"{{source{letter}}}"
        elif severity is None and each.key in roles.severity and each.quote:
            severity, where = each.value, literal(each.raw)
        elif time is None and each.key in roles.time and (moment := time_place(each)) is not None:
            time, where = each, moment
        else:
            where = f"{{{len(pairs)}{letter}}}"
            pairs.append((each.key, each.value))
        layout.append(f"{key}:{where}")
    return Placed(severity, source, message or "", time, pairs, "{{" + ",".join(layout) + "}}")


LETTERS = {
    "trace": "I",
    "debug": "I",
    "info": "I",
    "warn": "W",
    "warning": "W",
    "error": "E",
    "dpanic": "E",
    "panic": "F",
    "fatal": "F",
}
"""A level's name in lower case -> the severity that klog would have."""
