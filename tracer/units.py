"""Durations and sizes as people type and read them."""

from __future__ import annotations

import re

from tracer.errors import VolreelError

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]i?B?|B?)")


def parse_duration(text: str) -> float:
    """Seconds of `90s`, `10m`, `1h30m`, `2d`. Raises VolreelError."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        raise VolreelError(f"{text!r} is no duration. Write it as 90s, 10m, 1h30m or 2d.")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def parse_size(text: str) -> int:
    """Bytes of `20GiB`, `500M`, `1048576`. Raises VolreelError."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise VolreelError(f"{text!r} is no size. Write it as 500MiB, 20GiB or 2TB.")
    number, unit = match.groups()
    base = 1024 if "i" in unit else 1000
    power = " KMGT".index(unit[0]) if unit and unit[0] in "KMGT" else 0
    return int(float(number) * base**power)


def show_size(size: float) -> str:
    """`512 B`, `3.4 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def show_duration(seconds: float) -> str:
    """`850 ms`, `12.3 s`, `4m05s`, `1h02m`, `3d04h`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}h{minutes:02d}m"
    return f"{hours // 24}d{hours % 24:02d}h"
