"""The clock of a world: plays its rows at the pace in which they were recorded, faster, or as fast as they are read."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import groupby

from tracer.playback.history import Step, changes
from tracer.playback.readers import Readers
from tracer.playback.resource import WINDOW_CHANGES, Resource
from tracer.playback.world import World

START_DELAY_S = 2.0
"""How long the first watch waits for the others."""
_SLICE = 1_000
"""Rows that happen at once at top speed."""
_LAG = WINDOW_CHANGES // 2
"""At top speed the world waits for a watch that is further behind."""


def play_until(world: World, until_us: int) -> None:
    """Let everything happen that was observed up to an instant, unwatched; the world stands there."""
    for block in changes(world.trace, world.overview):
        count = _due(block, 0, until_us)
        world.play(block[:count])
        if count < len(block):
            break
    world.now_us = until_us


class Player:
    """Plays a world from its first instant to its last, once or for ever."""

    def __init__(self, world: World, readers: Readers, speed: float, *, loop: bool = False) -> None:
        """`speed`: how many times faster than recorded; infinite is as fast as watches can take it."""
        self.ended = asyncio.Event()
        """Is set when the last row has happened and every watch has it; never in a loop."""
        self._world = world
        self._readers = readers
        self._speed = speed
        self._loop = loop
        world.patient = math.isinf(speed)

    async def run(self) -> None:
        """Wait for watches, play, and begin again where it loops. Raises TraceDamaged when a file cannot be read."""
        while True:
            await self._audience()
            await self._play()
            if not self._loop:
                break
            await self._world.drained(0)
            self._world.begin()
        await self._world.drained(0)
        self.ended.set()

    async def _audience(self) -> None:
        """Return when every resource is watched, or a while after the first watch has begun."""
        world = self._world
        await world.watched.wait()
        try:
            async with asyncio.timeout(START_DELAY_S):
                while not all(resource.watches for resource in world.resources.values()):
                    world.watched.clear()
                    await world.watched.wait()
        except TimeoutError:
            pass

    async def _play(self) -> None:
        started, first_us = time.monotonic(), self._world.overview.start_us
        end_us = self._world.overview.end_us
        if not math.isinf(self._speed):
            self._world.speed = self._speed
            self._world.clock = lambda: first_us + int((time.monotonic() - started) * self._speed * 1_000_000)
        async for block in _read_ahead(changes(self._world.trace, self._world.overview)):
            if math.isinf(self._speed):
                await self._play_at_once(block)
                continue
            done = 0
            while done < len(block):
                now_us = first_us + int((time.monotonic() - started) * self._speed * 1_000_000)
                count = _due(block, done, now_us)
                await self._happen(block[done:count])
                done = count
                if done < len(block):
                    await asyncio.sleep(max(0.001, (block[done][1] - now_us) / self._speed / 1_000_000))
        if self._world.clock is not None:  # lines of logs may come after the last object
            await asyncio.sleep(max(0.0, (end_us - self._world.clock()) / self._speed / 1_000_000))
        self._world.move_to(end_us)

    async def _play_at_once(self, block: Sequence[Step]) -> None:
        for start in range(0, len(block), _SLICE):
            for resource in await self._happen(block[start : start + _SLICE]):
                await resource.drained(_LAG)
            await asyncio.sleep(0)

    async def _happen(self, steps: Sequence[Step]) -> set[Resource]:
        """Let these rows happen, each that takes a log away once that is read. The resources that changed."""
        touched: set[Resource] = set()
        due: list[Step] = []
        for _, group in groupby(steps, _together):
            found = list(group)
            if taking := [step for step in found if self._readers.concerns(step)]:
                touched |= self._world.play(due)
                due = []
                await self._readers.done_before(taking)
            due += found
        return touched | self._world.play(due)


def _together(step: Step) -> int | str:
    """What a re-list found is one: the world puts it into the order of its revisions."""
    return step[2] if step[3] == "LISTED" else step[0]


def _due(block: Sequence[Step], start: int, until_us: int) -> int:
    """The index behind the last step from `start` on that was observed up to an instant."""
    count = start
    while count < len(block) and block[count][1] <= until_us:
        count += 1
    return count


async def _read_ahead(blocks: Iterator[list[Step]]) -> AsyncIterator[list[Step]]:
    """The blocks, each read in a thread while the one before it is played."""
    ahead = asyncio.create_task(asyncio.to_thread(next, blocks, None))
    try:
        while (block := await ahead) is not None:
            ahead = asyncio.create_task(asyncio.to_thread(next, blocks, None))
            yield block
    finally:
        ahead.cancel()
