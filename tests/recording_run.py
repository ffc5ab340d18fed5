"""A recorder in the test's own loop, watched and read back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fake_api import FakeApi

from tracer.recorder import Recorder, Recording
from tracer.trace import open_trace
from tracer.trace.disk import Disk
from tracer.watch.follower import Follower
from tracer.watch.pace import Pace

FAST = Pace(
    silence_s=3.0,
    log_silence_s=3.0,
    retry_s=0.05,
    backoff_s=0.01,
    longest_backoff_s=0.1,
    settled_s=0.2,
    flush_s=0.02,
    disk_retry_s=0.02,
    kubelet_log_s=0.02,
)


def stream_of(path: str) -> str:
    """`/api/v1/pods` -> `v1/pods`."""
    return path.removeprefix("/apis/").removeprefix("/api/")


class Run:
    """A running recorder."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.trace = recorder.recording.out

    def follower(self, path: str) -> Follower:
        return self.recorder.followers[stream_of(path)]

    async def until(self, condition: Callable[[], Any], within_s: float = 10.0) -> None:
        """Return when the condition holds; a test that waits longer has failed."""
        deadline = time.monotonic() + within_s
        while not _holds(condition):
            assert time.monotonic() < deadline, "it never came to that"
            await asyncio.sleep(0.002)

    async def synced(self, path: str) -> None:
        await self.until(lambda: stream_of(path) in self.recorder.followers and self.follower(path).standing.is_synced)

    async def state(self, path: str, state: str) -> None:
        await self.until(lambda: self.follower(path).standing.counts.state == state)

    async def certain(self, path: str, revision: int) -> None:
        """The stream has taken in everything up to a revision."""
        await self.until(lambda: (self.follower(path).standing.certain or 0) >= revision)


def _holds(condition: Callable[[], Any]) -> bool:
    try:
        return bool(condition())
    except KeyError:  # a stream that is not followed yet
        return False


@asynccontextmanager
async def recording(
    api: FakeApi,
    trace: Path,
    *,
    pace: Pace = FAST,
    kubeconfig: str | None = None,
    disk: Disk | None = None,
    crash: bool = False,
    **options: Any,
) -> AsyncIterator[Run]:
    """Record `api` into `trace` until the block ends; with `crash`, stop as a killed process would."""
    kubeconfig = kubeconfig or api.kubeconfig(trace.parent)
    recorder = Recorder(Recording(out=trace, kubeconfig=kubeconfig, **options), pace, disk)
    await recorder.start()
    try:
        yield Run(recorder)
    finally:
        if crash:
            await crashed(recorder)
        else:
            await recorder.stop()


async def crashed(recorder: Recorder) -> None:
    """Let go of everything without a word to the trace."""
    tasks = [*recorder._tasks, recorder._sink_task]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    recorder.sink.writer.release()
    await recorder.cluster.close()


def observations(trace: Path, path: str, *columns: str) -> list[tuple[Any, ...]]:
    """(type, name, revision, and what else is asked for) of a stream's observations, in order."""
    wanted = ("type", "name", "revision", *columns)
    found = [row for batch in open_trace(trace).batches("objects", ("stream", *wanted)) for row in batch.to_pylist()]
    return [tuple(row[column] for column in wanted) for row in found if row["stream"] == stream_of(path)]


def notes(trace: Path, path: str, *whats: str) -> list[tuple[str, int | None, int | None]]:
    """(what, revision_from, revision_to) of a stream's notes, in order; only some, if asked."""
    return [
        (row["what"], row["revision_from"], row["revision_to"])
        for row in note_rows(trace, path)
        if not whats or row["what"] in whats
    ]


def note_rows(trace: Path, path: str) -> list[dict[str, Any]]:
    found = [row for batch in open_trace(trace).batches("streams") for row in batch.to_pylist()]
    return [row for row in found if row["stream"] == stream_of(path)]


def detail(trace: Path, path: str, what: str) -> str:
    """The words of the last such note."""
    return str([row["detail"] for row in note_rows(trace, path) if row["what"] == what][-1])
