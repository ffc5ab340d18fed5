r"""logrus' text, as longhorn and containerd write it: `key=value` from the first character on.

time="2026-08-11T09:12:13Z" level=info msg="NodeStageVolume: req: {\"volume_id\":\"pvc-1\"}" file="y.go:1"
"""

from __future__ import annotations

import re

from tracer.logs.calendar import Calendar
from tracer.logs.json_object import LETTERS
from tracer.logs.parsed import Parsed, statement, unique
from tracer.logs.times import rfc3339_place
from tracer.trace.lines import literal
from tracer.trace.quoting import unquoted

NAME = "logrus"
_PAIR = re.compile(r'([^\s="]{1,100})=(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)"|([^\s"]*))(?: |\Z)')
_LONGEST = 32_768


def parse(text: str, calendar: Calendar) -> Parsed | None:
    """The line, or None for another dialect's."""
    if not text.startswith("time=") or len(text) > _LONGEST:
        return None
    found = _Line()
    end = 0
    while end < len(text):
        match = _PAIR.match(text, end)
        if match is None:
            return None
        found.add(match[1], match[2], match[3])
        if match[0][-1] == " ":
            found.layout.append(" ")
        end = match.end()
    if found.severity is None:
        return None
    layout = "".join(found.layout) if found.exact else None
    return Parsed(found.at, statement(found.severity, found.source, found.message or "", unique(found.pairs), layout))


class _Line:
    """What has been read of a line."""

    def __init__(self) -> None:
        self.at: int | None = None
        self.severity: str | None = None
        self.source: str | None = None
        self.message: str | None = None
        self.pairs: list[tuple[str, str]] = []
        self.layout: list[str] = []
        self.exact = True

    def add(self, key: str, quoted: str | None, bare: str) -> None:
        value, is_go, letter = (bare, True, "") if quoted is None else (*unquoted(quoted), ":q")
        self.exact = self.exact and is_go
        self.layout.append(literal(f"{key}=") + self._place(key, value, letter))

    def _place(self, key: str, value: str, letter: str) -> str:
        if key == "msg" and self.message is None:
            self.message = value
            return f"{{message{letter}}}"
        if key == "file" and self.source is None:
            self.source = value
            return f"{{source{letter}}}"
        if key == "level" and self.severity is None and value in LETTERS:
            self.severity = LETTERS[value]
            return literal(f'"{value}"' if letter else value)
        if key == "time" and self.at is None and (moment := rfc3339_place(value)) is not None:
            self.at = moment[0]
            return f'"{moment[1]}"' if letter else moment[1]
        self.pairs.append((key, value))
        return f"{{{len(self.pairs) - 1}{letter}}}"
