"""Reading and writing instants as people say them: `14:03:07`, `-5m`, `50%`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

from tracer.errors import VolreelError

_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_DISTANCE = re.compile(r"([+-])((?:\d+(?:\.\d+)?(?:ms|s|m|h|d)?)+)")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class NotAnInstant(VolreelError):
    """Words that name no instant."""


def go_to(words: str, first: datetime | None, last: datetime | None, cursor: datetime | None = None) -> datetime | None:
    """The instant inside a trace from `first` to `last` that is nearest to the one named. Raises NotAnInstant."""
    instant = named_instant(words, first, last, cursor)
    if instant is None or first is None or last is None:
        return None
    return min(max(instant, first), last)


def named_instant(
    words: str, first: datetime | None, last: datetime | None, cursor: datetime | None = None
) -> datetime | None:
    """The instant that the words name; None where an empty trace has nothing to count from.

    `14:03:07` is a time of day in UTC (on the cursor's day, else the first day on which it lies inside the trace),
    `2026-11-23T14:03:07Z` an instant, `50%` a share of the trace. `+30s` and `-1h30m` count from the cursor; without
    one, `+` counts from the start and `-` from the end. Raises NotAnInstant.
    """
    try:
        return _named(words.strip(), first, last, cursor)
    except (ValueError, OverflowError):
        raise NotAnInstant(
            f"{words!r} is no time. Give 14:03:07, 2026-11-23T14:03:07Z, +30s, -5m or 50% (times are UTC)."
        ) from None


def _named(text: str, first: datetime | None, last: datetime | None, cursor: datetime | None) -> datetime | None:
    if share := _SHARE.fullmatch(text):
        return first + (last - first) * min(float(share[1]) / 100, 1.0) if first and last else None
    if distance := _DISTANCE.fullmatch(text):
        seconds = sum(float(part[1]) * _SECONDS[part[2] or ""] for part in _PART.finditer(distance[2]))
        origin = cursor or (first if distance[1] == "+" else last)
        return origin + timedelta(seconds=seconds if distance[1] == "+" else -seconds) if origin else None
    if re.fullmatch(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?", text):
        clock = time.fromisoformat(f"0{text}" if text[1] == ":" else text)
        return _time_of_day(clock, first, last, cursor)
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _time_of_day(
    clock: time, first: datetime | None, last: datetime | None, cursor: datetime | None
) -> datetime | None:
    if first is None or last is None:
        return None
    days = [first.date() + timedelta(days=number) for number in range((last.date() - first.date()).days + 1)]
    if cursor is not None:
        days.sort(key=lambda day: abs(day - cursor.date()))
    instants = [datetime.combine(day, clock, UTC) for day in days]
    return next((instant for instant in instants if first <= instant <= last), instants[0])


def length(seconds: float) -> str:
    """A length of time in a few characters: `250ms`, `12.5s`, `3m05s`, `2h07m`, `3d04h`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f}ms"
    if seconds < _MINUTE:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE}m{whole % _MINUTE:02}s"
    if whole < _DAY:
        return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02}m"
    return f"{whole // _DAY}d{whole % _DAY // _HOUR:02}h"


def distance(seconds: float) -> str:
    """How far from the cursor: `-3.2s`, `+5m07s`, empty at it."""
    return "" if seconds == 0 else f"{'-' if seconds < 0 else '+'}{length(abs(seconds))}"
