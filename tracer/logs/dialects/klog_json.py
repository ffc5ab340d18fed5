"""klog's JSON (`--logging-format=json`): `ts` in milliseconds since 1970, no level; an error is told by its `err`.

{"ts":1795417742309.4856,"caller":"leaderelection/leaderelection.go:300","msg":"Successfully renewed lease","v":5}
"""

from __future__ import annotations

from functools import lru_cache

from tracer.logs.calendar import Calendar
from tracer.logs.json_object import Member, Roles, is_exact, place, read_object
from tracer.logs.parsed import Parsed, Statement, statement, unique
from tracer.logs.times import millis_place

NAME = "klog JSON"
_START = '{"ts":'
_ROLES = Roles(message=("msg",), severity=(), source=("caller",), time=())
_SHORT = 1024


def parse(text: str, calendar: Calendar) -> Parsed | None:
    """The line, or None for another dialect's."""
    if not text.startswith(_START):
        return None
    end = text.find(",", len(_START), 40)
    moment = millis_place(text[len(_START) : end]) if end > 0 else None
    if moment is None:
        return None
    said = (_said if len(text) <= _SHORT else _said.__wrapped__)(text[end + 1 :], moment[1])
    return None if said is None else Parsed(moment[0], said)


@lru_cache(maxsize=8192)
def _said(tail: str, moment: str) -> Statement | None:
    """From what follows the time, and the time's placeholder."""
    text = "{" + tail
    members = read_object(text)
    if members is None or "level" in {each.key for each in members}:
        return None
    found = place(members, _ROLES, _no_time)
    if found.source is None:
        return None
    layout = '{{"ts":' + moment + "," + found.layout[2:] if is_exact(text, members) else None
    severity = "I" if "v" in dict(found.pairs) else "E"  # errors have no verbosity
    return statement(severity, found.source, found.message, unique(found.pairs), layout)


def _no_time(member: Member) -> None:
    return None
