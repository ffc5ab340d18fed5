"""How fast the trace is played, and whether it is."""

from __future__ import annotations

import time
from datetime import timedelta

_SPEEDS = (0.25, 0.5, 1, 2, 5, 10, 30, 100, 300, 1000)


class Pace:
    """A clock that runs at a chosen speed, or stands."""

    def __init__(self) -> None:
        self._speed = _SPEEDS.index(1)
        self._since: float | None = None
        self.is_live = False
        """Whether the cursor rides at the end of a trace that is being recorded."""

    @property
    def is_playing(self) -> bool:
        """Whether the clock runs."""
        return self._since is not None

    def play(self) -> None:
        """Let it run."""
        self._since = time.monotonic()
        self.is_live = False

    def pause(self) -> None:
        """Let it stand."""
        self._since = None
        self.is_live = False

    def change(self, steps: int) -> None:
        """Take a higher speed, or a lower one."""
        self._speed = max(0, min(self._speed + steps, len(_SPEEDS) - 1))

    def elapsed(self) -> timedelta:
        """How much of the trace's time has passed since this was last asked."""
        if self._since is None:
            return timedelta()
        before, self._since = self._since, time.monotonic()
        return timedelta(seconds=(self._since - before) * _SPEEDS[self._speed])

    def __str__(self) -> str:
        if self.is_live:
            return "live"
        return f"{'playing' if self.is_playing else 'paused'} {_SPEEDS[self._speed]:g}x"
