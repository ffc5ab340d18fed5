"""logrus' JSON: keys sorted, `level`, `msg`, `time`.

{"driver":"driver.longhorn.io","level":"info","msg":"NodePublishVolume: req: {...}","time":"2026-08-11T09:12:13Z"}
"""

from __future__ import annotations

from tracer.logs.calendar import Calendar
from tracer.logs.json_object import LETTERS, Member, Roles, is_exact, place, read_object
from tracer.logs.parsed import Parsed, statement, unique
from tracer.logs.times import rfc3339_place

NAME = "logrus JSON"
_ROLES = Roles(message=("msg",), severity=("level",), source=("file",), time=("time",))


def parse(text: str, calendar: Calendar) -> Parsed | None:
    """The line, or None for another dialect's."""
    members = read_object(text, quote="h") if text.startswith("{") else None
    if members is None:
        return None
    times: list[int] = []
    found = place(members, _ROLES, lambda member: _moment(member, times))
    if found.severity is None or found.severity.lower() not in LETTERS:
        return None
    layout = found.layout if is_exact(text, members) else None
    said = statement(LETTERS[found.severity.lower()], found.source, found.message, unique(found.pairs), layout)
    return Parsed(times[0] if times else None, said)


def _moment(member: Member, times: list[int]) -> str | None:
    found = rfc3339_place(member.value) if member.quote else None
    if found is None:
        return None
    times.append(found[0])
    return f'"{found[1]}"'
