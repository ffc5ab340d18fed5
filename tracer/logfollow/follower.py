"""Following one container: its runs one after the other, each from its first line to its last."""

from __future__ import annotations

from tracer.logfollow.container import Container, Sight
from tracer.logfollow.position import LogPast
from tracer.logfollow.reading import LogMeans, Reading
from tracer.logfollow.run_follower import RunFollower
from tracer.logfollow.troubles import Troubles
from tracer.watch.pace import Pace


class ContainerFollower:
    """Follows one container until its pod is gone."""

    def __init__(
        self, means: LogMeans, pace: Pace, container: Container, pasts: dict[int, LogPast], done: int = -1
    ) -> None:
        """`pasts` are the runs that an earlier recording had begun to read; up to `done` all are read."""
        self.container = container
        self.sight = Sight(container)
        self.troubles = Troubles(means, pace)
        self._means = means
        self._pace = pace
        self._pasts = pasts
        self._done = done
        self._run: RunFollower | None = None

    @property
    def reading(self) -> Reading | None:
        """The run that is being read."""
        return None if self._run is None else self._run.reading

    async def run(self) -> None:
        """Follow run after run until the pod is gone."""
        sight = self.sight
        while True:
            sight.news.clear()
            restart = self._due()
            if restart is not None:
                past = self._pasts.get(restart)
                self._run = RunFollower(self._means, self._pace, sight, self.troubles, restart, past)
                await self._run.follow()
                self._run = None
                self._pasts.pop(restart, None)
                self._done = restart
            elif sight.is_gone:
                return
            else:
                await sight.news.wait()

    def _due(self) -> int | None:
        """The next run to read; what cannot be read any more is written down on the way."""
        if self._pasts:
            return min(self._pasts)
        latest = self.sight.latest
        if self._done < 0 and (latest is None or not latest.has_log):
            # Followed before it starts: a recorder that is killed meanwhile knows that it owes this run.
            return 0 if latest is None else latest.restart
        if latest is None or not latest.has_log or latest.restart <= self._done:
            return None
        first = latest.restart - 1 if latest.has_previous else latest.restart
        if 0 <= self._done < first - 1:
            self._missed(self._done + 1, first - 1)
        return max(first, self._done + 1)

    def _missed(self, first: int, last: int) -> None:
        stream = self.container.run(first, self.sight.node).stream
        runs = f"run {first}" if first == last else f"runs {first} to {last}"
        self._means.counts.gaps += 1
        detail = f"{runs} of the container came and went before the log could be read"
        self._means.sink.note(stream, "gap", detail=detail)
        self._means.sink.note(stream, "closed", detail="ended: it cannot be read any more")
        self._done = last
