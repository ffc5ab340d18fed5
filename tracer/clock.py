"""The recorder's clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Wall time at the start plus the monotonic clock: never steps back, whatever is done to the wall clock."""

    def __init__(self, not_before_us: int = 0) -> None:
        """`not_before_us`: the last instant already in the trace, µs since 1970 UTC."""
        self._base_ns = max(time.time_ns(), not_before_us * 1000 + 1000) - time.monotonic_ns()

    def now_us(self) -> int:
        """Microseconds since 1970, UTC."""
        return (self._base_ns + time.monotonic_ns()) // 1000


def rfc3339_us(instant_us: int) -> str:
    """`2026-11-23T07:32:00.000000Z` from microseconds since 1970."""
    seconds, micros = divmod(instant_us, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{micros:06d}Z"
