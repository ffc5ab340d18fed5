"""A time zone as a user names it."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tracer.errors import InputError

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")


def zone_of(text: str) -> tzinfo:
    """`UTC`, `+02:00` or a name like `Europe/Berlin`. Raises InputError for anything else."""
    if text in ("UTC", "Z"):
        return UTC
    if (match := _OFFSET.fullmatch(text)) and int(match[2]) < 15 and int(match[3]) < 60:
        minutes = int(match[2]) * 60 + int(match[3])
        return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(f"{text[:80]!a} is no time zone. Give UTC, an offset like +02:00, or a name.") from error
