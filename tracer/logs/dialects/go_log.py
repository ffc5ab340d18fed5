"""Go's standard log: a date, a time in the process' own zone, perhaps with microseconds and the file.

2026/08/11 09:12:13.123456 main.go:42: listening on unix:///csi/csi.sock
"""

from __future__ import annotations

import re

from tracer.logs.calendar import Calendar
from tracer.logs.parsed import Parsed, statement

NAME = "Go log"
_LINE = re.compile(
    r"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)(?:(\.)(\d{6}))? (?:([^\s:]{1,200}:\d{1,9}): )?(.*)", re.ASCII | re.DOTALL
)
_FORM = "%Y/%m/%d %H:%M:%S"


def parse(text: str, calendar: Calendar) -> Parsed | None:
    """The line, or None for another dialect's."""
    match = _LINE.fullmatch(text) if text[4:5] == "/" else None
    found = calendar.local(match[1], _FORM) if match else None
    if match is None or found is None:
        return None
    _, point, micros, source, message = match.groups()
    layout = f"{{at {_FORM}{point or ''}|{len(micros or '')}|{found[1]}}} " + ("{source}: " if source else "")
    said = statement(None, source, message, (), layout + "{message}")
    return Parsed(found[0] * 1_000_000 + int(micros or 0), said)
