"""Times inside lines that say their year and zone: RFC 3339, and seconds or milliseconds since 1970."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_EPOCH = re.compile(r"(\d{9,10})(?:\.(\d{1,9}))?", re.ASCII)
_MILLIS = re.compile(r"(\d{12,13})(?:\.(\d{1,9}))?", re.ASCII)


def rfc3339_place(text: str) -> tuple[int, str] | None:
    """µs since 1970 and the layout's placeholder; None for what is no such time. Nanoseconds stand in the layout."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    fraction, zone = match[2] or "", match[3]
    offset = 0 if zone == "Z" else (-1 if zone[0] == "-" else 1) * (int(zone[1:3]) * 60 + int(zone[-2:]))
    second = _second(match[1], offset)
    if second is None:
        return None
    form = f"%Y-%m-%d{match[1][10]}%H:%M:%S" + ("." if fraction else "")
    micros = fraction[:6]
    at = second * 1_000_000 + int(micros.ljust(6, "0"))
    return at, f"{{at {form}|{len(micros)}|{offset}}}{fraction[6:]}{zone}"


@lru_cache(maxsize=4096)
def _second(text: str, offset: int) -> int | None:
    try:
        return int(datetime.fromisoformat(text + "+00:00").timestamp()) - offset * 60
    except (ValueError, OverflowError):
        return None


def millis_place(text: str) -> tuple[int, str] | None:
    """The same for milliseconds since 1970."""
    match = _MILLIS.fullmatch(text)
    if match is None:
        return None
    fraction = match[2] or ""
    micros = fraction[:3]
    return int(match[1]) * 1000 + int(micros.ljust(3, "0")), f"{{ms {len(micros)}}}{fraction[3:]}"


def seconds_place(text: str) -> tuple[int, str] | None:
    """The same for seconds since 1970."""
    match = _EPOCH.fullmatch(text)
    if match is None:
        return None
    fraction = match[2] or ""
    micros = fraction[:6]
    return int(match[1]) * 1_000_000 + int(micros.ljust(6, "0")), f"{{s {len(micros)}}}{fraction[6:]}"
