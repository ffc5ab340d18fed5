"""A virtual clock, and what is to happen on it."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

BEGIN = datetime(2026, 11, 23, 7, 0, 0, tzinfo=UTC)
"""When a simulated cluster begins; every time of a simulation is in seconds since."""

Process = Iterator[float]
"""Something that goes on for a while: it yields the seconds that pass before its next step."""


class Simulation:
    """Runs processes in the order of their virtual times; all chance comes from one seed."""

    def __init__(self, seed: str) -> None:
        self.now = 0.0
        self.random = random.Random(seed)
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._last_ns = 0

    def after(self, delay: float, action: Callable[[], None]) -> None:
        """Do something so many seconds from now."""
        heapq.heappush(self._queue, (self.now + delay, next(self._order), action))

    def start(self, process: Process, done: Callable[[], None] = lambda: None) -> None:
        """Begin a process now; `done` is called at its end."""

        def step() -> None:
            for pause in process:
                self.after(pause, step)
                return
            done()

        step()

    def run(self, until: float) -> None:
        """Let time pass."""
        while self._queue and self._queue[0][0] <= until:
            self.now, _, action = heapq.heappop(self._queue)
            action()
        self.now = until

    def spread(self, low: float, high: float) -> float:
        """A delay by chance."""
        return self.random.uniform(low, high)

    def uid(self) -> str:
        """A version 4 UUID by chance."""
        bits = self.random.getrandbits(128)
        text = f"{bits & ~(0xF << 76) | (4 << 76):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-a{text[17:20]}-{text[20:]}"

    # -- times as the cluster writes them ---------------------------------------------------------------------------

    @property
    def instant(self) -> datetime:
        """Now."""
        return BEGIN + timedelta(seconds=self.now)

    def second(self, later: float = 0.0) -> str:
        """metav1.Time: whole seconds."""
        return f"{BEGIN + timedelta(seconds=int(self.now + later)):%Y-%m-%dT%H:%M:%SZ}"

    def microsecond(self) -> str:
        """metav1.MicroTime."""
        return f"{self.instant:%Y-%m-%dT%H:%M:%S.%fZ}"

    def nanoseconds(self) -> int:
        """Since 1970, never the same twice; what a float does not tell comes by chance."""
        micros = round(self.instant.timestamp() * 1_000_000)
        self._last_ns = max(self._last_ns + 1, micros * 1000 + self.random.randrange(1000))
        return self._last_ns
