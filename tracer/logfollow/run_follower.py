"""Following one run of a container: answer after answer, to its last line or until nobody has it any more."""

from __future__ import annotations

import time

from tracer.cluster import Lost, Refused, Silent
from tracer.logfollow.container import Sight
from tracer.logfollow.lines import Cutter
from tracer.logfollow.places import Place, take_place
from tracer.logfollow.pods import pod_state
from tracer.logfollow.position import LogPast, Position, since_time
from tracer.logfollow.reading import LogMeans, Moved, Reading
from tracer.logfollow.troubles import Troubles
from tracer.watch.pace import Pace


class RunFollower:
    """Follows one run. `follow` it once."""

    def __init__(
        self,
        means: LogMeans,
        pace: Pace,
        sight: Sight,
        troubles: Troubles,
        restart: int,
        past: LogPast | None,
    ) -> None:
        """`past` is where an earlier recording stopped reading it."""
        self._means = means
        self._pace = pace
        self._sight = sight
        self._troubles = troubles
        self._restart = restart
        self._was_read = False
        """Whether the last answer was read until the server ended it."""
        self._is_first = past is None
        """Whether no other recorder has followed it."""
        self._why_unread = ""
        self._reads_previous = False
        run = sight.container.run(restart, sight.node)
        position = past.position if past is not None else Position()
        self.reading = Reading(means, run, position, troubles.over, self._is_moved)
        self.reading.is_synced = past is not None and past.is_synced
        self.reading.ended = "the recorder was started again" if past is not None else None

    async def follow(self) -> None:
        """Read the run's log to its end."""
        sight, stream = self._sight, self.reading.run.stream
        self._means.sink.note(stream, "opened", detail=sight.container.component)
        while True:
            sight.news.clear()
            if self._is_to_come() and not sight.is_gone:
                await sight.news.wait()
                continue
            place = await take_place(self._means.places)
            try:
                if self._cannot_be_read() or await self._read_once(place):
                    break
            finally:
                place.leave()
        self._means.sink.note(stream, "closed", detail=f"ended: {self._end()}")
        self._means.lifter.forget(stream)
        self._troubles.over()

    def _is_to_come(self) -> bool:
        """Whether there is no log to ask for yet; of one taken up from a trace the pod's status is on its way."""
        if self._sight.latest is None:
            return True
        return self.reading.position.newest is None and not self._sight.has_begun(self._restart)

    def _end(self) -> str:
        """How it ended; a gap row first if lines may be missing."""
        if self._was_read:
            return "read to its end"
        if self._is_to_come() and (self._is_first or self._sight.latest is not None):
            return "by its pod's status it never started"
        self.reading.gap(f"{self._why_unread} before the log was read to its end")
        return "the rest is missing"

    def _cannot_be_read(self) -> bool:
        why = self._sight.lost_because(self._restart)
        self._why_unread = why or self._why_unread
        return why is not None

    async def _read_once(self, place: Place) -> bool:
        """One answer from wherever the run stands; whether it was the last."""
        self._sight.news.clear()
        latest, is_over = self._sight.latest, self._sight.is_over(self._restart)
        is_previous = latest is not None and latest.restart > self._restart
        return await self._read(place, follow=not is_over, previous=is_previous) and is_over

    async def _read(self, place: Place, *, follow: bool, previous: bool) -> bool:
        """One answer, and the wait behind it; whether nothing more can come of the run if it is over."""
        began, generation = time.monotonic(), self._means.cluster.generation
        self._reads_previous = previous
        was_read, self._was_read = self._was_read, False
        try:
            query = self._query(follow=follow, previous=previous)
            await self.reading.read(place, query, Cutter(), is_last=not follow, silence_s=self._means.silence_s)
        except Silent:
            return False
        except Moved:
            self._was_read = was_read
            await self._sight.wait(self._pace.backoff(0))
            return False
        except Lost as lost:
            await self._sight.wait(self._troubles.failed(self.reading, str(lost)))
            return False
        except Refused as refusal:
            self._was_read = was_read
            return await self._refused(refusal, generation)
        if self.reading.words is not None:
            self._was_read = was_read
            return await self._told(self.reading.words)
        self._was_read = True
        if follow:
            self.reading.ended = self.reading.ended or "the server ended the answer"
            await self._sight.wait(self._troubles.ended(time.monotonic() - began))
        return True

    def _query(self, *, follow: bool, previous: bool) -> dict[str, str]:
        query = {"container": self._sight.container.name, "timestamps": "true"}
        query |= {"follow": "true"} if follow else {}
        query |= {"previous": "true"} if previous else {}
        since_s = self.reading.position.since_s
        return query if since_s is None else query | {"sinceTime": since_time(since_s)}

    async def _told(self, words: str) -> bool:
        """The kubelet has said something of its own in the place of lines."""
        if self._sight.is_over(self._restart):  # "unable to retrieve container logs": it has removed them already
            self._why_unread = f"the kubelet said: {words};"
            return True
        await self._sight.wait(self._troubles.failed(self.reading, f"the kubelet says: {words}"))
        return False

    async def _is_moved(self, ask: bool) -> bool:
        """Whether a later run, or another pod, is what the server speaks of by now."""
        if ask and self._sight.is_gone:  # whose lines they are nobody can tell any more
            return True
        if ask:
            about = self._sight.container
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
                    self._sight.gone()
                    return True
                if pod is not None and about.name in pod.containers:
                    self._sight.saw(pod.containers[about.name], pod.node)
        latest = self._sight.latest
        return latest is not None and latest.restart > self._restart + self._reads_previous

    # -- what goes wrong --------------------------------------------------------------------------------------------

    async def _refused(self, refusal: Refused, generation: int) -> bool:
        troubles = self._troubles
        if refusal.status == 401:
            wait = await troubles.unauthorized(self.reading, refusal.message, generation)
        elif refusal.status == 403:
            why = f"pods/log: get is needed (`volreel rbac` prints the rule). {refusal.message}"
            troubles.say(self.reading, "forbidden", why)
            wait = self._pace.retry_s
        elif refusal.status == 404:
            self.reading.ended = self.reading.ended or "the pod was not there"
            wait = troubles.ended(0.0)  # its deletion is on its way
        elif refusal.status == 400:
            if self._sight.is_over(self._restart):
                return await self._told(refusal.message)
            wait = troubles.ended(0.0)  # the kubelet sees it not started yet
        else:
            wait = troubles.failed(self.reading, f"HTTP {refusal.status}: {refusal.message}", refusal.retry_after_s)
        await self._sight.wait(wait)
        return False
