"""One raw line taken apart, and put together again."""

from __future__ import annotations

from datetime import UTC, datetime

from tracer.logs.calendar import Calendar
from tracer.logs.dialects import DIALECTS
from tracer.logs.parsed import Parsed


def parse(text: str, stamp: str = "2026-11-23T07:32:18") -> tuple[str, Parsed]:
    """The dialect's name and what it found; fails for a line that none knows."""
    calendar = Calendar()
    calendar.stamped(int(datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()))
    for dialect in DIALECTS:
        parsed = dialect.parse(text, calendar)
        if parsed is not None:
            return dialect.NAME, parsed
    raise AssertionError(f"no dialect knows {text!r}")


def read(dialect: str, text: str) -> Parsed:
    """The line as this dialect reads it, which must give it back byte for byte."""
    name, parsed = parse(text)
    assert name == dialect
    assert parsed.rebuilt() == text
    return parsed


def fields(text: str) -> dict[str, str]:
    """All fields of a line that some dialect knows."""
    return parse(text)[1].fields


def us(text: str) -> int:
    """Microseconds since 1970 of an ISO time in UTC."""
    instant = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return int(instant.timestamp()) * 1_000_000 + instant.microsecond
