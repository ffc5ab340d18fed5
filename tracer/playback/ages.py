"""Times as kubectl's tables show them: how long ago, in the fewest digits that matter."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "y": 365 * 86_400}
_SCALE = (
    (2 * 60, "s", ""),
    (10 * 60, "m", "s"),
    (3 * 3600, "m", ""),
    (8 * 3600, "h", "m"),
    (48 * 3600, "h", ""),
    (8 * 86_400, "d", "h"),
    (2 * 365 * 86_400, "d", ""),
    (8 * 365 * 86_400, "y", "d"),
    (math.inf, "y", ""),
)
"""Below how many seconds, in which unit, and which finer one."""


def age(stamp: Any, now: datetime) -> str:
    """The time from an RFC 3339 stamp until now; `<unknown>` without one, `<invalid>` for what is no time."""
    if not stamp:
        return "<unknown>"
    instant = parsed(stamp)
    return "<invalid>" if instant is None else human_duration(now - instant)


def parsed(stamp: Any) -> datetime | None:
    """An RFC 3339 stamp; None for anything else."""
    try:
        instant = datetime.fromisoformat(stamp)
    except (TypeError, ValueError):
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def human_duration(length: timedelta) -> str:
    """As k8s.io/apimachinery's duration.HumanDuration: `90s`, `5m3s`, `47m`, `3h20m`, `30h`, `2d5h`, `90d`, `2y40d`."""
    exact = length.total_seconds()
    seconds = int(exact)
    if exact < 0:
        return "0s" if seconds >= -1 else "<invalid>"
    unit, finer = next((unit, finer) for limit, unit, finer in _SCALE if seconds < limit)
    whole = f"{seconds // _SECONDS[unit]}{unit}"
    rest = seconds % _SECONDS[unit] // _SECONDS[finer] if finer else 0
    return f"{whole}{rest}{finer}" if rest else whole
