"""One answer of the log API: its lines into the trace, behind what was seen already, at a bounded pace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tracer.cluster import Cluster, Lost, Silent
from tracer.logfollow.lines import Cutter, Run, stamp_of
from tracer.logfollow.places import PLACES, Place
from tracer.logfollow.position import Position, TakingUp
from tracer.logs.lifting import LogLifter
from tracer.sink import Sink

_TURN = 500
"""Lines of one log before the others get their turn."""


class Moved(Exception):
    """What the server sends is the log of a later run, or of another pod of that name."""


@dataclass(slots=True)
class LogCounts:
    """What the status line shows of all logs together."""

    lines: int = 0
    gaps: int = 0


@dataclass(frozen=True, slots=True)
class Means:
    """What every follower of a log needs."""

    cluster: Cluster
    sink: Sink
    silence_s: float
    max_rate: float | None
    """Lines per second of one run; None is as fast as they come."""
    lifter: LogLifter = field(default_factory=LogLifter)
    counts: LogCounts = field(default_factory=LogCounts)
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PLACES))


class Reading:
    """Reads one run's log, answer by answer."""

    def __init__(
        self,
        means: Means,
        run: Run,
        position: Position,
        heard: Callable[[], None],
        is_moved: Callable[[bool], Awaitable[bool]],
    ) -> None:
        """`heard` is called when the server answers; `is_moved` says whether it has another run by now.

        With True `is_moved` is to ask the server.
        """
        self.run = run
        self.position = position
        self.is_synced = False
        """Whether the trace says that nothing is missing since."""
        self.ended: str | None = None
        """Why the answer before ended, where that is worth a row; None once the next one is heard."""
        self.words: str | None = None
        """What the kubelet said instead of a line, last."""
        self.marked: str | None = None
        """The position as the last bookmark says it."""
        self.heard_at = time.monotonic()
        self._means = means
        self._heard = heard
        self._is_moved = is_moved
        self._due_at = 0.0

    async def read(self, place: Place, *, follow: bool, previous: bool) -> None:
        """Ask for the log from the position on, and take what comes until the server ends it.

        The place is given up once the log is caught up with. Raises Refused, Lost, Silent, Moved.
        """
        query = {"container": self.run.container, "timestamps": "true"}
        query |= {"follow": "true"} if follow else {}
        query |= {"previous": "true"} if previous else {}
        since = self.position.since
        query |= {"sinceTime": since} if since else {}
        path = f"/api/v1/namespaces/{self.run.namespace}/pods/{self.run.pod}/log"
        asked_at = time.monotonic()
        self.words = None
        try:
            async with self._means.cluster.stream(path, query, self._means.silence_s, is_log=True) as pieces:
                self._heard()
                await self._read(Cutter(), pieces, place, is_last=not follow)
        except Silent:
            raise
        except Lost as lost:
            # A kubelet sends nothing, no headers either, before the first line.
            if time.monotonic() - asked_at >= 0.9 * self._means.silence_s and self.heard_at < asked_at:
                raise Silent(str(lost)) from lost
            raise
        finally:
            place.leave()

    async def _read(self, cutter: Cutter, pieces: AsyncIterator[bytes], place: Place, *, is_last: bool) -> None:
        taking_up = TakingUp(self.position)
        async for lines in cutter.cut(pieces):
            if self._means.max_rate is None:
                place.busy()
            else:  # it is slow on purpose: the others do not wait for it
                place.leave()
            for start in range(0, len(lines), _TURN):
                await self._take(lines[start : start + _TURN], taking_up)
            place.idle()
        if is_last and cutter.rest:
            await self._take([cutter.rest], taking_up)
        if taking_up.is_done:
            self._synced()
        elif is_last and self.words is None:
            await self._lost("the lines that were read last are not there any more", taking_up)

    async def _take(self, lines: Sequence[bytes], taking_up: TakingUp) -> None:
        self.heard_at = time.monotonic()
        fresh: list[bytes] = []
        stamps: list[int] = []
        for line in lines:
            stamp = stamp_of(line)
            if stamp is None:
                self.words = line[:300].decode("utf-8", "replace") or self.words
            elif taking_up.is_done or taking_up.is_new(stamp):
                fresh.append(line)
                stamps.append(stamp)
        if not taking_up.is_done:
            return
        if not self.is_synced or self.ended is not None or taking_up.is_broken:
            await self._begin(taking_up)
        if fresh:
            await self._keep(fresh, stamps)

    async def _begin(self, taking_up: TakingUp) -> None:
        """Before the first new lines of an answer. Raises Moved."""
        if taking_up.is_broken:
            taking_up.is_broken = False
            await self._lost("the lines that were read last are not there any more (rotated away)", taking_up)
        elif await self._is_moved(False):
            raise Moved
        self._synced()

    async def _lost(self, why: str, taking_up: TakingUp) -> None:
        if await self._is_moved(True):
            raise Moved
        self.gap(why)
        self.position.seconds = taking_up.found.seconds
        self._means.sink.note(self.run.stream, "bookmark", detail=self.position.text())
        self._means.sink.note(self.run.stream, "relisted", detail="from what the kubelet still has")
        self.is_synced, self.ended = True, None

    def _synced(self) -> None:
        if not self.is_synced:
            self._means.sink.note(self.run.stream, "synced", detail="read from the first line that the kubelet has")
        elif self.ended is not None:
            self._means.sink.note(self.run.stream, "resumed", detail=self.ended)
        self.is_synced, self.ended = True, None

    def gap(self, why: str) -> None:
        """Say that lines may be missing."""
        self._means.counts.gaps += 1
        newest = self.position.newest
        detail = why if newest is None else f"{why}; {self.position.text()}"
        self._means.sink.note(self.run.stream, "gap", detail=detail)

    async def _keep(self, lines: list[bytes], stamps: list[int]) -> None:
        means = self._means
        # Asked for before and not after: hundreds wait here, and each may add only what there is room for by then.
        await means.sink.room()
        columns = self.run.columns(means.lifter, [line.decode("utf-8", "replace") for line in lines])
        columns["stamped_at"] = stamps
        means.sink.log(len(lines), sum(map(len, lines)), columns, means.sink.writer.clock.now_us())
        means.counts.lines += len(lines)
        for stamp in stamps:
            self.position.saw(stamp)
        await asyncio.sleep(self._pause(len(lines)))

    def _pause(self, lines: int) -> float:
        """Seconds until the next lines may come."""
        if self._means.max_rate is None:
            return 0.0
        now = time.monotonic()
        self._due_at = max(self._due_at, now) + lines / self._means.max_rate
        return self._due_at - now
