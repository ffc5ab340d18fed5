"""Instants and speeds as they are given on the command line."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from tracer.clock import rfc3339_us
from tracer.errors import VolreelError

_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNITS_US = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}


def instant_us(text: str, start_us: int, end_us: int) -> int:
    """An instant inside a trace, µs since 1970: RFC 3339, `+5m` from its start, `-30s` from its end, `50%`.

    Raises VolreelError for what is none of these, or lies outside the trace.
    """
    found = _instant_us(text.strip(), start_us, end_us)
    if found is None:
        raise VolreelError(
            f"{text!r} is no instant. Give one like 2026-11-23T07:32:00Z, +5m from the start, -30s from the end, 50%."
        )
    if not start_us <= found <= end_us:
        span = f"{rfc3339_us(start_us)} to {rfc3339_us(end_us)}"
        raise VolreelError(f"{text!r} lies outside the trace, which spans {span}. Choose an instant inside it.")
    return found


def _instant_us(text: str, start_us: int, end_us: int) -> int | None:
    if text.endswith("%"):
        try:
            return start_us + round((end_us - start_us) * float(text[:-1]) / 100)
        except (ValueError, OverflowError):
            return None
    if text[:1] in "+-" and _DURATION.fullmatch(text[1:]):
        length = sum(round(float(count) * _UNITS_US[unit]) for count, unit in _PART.findall(text[1:]))
        return start_us + length if text[0] == "+" else end_us - length
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return round(instant.timestamp() * 1_000_000)


def speed_factor(text: str | float) -> float:
    """How many times faster than it was recorded; `max` is infinite. Raises VolreelError."""
    if text == "max":
        return math.inf
    try:
        factor = float(str(text).removesuffix("x"))
    except ValueError:
        factor = math.nan
    if not factor > 0:
        raise VolreelError(f"{text!r} is no speed. Give a number of times as fast as recorded, like 10, or max.")
    return factor
