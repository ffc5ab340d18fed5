"""How many logs are caught up with at once: what is not read yet is held in memory, so their number is bounded."""

from __future__ import annotations

import asyncio

PLACES = 32
_UNHEARD_S = 2.0
"""A log that has not answered for so long has nothing to catch up with."""
_QUIET_S = 0.2
"""Nor has one that sends nothing for so long after what it sent is read."""


class Place:
    """A place among those that are caught up with."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(_UNHEARD_S, self.leave)
        self._is_held = True

    def busy(self) -> None:
        """Something has come, and the place is kept until it is read."""
        self._timer.cancel()

    def idle(self) -> None:
        """What had come is read; if no more comes soon the place is given up."""
        self._timer.cancel()
        if self._is_held:
            self._timer = self._loop.call_later(_QUIET_S, self.leave)

    def leave(self) -> None:
        """Give the place to the next; it may be given up already."""
        self._timer.cancel()
        if self._is_held:
            self._is_held = False
            self._places.release()


async def take_place(places: asyncio.Semaphore) -> Place:
    """Wait for a place."""
    await places.acquire()
    return Place(places)
