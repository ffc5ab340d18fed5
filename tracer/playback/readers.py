"""Who reads the logs of a world that moves: it waits for them before a log goes away.

A recorder that follows a world at top speed hears that a pod came and went before it could ask for the pod's log. So a
pod is not deleted, and a container not started again, until its log was read to its end, if anybody reads logs.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from tracer.kinds import kind_of_stream
from tracer.logfollow.pods import PodState, pod_state
from tracer.logs.streams import KUBELET, host_stream, kubelet_node
from tracer.playback.history import Step
from tracer.playback.loglines import LogSource, Span
from tracer.playback.resource import Key
from tracer.playback.world import World

NOBODY_S = 4.0
"""So long the world waits for the first who asks for any log."""
COMING_S = 10.0
"""For one who asks for this log, since the last time that somebody asked for another for the first time."""
COMING_BACK_S = 40.0
"""For one who has asked for it before: longer than any client waits until it asks again."""


class Readers:
    """Which logs were asked for, and which were read to their end, since the world began."""

    def __init__(self, world: World, streams: dict[str, Span]) -> None:
        """`streams` are the logs that the trace holds."""
        self.streams = streams
        self._world = world
        self._of_pod: dict[Key, list[str]] = defaultdict(list)
        for stream in streams:
            _, namespace, pod, *_ = stream.split("/")
            self._of_pod[namespace, pod].append(stream)
        self._epoch = 0
        self._news = asyncio.Event()
        self._awaited: set[str] = set()
        self._open: dict[str, int] = defaultdict(int)
        """How many read each log at the moment."""
        self._begin()

    def _begin(self) -> None:
        self._epoch = self._world.namespaces.epoch
        self._asked: set[str] = set()
        self._read: set[str] = set()
        self._unwanted: set[tuple[str, str]] = set()
        """Namespace and container of logs for which nobody came."""

    def source(self, stream: str) -> LogSource:
        """The lines of a log, from its first; none where the trace holds none."""
        return LogSource(self._world.trace, stream, self.streams.get(stream, Span(0, -1)))

    # -- what readers do --------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self, stream: str) -> Iterator[None]:
        """Somebody reads a log."""
        if stream not in self._asked or stream in self._awaited:
            self._news.set()
        self._asked.add(stream)
        self._unwanted.discard(_whose(stream))
        self._open[stream] += 1
        try:
            yield
        finally:
            self._open[stream] -= 1
            self._progress(stream)

    def wrote(self, stream: str) -> None:
        """A reader of the log was sent some of it."""
        self._progress(stream)

    def read(self, stream: str) -> None:
        """A reader of the log was sent all that the trace has of it."""
        self._read.add(stream)
        self._progress(stream)

    def is_awaited(self, stream: str) -> bool:
        """Whether the world waits until the log is read: all that there is to be of it is to be sent now."""
        return stream in self._awaited

    def _progress(self, stream: str) -> None:
        if stream in self._awaited:
            self._news.set()

    # -- what the world does ----------------------------------------------------------------------------------------

    def concerns(self, step: Step) -> bool:
        """Whether a step may take away a log that the trace holds."""
        _seq, _at, stream, what, namespace, name, *_ = step
        kind = kind_of_stream(stream)
        if name is None or kind is None or kind.kind not in ("Pod", "Node"):
            return False
        if kind.kind == "Node":
            return what in ("DELETED", "VANISHED") and host_stream(name, KUBELET) in self.streams
        return (namespace or "", name) in self._of_pod

    async def done_before(self, steps: Iterable[Step]) -> None:
        """Return when the logs that these steps take away are read, or nobody reads them."""
        if self._world.namespaces.epoch != self._epoch:
            self._begin()
        awaited = {stream for step in steps for stream in self._taken_by(step)}
        if not self._unread(awaited):
            return
        self._awaited = awaited
        if self._world.patient:
            await self._world.drained(0)  # who goes by the watches cannot know of a log before
        self._world.move_to(self._world.now_us)  # those who follow them look again
        while unread := self._unread(awaited):
            self._news.clear()
            try:
                async with asyncio.timeout(self._patience(unread)):
                    await self._news.wait()
            except TimeoutError:
                self._unwanted.update(map(_whose, unread))
                break
        self._awaited = set()
        self._read -= {each for each in awaited if kubelet_node(each) is not None}  # a node may come back

    def _unread(self, streams: set[str]) -> set[str]:
        return {each for each in streams - self._read if each in self._asked or _whose(each) not in self._unwanted}

    def _patience(self, unread: set[str]) -> float | None:
        if self._world.patient and any(self._open[each] for each in unread):
            return None  # as for a watch that is slow
        if unread & self._asked:
            return COMING_BACK_S
        return COMING_S if self._asked else NOBODY_S

    def _taken_by(self, step: Step) -> Iterator[str]:
        """The logs that can be had now, and behind this step no more, or only as the previous run's."""
        _seq, _at, stream, what, namespace, name, _version, _revision, text = step
        if kind_of_stream(stream) is None or name is None:
            return
        if not namespace:
            yield host_stream(name, KUBELET)
            return
        pods = self._world.resource("v1/pods")
        known = pods.state.get((namespace, name)) if pods is not None else None
        before = None if known is None else pod_state(known)
        if before is None:
            return
        after = pod_state(text) if text is not None and what not in ("DELETED", "VANISHED") else None
        kept = set() if after is None else set(_runs(after))
        for run, is_previous in _runs(before):
            if (run, is_previous) not in kept and (log := f"log/{namespace}/{name}/{run}") in self.streams:
                yield log


def _runs(pod: PodState) -> Iterator[tuple[str, bool]]:
    """UID, container and restart of each log of a pod that can be asked for, and whether as the previous one."""
    for name, latest in pod.containers.items():
        if latest.has_log:
            yield f"{pod.uid}/{name}/{latest.restart}", False
        if latest.has_previous:
            yield f"{pod.uid}/{name}/{latest.restart - 1}", True


def _whose(stream: str) -> tuple[str, str]:
    _, namespace, _, _, container, _ = stream.split("/")
    return namespace, container
