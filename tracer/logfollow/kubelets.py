"""The kubelet logs of a recording: a follower for each node that the recorder sees anyway."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from tracer.lifting import Lifter
from tracer.logfollow.kubelet import KubeletFollower
from tracer.logfollow.position import LogPast
from tracer.logfollow.reading import LogMeans
from tracer.logfollow.resuming import ROTATED, STOPPED
from tracer.logfollow.troubles import summary
from tracer.watch.pace import Pace


class KubeletFollowing:
    """Reads the kubelet logs of all nodes that it is told of."""

    def __init__(self, means: LogMeans, pace: Pace, pasts: dict[str, LogPast]) -> None:
        """`pasts`: node -> what an earlier recording had read."""
        self._means = means
        self._pace = pace
        self._pasts = pasts
        """Also of nodes that are gone: they may come back, with the same journal."""
        self._names: dict[str, str] = {}
        """Node uid -> its name."""
        self._followers: dict[str, KubeletFollower] = {}
        """By the node's name."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Until cancelled; then nothing is read any more. Raises what a follower raised: a bug."""
        try:
            await self._failed
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _interval(self) -> float:
        return max(self._pace.kubelet_log_s, len(self._tasks) / self._pace.kubelet_logs_a_second)

    # -- what the stream of nodes says ------------------------------------------------------------------------------

    def take(self, types: Sequence[str], lifter: Lifter, parts: Sequence[Any], texts: Sequence[bytes]) -> None:
        """Versions of nodes, in order."""
        uids, names = (lifter.values(path, parts) for path in ("metadata.uid", "metadata.name"))
        for kind, uid, name in zip(types, uids, names, strict=True):
            if kind == "DELETED":
                self._gone(str(uid))
            elif uid not in self._names:
                self._names[str(uid)] = str(name)
                self._begin(str(name))

    def only(self, uids: set[str], namespace: str | None) -> None:
        """A whole list had these nodes and no others."""
        for uid in self._names.keys() - uids:
            self._gone(uid)

    def _begin(self, node: str) -> None:
        if node in self._tasks:  # it was made anew, and its end is not heard of yet
            return
        follower = KubeletFollower(self._means, self._pace, node, self._pasts.pop(node, None), self._interval)
        self._followers[node] = follower
        task = self._tasks[node] = asyncio.create_task(follower.run(), name=f"kubelet log {node}")
        task.add_done_callback(self._ended)

    def _gone(self, uid: str) -> None:
        node = self._names.pop(uid, None)
        if node is None or node in self._names.values():
            return
        self._tasks.pop(node).cancel()
        follower = self._followers.pop(node)
        if follower.reading.is_synced:
            follower.reading.gap("the node was deleted: what its kubelet said last may be missing")
        self._close(follower, "the node was deleted")
        self._means.lifter.forget(follower.reading.run.stream)
        self._pasts[node] = follower.past

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not self._failed.done():
            self._failed.set_exception(error)

    # -- what the trace and the user are told -----------------------------------------------------------------------

    def bookmark(self) -> None:
        """Before a journal is sealed: how far every log was read, for a recorder that goes on later."""
        for follower in self._followers.values():
            follower.reading.bookmark(ROTATED)

    def stopped(self) -> None:
        """After `run` was cancelled: the recorder stops."""
        self.bookmark()
        for follower in self._followers.values():
            self._close(follower, STOPPED)

    def _close(self, follower: KubeletFollower, why: str) -> None:
        self._means.sink.note(follower.reading.run.stream, "closed", detail=why)

    def warnings(self) -> Iterator[tuple[str, str]]:
        """What is wrong, and why: one of each sort, however many nodes it concerns."""
        return summary("kubelet logs", "nodes", [each.troubles for each in self._followers.values()])
