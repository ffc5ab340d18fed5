"""Following one container: its runs one after the other, each from its first line to its last."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

from tracer.cluster import Lost, Refused, Silent
from tracer.logfollow.lines import Cutter, Run
from tracer.logfollow.places import Place, take_place
from tracer.logfollow.pods import Latest, pod_state
from tracer.logfollow.position import Position, since_time
from tracer.logfollow.reading import LogMeans, Moved, Reading
from tracer.logfollow.troubles import Troubles
from tracer.watch.pace import Pace

STOPPED = "the recorder stopped"
"""detail of `closed` where the log goes on."""


@dataclass(slots=True)
class LogPast:
    """What a trace says of one run's log that was not read to its end."""

    position: Position = field(default_factory=Position)
    is_synced: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """A container, whatever its runs."""

    namespace: str
    pod: str
    pod_uid: str
    name: str
    component: str | None

    def run(self, restart: int, node: str | None) -> Run:
        """One of its runs."""
        return Run(self.namespace, self.pod, self.pod_uid, self.name, restart, self.component, node)


class ContainerFollower:
    """Follows one container until its pod is gone."""

    def __init__(
        self, means: LogMeans, pace: Pace, container: Container, pasts: dict[int, LogPast], done: int = -1
    ) -> None:
        """`pasts` are the runs that an earlier recording had begun to read; up to `done` all are read."""
        self.container = container
        self.node: str | None = None
        self.reading: Reading | None = None
        """The run that is being read."""
        self.troubles = Troubles(means, pace)
        self._means = means
        self._pace = pace
        self._pasts = pasts
        self._done = done
        self._latest: Latest | None = None
        self._is_gone = False
        self._news = asyncio.Event()
        self._was_read = False
        """Whether the last answer was read until the server ended it."""
        self._why_unread = ""
        self._reads_previous = False

    def saw(self, latest: Latest, node: str | None) -> None:
        """The pod's status says so."""
        known = self._latest
        self.node = node or self.node
        if known is None or latest.restart >= known.restart:
            self._latest = latest
        if known is None or self._latest != known:
            self._news.set()

    def gone(self) -> None:
        """The pod is no more: its name may be another pod's already."""
        self._is_gone = True
        self._news.set()

    async def run(self) -> None:
        """Follow run after run until the pod is gone."""
        while True:
            self._news.clear()
            restart = self._due()
            if restart is not None:
                await self._follow(restart)
                self._done = restart
            elif self._is_gone:
                return
            else:
                await self._news.wait()

    def _due(self) -> int | None:
        """The next run to read; what cannot be read any more is written down on the way."""
        if self._pasts:
            return min(self._pasts)
        latest = self._latest
        if latest is None or not latest.has_log or latest.restart <= self._done:
            return None
        first = latest.restart - 1 if latest.has_previous else latest.restart
        if 0 <= self._done < first - 1:
            self._missed(self._done + 1, first - 1)
        return max(first, self._done + 1)

    def _missed(self, first: int, last: int) -> None:
        stream = self.container.run(first, self.node).stream
        runs = f"run {first}" if first == last else f"runs {first} to {last}"
        self._means.counts.gaps += 1
        detail = f"{runs} of the container came and went before the log could be read"
        self._means.sink.note(stream, "gap", detail=detail)
        self._means.sink.note(stream, "closed", detail="ended: it cannot be read any more")
        self._done = last

    # -- one run ----------------------------------------------------------------------------------------------------

    def _is_over(self, restart: int) -> bool:
        latest = self._latest
        return self._is_gone or (latest is not None and (latest.restart > restart or latest.is_over))

    async def _follow(self, restart: int) -> None:
        """Read one run's log to its end."""
        past = self._pasts.get(restart)
        self.reading = reading = self._begin(restart, past)
        self._was_read = False
        while True:
            self._news.clear()
            if self._latest is None and not self._is_gone:  # taken up from a trace: the pod's status is on its way
                await self._news.wait()
                continue
            place = await take_place(self._means.places)
            try:
                if self._cannot_be_read(restart) or await self._read_once(reading, place):
                    break
            finally:
                place.leave()
        self._end(restart, reading)

    def _begin(self, restart: int, past: LogPast | None) -> Reading:
        position = past.position if past is not None else Position()

        async def is_moved(ask: bool) -> bool:
            return await self._is_moved(restart, ask=ask)

        run = self.container.run(restart, self.node)
        reading = Reading(self._means, run, position, self.troubles.over, is_moved)
        reading.is_synced = past is not None and past.is_synced
        reading.ended = "the recorder was started again" if past is not None else None
        self._means.sink.note(reading.run.stream, "opened", detail=self.container.component)
        return reading

    def _cannot_be_read(self, restart: int) -> bool:
        """Whether nobody has the run's log any more, or its pod's name may be another pod's."""
        latest = self._latest
        if self._is_gone:
            self._why_unread = "the pod was deleted"
            return True
        if latest is None or latest.restart <= restart or (latest.restart == restart + 1 and latest.has_previous):
            return False
        self._why_unread = "a later run took its place"
        return True

    def _end(self, restart: int, reading: Reading) -> None:
        if not self._was_read:
            reading.gap(f"{self._why_unread} before the log was read to its end")
        detail = "ended: read to its end" if self._was_read else "ended: the rest is missing"
        self._means.sink.note(reading.run.stream, "closed", detail=detail)
        self._means.lifter.forget(reading.run.stream)
        self._pasts.pop(restart, None)
        self.reading = None
        self.troubles.over()

    async def _read_once(self, reading: Reading, place: Place) -> bool:
        """One answer from wherever the run stands; whether it was the last."""
        self._news.clear()
        restart, latest = reading.run.restart, self._latest
        is_over = self._is_over(restart)
        is_previous = latest is not None and latest.restart > restart
        return await self._read(reading, place, follow=not is_over, previous=is_previous) and is_over

    async def _read(self, reading: Reading, place: Place, *, follow: bool, previous: bool) -> bool:
        """One answer, and the wait behind it; whether nothing more can come of the run if it is over."""
        began, generation = time.monotonic(), self._means.cluster.generation
        self._reads_previous = previous
        was_read, self._was_read = self._was_read, False
        try:
            query = self._query(reading, follow=follow, previous=previous)
            await reading.read(place, query, Cutter(), is_last=not follow, silence_s=self._means.silence_s)
        except Silent:
            return False
        except Moved:
            self._was_read = was_read
            await self._wait(self._pace.backoff(0))
            return False
        except Lost as lost:
            await self._wait(self.troubles.failed(reading, str(lost)))
            return False
        except Refused as refusal:
            self._was_read = was_read
            return await self._refused(reading, refusal, generation)
        if reading.words is not None:
            self._was_read = was_read
            return await self._told(reading, reading.words)
        self._was_read = True
        if follow:
            reading.ended = reading.ended or "the server ended the answer"
            await self._wait(self.troubles.ended(time.monotonic() - began))
        return True

    def _query(self, reading: Reading, *, follow: bool, previous: bool) -> dict[str, str]:
        query = {"container": self.container.name, "timestamps": "true"}
        query |= {"follow": "true"} if follow else {}
        query |= {"previous": "true"} if previous else {}
        since_s = reading.position.since_s
        return query if since_s is None else query | {"sinceTime": since_time(since_s)}

    async def _told(self, reading: Reading, words: str) -> bool:
        """The kubelet has said something of its own in the place of lines."""
        if self._is_over(reading.run.restart):  # "unable to retrieve container logs": it has removed them already
            self._why_unread = f"the kubelet said: {words};"
            return True
        await self._wait(self.troubles.failed(reading, f"the kubelet says: {words}"))
        return False

    async def _is_moved(self, restart: int, *, ask: bool) -> bool:
        """Whether a later run, or another pod, is what the server speaks of by now."""
        if ask and self._is_gone:  # whose lines they are nobody can tell any more
            return True
        if ask:
            about = self.container
            try:
                path = f"/api/v1/namespaces/{about.namespace}/pods/{about.pod}"
                pod = pod_state(await self._means.cluster.get(path))
            except Refused as refusal:
                if refusal.status == 404:  # nor now
                    return True
            except Lost:
                pass
            else:
                if pod is not None and pod.uid != about.pod_uid:
                    self.gone()
                    return True
                if pod is not None and about.name in pod.containers:
                    self.saw(pod.containers[about.name], pod.node)
        latest = self._latest
        return latest is not None and latest.restart > restart + self._reads_previous

    # -- what goes wrong --------------------------------------------------------------------------------------------

    async def _refused(self, reading: Reading, refusal: Refused, generation: int) -> bool:
        troubles = self.troubles
        if refusal.status == 401:
            wait = await troubles.unauthorized(reading, refusal.message, generation)
        elif refusal.status == 403:
            why = f"pods/log: get is needed (`volreel rbac` prints the rule). {refusal.message}"
            troubles.say(reading, "forbidden", why)
            wait = self._pace.retry_s
        elif refusal.status == 404:
            reading.ended = reading.ended or "the pod was not there"
            wait = troubles.ended(0.0)  # its deletion is on its way
        elif refusal.status == 400:
            if self._is_over(reading.run.restart):
                return await self._told(reading, refusal.message)
            wait = troubles.ended(0.0)  # the kubelet sees it not started yet
        else:
            wait = troubles.failed(reading, f"HTTP {refusal.status}: {refusal.message}", refusal.retry_after_s)
        await self._wait(wait)
        return False

    async def _wait(self, seconds: float) -> None:
        """Wait, but not longer than until the pod has news."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
