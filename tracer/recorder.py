"""Recording: every stream of a cluster into one trace, from the first list to the sealed end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tracer.cluster import Cluster, Lost, Refused
from tracer.kinds import KINDS, Keep, Kind
from tracer.lifting import Lifter
from tracer.logfollow.following import LogFollowing
from tracer.logfollow.kubelets import KubeletFollowing
from tracer.logfollow.reading import LogCounts, LogMeans
from tracer.logfollow.resuming import LogPasts, load_logs
from tracer.logfollow.selection import Selection
from tracer.relevance import Relevance
from tracer.sink import Sink
from tracer.trace import manifest as trace_manifest
from tracer.trace import open_trace
from tracer.trace.disk import Disk
from tracer.trace.writer import TraceWriter
from tracer.watch.discovery import served_version
from tracer.watch.drivers import known_drivers
from tracer.watch.follower import Follower
from tracer.watch.identity import Identity
from tracer.watch.intake import Intake
from tracer.watch.means import Means
from tracer.watch.meeting import meet, namespaces_of
from tracer.watch.pace import Pace
from tracer.watch.resuming import BY, Past, take_up

_STREAMS_LISTS = 32
"""The minor version of Kubernetes from which a server may stream lists."""
_GO_BY = {
    Keep.STORAGE_PODS: ("csidrivers", "csinodes"),
    Keep.STORAGE_EVENTS: ("pods",),
    Keep.COMPONENT_LEASES: ("pods",),
}
"""What must be listed before it is known which of them matter: a driver is told its name, a Lease is held by a pod."""
_TRIES_AFTER_A_DEFINITION = 5
"""A resource is served a moment after its definition says so."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What to record, and where to."""

    out: Path
    kubeconfig: str | None = None
    context: str | None = None
    namespaces: tuple[str, ...] = ()
    """Only these, for what is namespaced; empty is all."""
    duration_s: float | None = None
    """None is until stopped."""
    resume: bool = False
    """Go on with the trace `out`; otherwise it must not exist."""
    keep_s: float | None = None
    """Ring mode: let rows older than this go."""
    max_bytes: int | None = None
    """Ring mode: let the oldest rows go when the trace is larger than this."""
    all_events: bool = False
    """Keep Events about everything."""
    logs: bool = True
    """Follow the logs of storage's containers too."""
    kubelet_logs: bool = False
    """Read the logs of the nodes' kubelets too."""
    selection: Selection = field(default_factory=Selection)
    """Which containers' logs."""
    max_log_rate: float | None = None
    """Lines per second that are read of one container; None is as fast as they come."""


class Recorder:
    """One running recording. `start` it, watch it, `stop` it."""

    def __init__(self, recording: Recording, pace: Pace | None = None, disk: Disk | None = None) -> None:
        self.recording = recording
        self._disk = disk
        self.followers: dict[str, Follower] = {}
        """Stream -> its follower; a kind that the server does not serve has none."""
        self.started_at = time.monotonic()
        """Monotonic seconds."""
        self.absent: set[str] = set()
        """Plurals that the server does not serve."""
        self.logs: LogFollowing | None = None
        """None where no containers' logs are recorded."""
        self.kubelets: KubeletFollowing | None = None
        """None where no kubelets' logs are recorded."""
        self.log_counts = LogCounts()
        """Lines and gaps of all logs."""
        self._pace = pace or Pace()
        self._tasks: list[asyncio.Task[None]] = []
        self._definitions_changed = asyncio.Event()
        """Set, and replaced, when a definition of a snapshot resource changed."""

    async def start(self) -> None:
        """Connect, open the trace and begin to follow.

        Raises VolreelError (no usable kubeconfig), ClusterError (not reachable, refused), TraceExists, TraceLocked,
        NotATrace.
        """
        recording = self.recording
        recording.selection.check()
        self.cluster = await Cluster.connect(recording.kubeconfig, recording.context)
        identity = Identity(self.cluster)
        try:
            met = await meet(self.cluster, identity, recording.namespaces)
            pasts, log_pasts = await asyncio.to_thread(
                self._open_trace,
                trace_manifest.Cluster(server=self.cluster.server, version=met.version, uid=met.uid),
            )
        except BaseException:
            await self.cluster.close()
            raise
        self._means = Means(self.cluster, self.sink, identity, self._pace, met.minor >= _STREAMS_LISTS)
        self._follow_logs(log_pasts)
        self._follow(pasts, met.served)

    def _open_trace(self, cluster: trace_manifest.Cluster) -> tuple[dict[str, Past], LogPasts]:
        recording = self.recording
        if recording.resume:
            writer, pasts = take_up(recording.out, cluster, self._disk)
            trace = open_trace(recording.out)
            log_pasts, drivers = load_logs(trace), known_drivers(trace)
        else:
            writer, pasts = TraceWriter.create(recording.out, BY, cluster, self._disk), {}
            log_pasts, drivers = LogPasts(), set[str]()
        self.relevance = Relevance(
            all_events=recording.all_events,
            filtered=writer.manifest.filtered,
            wanted=recording.selection.adds,
            drivers=drivers,
        )
        self.sink = Sink(
            writer,
            self._pace,
            keep_s=recording.keep_s,
            max_bytes=recording.max_bytes,
            before_manifest=self._update_manifest,
        )
        return pasts, log_pasts

    def _update_manifest(self) -> None:
        manifest = self.sink.writer.manifest
        manifest.filtered = {stream: dict(counts) for stream, counts in self.relevance.filtered.items()}

    def _follow_logs(self, pasts: LogPasts) -> None:
        recording, pace = self.recording, self._pace
        means = LogMeans(self.cluster, self.sink, pace.log_silence_s, recording.max_log_rate, counts=self.log_counts)
        if recording.logs:
            self.logs = LogFollowing(means, pace, recording.selection, pasts, self.relevance.drivers)
            self._tasks.append(asyncio.create_task(self.logs.run(), name="logs"))
        if recording.kubelet_logs:
            self.kubelets = KubeletFollowing(means, pace, pasts.kubelets)
            self._tasks.append(asyncio.create_task(self.kubelets.run(), name="kubelet logs"))
        self.sink.before_rotation = self._bookmark_logs

    def _all_logs(self) -> Iterator[LogFollowing | KubeletFollowing]:
        yield from (each for each in (self.logs, self.kubelets) if each is not None)

    def _bookmark_logs(self) -> None:
        for each in self._all_logs():
            each.bookmark()

    def _follow(self, pasts: dict[str, Past], served: dict[str, str | None]) -> None:
        self._sink_task = asyncio.create_task(self.sink.run(), name="sink")
        for kind in KINDS:
            for namespace in namespaces_of(kind, self.recording.namespaces):
                task = self._keep_following(kind, namespace, served[kind.kind], pasts)
                self._tasks.append(asyncio.create_task(task, name=kind.plural))

    async def _keep_following(
        self, kind: Kind, namespace: str | None, version: str | None, pasts: dict[str, Past]
    ) -> None:
        """Follow a kind from when the server serves it; look again each minute, or when a definition changed."""
        await self._listed(_GO_BY.get(kind.keep, ()))
        noted = False
        while True:
            if version is None:
                stream = kind.stream(kind.versions[0], namespace)
                if not noted:
                    self.sink.note(stream, "absent", detail="the server does not serve it")
                noted = True
                self.absent.add(kind.plural)
                version = await self._wait_until_served(kind)
                self.absent.discard(kind.plural)
            stream = kind.stream(version, namespace)
            follower = self._follower(kind, version, namespace, pasts.setdefault(stream, Past()))
            self.followers[stream] = follower
            await follower.run()
            version = None

    def _follower(self, kind: Kind, version: str, namespace: str | None, past: Past) -> Follower:
        stream = kind.stream(version, namespace)
        lifter = Lifter(kind, version)
        resource = trace_manifest.Resource(stream=stream, kind=kind.kind, api_version=lifter.api_version)
        manifest = self.sink.writer.manifest
        if resource not in manifest.resources:
            manifest.resources.append(resource)
        return Follower(
            self._means,
            kind,
            kind.path(version, namespace),
            Intake(
                stream,
                lifter,
                self.sink,
                self.relevance,
                past.known,
                self._definition_changed if kind.keep is Keep.SNAPSHOT_CRDS else None,
                {"Pod": self.logs, "Node": self.kubelets}.get(kind.kind),
            ),
            past.position,
        )

    async def _listed(self, plurals: Collection[str]) -> None:
        """Return when these are listed, or cannot be."""
        for stream, follower in list(self.followers.items()):
            if stream.rsplit("/", 1)[1] in plurals:
                await follower.standing.listed.wait()

    async def _wait_until_served(self, kind: Kind) -> str:
        while True:
            tries = 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pace.retry_s):
                    await self._definitions_changed.wait()
                tries = _TRIES_AFTER_A_DEFINITION
            for attempt in range(tries):
                # What is wrong with the server, if anything, the streams that exist will say.
                with contextlib.suppress(Lost, Refused):
                    if version := await served_version(self.cluster, kind):
                        return version
                await asyncio.sleep(self._pace.backoff(attempt))

    def _definition_changed(self) -> None:
        self._definitions_changed.set()
        self._definitions_changed = asyncio.Event()

    async def wait(self, stop: asyncio.Event) -> None:
        """Return when `stop` is set or the duration is over. Raises what a task of the recorder raised."""
        stopped = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait(
                [stopped, self._sink_task, *self._tasks],
                timeout=self.recording.duration_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                task.result()
        finally:
            stopped.cancel()

    async def stop(self) -> None:
        """End well: streams closed, everything durable and sealed, the manifest says so."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for follower in self.followers.values():
            follower.standing.closed()
        for each in self._all_logs():
            each.stopped()
        await self.sink.close(self._sink_task)
        await self.cluster.close()

    def warnings(self) -> Iterator[tuple[str, str]]:
        """Stream and reason for everything that is not being recorded at the moment."""
        for stream, follower in self.followers.items():
            if follower.standing.warning:
                yield stream, follower.standing.warning
        for each in self._all_logs():
            yield from each.warnings()
