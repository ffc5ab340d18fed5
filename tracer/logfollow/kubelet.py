"""Reading one node's kubelet log: it cannot be followed, so it is asked for again and again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

from tracer.cluster import Lost, Refused
from tracer.logfollow.journal import JournalCutter, NoJournal
from tracer.logfollow.lines import kubelet_of
from tracer.logfollow.places import Place, take_place
from tracer.logfollow.position import LogPast, Position, since_time
from tracer.logfollow.reading import LogMeans, Moved, Reading
from tracer.logfollow.troubles import Troubles
from tracer.logs.streams import KUBELET
from tracer.watch.pace import Pace

FIRST_LINES = 100_000
"""Lines that are read at first: the most that a kubelet gives (`maxTailLines`)."""
_BEGINNING = f"read from the last {FIRST_LINES:,} lines of the node's journal on"
_TURNED_ON_BY = "The feature NodeLogQuery, with enableSystemLogQuery in the kubelet's configuration, serves it."
_SILENCE_S = 60.0
"""The kubelet ends an answer after 30 s."""
_QUARTER_S = 900
"""Zones differ by quarters of an hour,"""
_WEST_S, _EAST_S = -12 * 3600, 14 * 3600
"""and lie between these."""
_NOT_SERVED = frozenset({404, 405, 406, 501})
"""No such path, switched off, not understood."""


class KubeletFollower:
    """Reads one node's kubelet log until it is cancelled."""

    def __init__(
        self, means: LogMeans, pace: Pace, node: str, past: LogPast | None, interval: Callable[[], float]
    ) -> None:
        """`past` is what was read of it before; `interval` tells the seconds from one request to the next."""
        self.troubles = Troubles(means, pace)
        position = Position() if past is None else past.position
        self.reading = Reading(means, kubelet_of(node), position, self.troubles.over, self._is_moved, _BEGINNING)
        if past is not None:
            self.reading.is_synced, self.reading.ended = past.is_synced, "the node was not read for a while"
        self._means = means
        self._pace = pace
        self._interval = interval
        self._ahead_s = 0
        """journalctl takes `sinceTime` for the node's local time: so much that is ahead of UTC."""
        self._is_far_back = False
        """Whether to ask from so far back that it is far enough in any zone: the lines read last were not there."""
        self._is_lost = False
        """Whether they were not there either."""

    @property
    def past(self) -> LogPast:
        """What has been read."""
        return LogPast(self.reading.position, self.reading.is_synced)

    async def run(self) -> None:
        """Ask, and ask again."""
        self._means.sink.note(self.reading.run.stream, "opened", detail=KUBELET)
        await asyncio.sleep(random.uniform(0.0, self._interval()) / 10)  # noqa: S311 - not all nodes at once
        while True:
            began = time.monotonic()
            wait = await self._ask()
            await asyncio.sleep(max(0.0, self._interval() - (time.monotonic() - began)) if wait is None else wait)

    async def _ask(self) -> float | None:
        """One answer. Seconds until the next is asked for; None where it is the interval's."""
        generation = self._means.cluster.generation
        place = await take_place(self._means.places)
        try:
            await self._read(place)
        except Moved:
            return 0.0
        except NoJournal as answer:
            self.troubles.say(self.reading, "absent", f"the node has no journal of it, but: {answer}. {_TURNED_ON_BY}")
        except Lost as lost:
            return self.troubles.failed(self.reading, str(lost))
        except Refused as refusal:
            return await self._refused(refusal, generation)
        else:
            return None
        return max(self._pace.retry_s, self._interval())

    async def _read(self, place: Place) -> None:
        since_s = self.reading.position.since_s
        if since_s is None:
            query, asked_s = {"tailLines": str(FIRST_LINES)}, None
        else:
            asked_s = since_s + (_WEST_S if self._is_far_back else self._ahead_s)
            query = {"sinceTime": since_time(asked_s)}
        cutter = JournalCutter()
        await self.reading.read(place, {"query": KUBELET, **query}, cutter, is_last=True, silence_s=_SILENCE_S)
        # The first line lies at the second that was asked for, or a little later: never is the guess too far ahead.
        if asked_s is not None and cutter.first_s is not None and not self._is_lost:
            guess = -((cutter.first_s - asked_s) // _QUARTER_S) * _QUARTER_S
            self._ahead_s = max(_WEST_S, min(guess, _EAST_S))
        self._is_far_back = self._is_lost = False

    async def _is_moved(self, ask: bool) -> bool:
        """Whether lines that were seen may be missing only because they were asked for in another zone."""
        if not ask:
            return False
        if self._is_far_back:
            self._is_lost = True
            return False
        self._is_far_back = True
        return True

    async def _refused(self, refusal: Refused, generation: int) -> float:
        """Seconds until it is worth asking again."""
        message = f"HTTP {refusal.status}: {refusal.message}"
        if refusal.status == 401:
            return await self.troubles.unauthorized(self.reading, refusal.message, generation)
        if refusal.status == 403:
            why = f"nodes/proxy: get is needed (`volreel rbac --kubelet-logs` prints the rule). {refusal.message}"
            self.troubles.say(self.reading, "forbidden", why)
        elif refusal.status in _NOT_SERVED:
            self.troubles.say(self.reading, "absent", f"{message}. {_TURNED_ON_BY}")
        else:
            return self.troubles.failed(self.reading, message, refusal.retry_after_s)
        return max(self._pace.retry_s, self._interval())
