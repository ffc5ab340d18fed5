"""zap's JSON, as controller-runtime, topolvm and the vSphere driver write it: a level, a time, `msg`.

{"level":"info","time":"2026-08-11T09:12:13.123456789Z","caller":"service/driver.go:1","msg":"...","TraceId":"..."}
"""

from __future__ import annotations

from tracer.logs.calendar import Calendar
from tracer.logs.json_object import LETTERS, Member, Roles, is_exact, place, read_object
from tracer.logs.parsed import Parsed, statement, unique
from tracer.logs.times import rfc3339_place, seconds_place

NAME = "zap JSON"
_ROLES = Roles(
    message=("msg", "message", "M"),
    severity=("level", "severity", "L"),
    source=("caller", "C"),
    time=("ts", "time", "timestamp", "T"),
)


def parse(text: str, calendar: Calendar) -> Parsed | None:
    """The line, or None for another dialect's."""
    members = read_object(text) if text.startswith("{") else None
    if members is None:
        return None
    times: list[int] = []
    found = place(members, _ROLES, lambda member: _moment(member, times))
    if found.severity is None or found.time is None or found.severity.lower() not in LETTERS or _is_logrus(members):
        return None
    layout = found.layout if is_exact(text, members) else None
    return Parsed(
        times[0], statement(LETTERS[found.severity.lower()], found.source, found.message, unique(found.pairs), layout)
    )


def _is_logrus(members: list[Member]) -> bool:
    """logrus sorts its keys, has no caller, and its time is `time`."""
    keys = [each.key for each in members]
    return "caller" not in keys and "time" in keys and keys == sorted(keys)


def _moment(member: Member, times: list[int]) -> str | None:
    found = rfc3339_place(member.value) if member.quote else seconds_place(member.value)
    if found is None:
        return None
    times.append(found[0])
    return f'"{found[1]}"' if member.quote else found[1]
