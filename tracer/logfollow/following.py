"""All logs of a recording: a follower for each container of the pods that the recorder sees anyway."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from tracer.lifting import Lifter
from tracer.logfollow.container import Container
from tracer.logfollow.follower import ContainerFollower
from tracer.logfollow.pods import PodState, pod_state
from tracer.logfollow.reading import LogCounts, LogMeans, Reading
from tracer.logfollow.resuming import ROTATED, STOPPED, LogPasts
from tracer.logfollow.selection import Selection
from tracer.logfollow.troubles import summary
from tracer.watch.pace import Pace


class LogFollowing:
    """Follows the logs of all pods that it is told of."""

    def __init__(
        self, means: LogMeans, pace: Pace, selection: Selection, pasts: LogPasts, drivers: Collection[str] = ()
    ) -> None:
        """`pasts` are the logs that an earlier recording had begun to read; `drivers` grows as drivers are seen."""
        self._drivers = drivers
        self._judged_with = 0
        """How many drivers were known when `_others` were judged."""
        self._means = means
        self._pace = pace
        self._selection = selection
        self._pasts = pasts
        self._followers: dict[str, dict[str, ContainerFollower]] = {}
        """Pod uid -> container -> its follower."""
        self._others: set[str] = set()
        """UIDs of pods of which nothing is followed."""
        self._tasks: dict[asyncio.Task[None], ContainerFollower] = {}
        """What runs: also what reads to its end the log of a pod that is gone."""
        self._live: list[ContainerFollower] = []
        """What ran when `run` was cancelled."""
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def counts(self) -> LogCounts:
        """Lines and gaps of all logs."""
        return self._means.counts

    @property
    def containers(self) -> int:
        """How many containers are followed."""
        return len(self._tasks)

    async def run(self) -> None:
        """Until cancelled; then nothing is followed any more. Raises what a follower raised: a bug."""
        try:
            await self._failed
        finally:
            tasks, self._live = list(self._tasks), list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # -- what the stream of pods says -------------------------------------------------------------------------------

    def take(self, types: Sequence[str], lifter: Lifter, parts: Sequence[Any], texts: Sequence[bytes]) -> None:
        """Versions of pods, in order."""
        if len(self._drivers) != self._judged_with:
            self._others.clear()
            self._judged_with = len(self._drivers)
        uids = lifter.values("metadata.uid", parts)
        for index, (kind, uid) in enumerate(zip(types, uids, strict=True)):
            if kind == "DELETED":
                self._gone(str(uid))
            elif uid not in self._others and (state := self._chosen(str(uid), lifter, parts[index], texts[index])):
                self._update(state)

    def only(self, uids: set[str], namespace: str | None) -> None:
        """A whole list had these pods and no others; `namespace` is where it looked, None everywhere."""
        known = {uid: each for uid, each in self._followers.items() if uid not in uids}
        for uid, containers in known.items():
            if any(namespace in (None, each.container.namespace) for each in containers.values()):
                self._gone(uid)
        for stream in list(self._pasts.open):
            _, there, _, uid, *_ = stream.split("/")
            if uid not in uids and namespace in (None, there):
                self._missed(stream)

    def _chosen(self, uid: str, lifter: Lifter, part: Any, text: bytes) -> PodState | None:
        state = pod_state(text)
        if state is None or uid in self._followers:
            return state
        paths = ("spec.containers", "spec.initContainers", "spec.volumes")
        main, init, volumes = (lifter.values(path, [part])[0] for path in paths)
        chosen = self._selection.containers(text, [init, main], volumes, self._drivers)
        if not chosen:
            self._others.add(uid)
            return None
        followers = self._followers[uid] = {}
        for name, component in chosen.items():
            container = Container(state.namespace, state.name, state.uid, name, component)
            follower = ContainerFollower(self._means, self._pace, container, *self._pasts.of(uid, name))
            followers[name] = follower
            task = asyncio.create_task(follower.run(), name=f"log {state.name} {name}")
            self._tasks[task] = follower
            task.add_done_callback(self._ended)
        return state

    def _update(self, state: PodState) -> None:
        for name, follower in self._followers[state.uid].items():
            if (latest := state.containers.get(name)) is not None:
                follower.sight.saw(latest, state.node)

    def _gone(self, uid: str) -> None:
        self._others.discard(uid)
        for follower in self._followers.pop(uid, {}).values():
            follower.sight.gone()
        for stream in [each for each in self._pasts.open if each.split("/")[3] == uid]:
            self._missed(stream)

    def _missed(self, stream: str) -> None:
        del self._pasts.open[stream]
        self._means.counts.gaps += 1
        why = "the pod was deleted while no recorder was looking"
        self._means.sink.note(stream, "gap", detail=f"{why}: what it said last is missing")
        self._means.sink.note(stream, "closed", detail="ended: the rest is missing")

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None and not self._failed.done():
            self._failed.set_exception(error)

    # -- what the trace and the user are told -----------------------------------------------------------------------

    def bookmark(self) -> None:
        """Before a journal is sealed: how far every log was read, for a recorder that goes on later."""
        for reading in self._open():
            reading.bookmark(ROTATED)

    def stopped(self) -> None:
        """After `run` was cancelled: the recorder stops."""
        self.bookmark()
        for reading in self._open():
            self._means.sink.note(reading.run.stream, "closed", detail=STOPPED)

    def _open(self) -> list[Reading]:
        return [each.reading for each in (*self._tasks.values(), *self._live) if each.reading is not None]

    def warnings(self) -> Iterator[tuple[str, str]]:
        """What is wrong, and why: one of each sort, however many logs it concerns."""
        return summary("logs", "containers", [each.troubles for each in self._tasks.values()])
