"""One answer of the log API: its lines into the trace, behind what was seen already, at a bounded pace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tracer.cluster import Answer, Cluster, Lost, Silent
from tracer.logfollow.lines import Cutter, Run, stamp_of
from tracer.logfollow.places import PLACES, Place
from tracer.logfollow.position import Position, TakingUp
from tracer.logs.decoding import text_of
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
class LogMeans:
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
    """Reads one log, answer by answer."""

    def __init__(
        self,
        means: LogMeans,
        run: Run,
        position: Position,
        heard: Callable[[], None],
        is_moved: Callable[[bool], Awaitable[bool]],
        beginning: str = "read from the first line that the kubelet has",
    ) -> None:
        """`heard` is called when the server answers; `is_moved` says whether it sends another log than was meant.

        With True `is_moved` is to find out, as lines are missing. `beginning` says where the first answer begins.
        """
        self.run = run
        self.position = position
        self.is_synced = False
        """Whether the trace says that nothing is missing since."""
        self.ended: str | None = None
        """Why the answer before ended, where that is worth a row; None once the next one is heard."""
        self.words: str | None = None
        """What the kubelet said instead of a line, last."""
        self.heard_at = time.monotonic()
        self._means = means
        self._heard = heard
        self._is_moved = is_moved
        self._beginning = beginning
        self._due_at = 0.0
        self._marked: str | None = None
        """The position as the last bookmark says it."""

    async def read(
        self, place: Place, query: Mapping[str, str], cutter: Cutter, *, is_last: bool, silence_s: float
    ) -> None:
        """Ask for the log, and take what comes behind the position until the server ends it.

        `is_last`: the answer ends with the log's last line. The place is given up once the log is caught up with.
        After `silence_s` without a byte the connection is taken for half open.

        Raises Refused, Lost, Silent, Moved, and what `cutter` raises.
        """
        asked_at = time.monotonic()
        self.words = None
        try:
            async with self._means.cluster.stream(self.run.path, query, silence_s, log=self.run.stream) as answer:
                self._heard()
                await self._read(cutter, answer, place, is_last=is_last)
        except Silent:
            raise
        except Lost as lost:
            # A kubelet sends nothing, no headers either, before the first line.
            if time.monotonic() - asked_at >= 0.9 * silence_s and self.heard_at < asked_at:
                raise Silent(str(lost)) from lost
            raise
        finally:
            place.leave()

    async def _read(self, cutter: Cutter, answer: Answer, place: Place, *, is_last: bool) -> None:
        taking_up = TakingUp(self.position)
        async for lines in cutter.cut(answer):
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
            self._means.sink.note(self.run.stream, "synced", detail=self._beginning)
        elif self.ended is not None:
            self._means.sink.note(self.run.stream, "resumed", detail=self.ended)
        self.is_synced, self.ended = True, None

    def bookmark(self, head: str) -> None:
        """Write down how far the log was read, unless that is known; the detail begins with `head`."""
        if self.position.newest is not None and (text := self.position.text()) != self._marked:
            self._marked = text
            self._means.sink.note(self.run.stream, "bookmark", detail=head + text)

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
        columns = self.run.columns(means.lifter, [text_of(line) for line in lines])
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
