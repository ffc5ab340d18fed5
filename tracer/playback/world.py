"""The world that a trace recorded: its rows, played in order, become objects and watch events again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from tracer.heartbeat import with_resource_version
from tracer.kinds import Kind, kind_of_stream, stream_version
from tracer.playback.history import Beginning, Overview, Step, beginnings, survey
from tracer.playback.resource import Key, Resource
from tracer.trace import Trace

NAMESPACE = Kind("Namespace", "namespaces", "", ("v1",), {}, namespaced=False)
"""Not recorded, but asked for: those that the trace's objects live in."""
_GONE_BACK = {"ADDED", "MODIFIED", "DELETED"}
_PROGRESS = {"synced", "bookmark", "relisted"}


class World:
    """Every served resource at one instant."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.overview: Overview = survey(trace)
        self.now_us = self.overview.start_us
        """The instant at which the world stands."""
        self.patient = False
        """Whether it waits for slow watches, or ends them."""
        self.resources: dict[str, Resource] = {}
        """By name: `v1/pods`, `storage.k8s.io/v1/csinodes`."""
        self.moved = asyncio.Event()
        """Is set, and replaced, whenever something happens."""
        self.clock: Callable[[], int] | None = None
        """Tells the instant between two rows while the world moves at a speed, µs since 1970."""
        self.speed = 1.0
        self.is_closed = False
        self.watched = asyncio.Event()
        """Is set whenever a watch begins."""
        self._streams = {stream: self._serve(stream) for stream in self.overview.streams}
        self._last: dict[str, int] = {}
        """Stream -> its last revision: it falls only when the cluster's history was rewound."""
        self._shift = 0
        """What is added to every revision: a history that is played again goes on rising."""
        self._highest = 1
        self.namespaces = Resource(NAMESPACE, "v1")
        self.begin()

    def _serve(self, stream: str) -> Resource:
        kind = kind_of_stream(stream)
        assert kind is not None  # the survey keeps no others
        version = stream_version(stream)
        return self.resources.setdefault(kind.stream(version), Resource(kind, version))

    def resource(self, name: str) -> Resource | None:
        """What is served under a name."""
        return self.namespaces if name == "v1/namespaces" else self.resources.get(name)

    @property
    def now(self) -> datetime:
        """The instant at which the world stands."""
        return datetime.fromtimestamp(self.now_us / 1_000_000, UTC)

    def instant_us(self) -> int:
        """The instant that it is in the world: between two rows too."""
        return self.now_us if self.clock is None else max(self.now_us, min(self.clock(), self.overview.end_us))

    async def reached(self, instant_us: int | None, moved: asyncio.Event) -> None:
        """Return once `moved` is set, or soon after the instant where the world has a clock."""
        wait = None
        if self.clock is not None and instant_us is not None:
            wait = max(0.001, (instant_us - self.clock()) / self.speed / 1_000_000)
        try:
            async with asyncio.timeout(wait):
                await moved.wait()
        except TimeoutError:
            pass

    async def drained(self, lag: int) -> None:
        """Return when no watch is more than `lag` changes behind."""
        for resource in self.resources.values():
            await resource.drained(lag)

    def move_to(self, instant_us: int) -> None:
        """Nothing happens but that time goes by."""
        self.now_us = max(self.now_us, instant_us)
        self._wake(())

    # -- beginning --------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Stand at the first instant of the trace. Done again, the same history follows under higher revisions."""
        if self.namespaces.epoch:
            self._shift = self._highest
        self.now_us = self.overview.start_us
        self.clock = None
        states: dict[str, dict[Key, bytes]] = {name: {} for name in self.resources}
        self._last = {}
        for _seq, _at, stream, _type, namespace, name, version, revision, text in beginnings(self.trace, self.overview):
            if text is not None and name is not None:
                resource = self._streams[stream]
                place = resource.kind.stream(resource.version)
                states[place][namespace or "", name] = self._shifted(text, version, revision)
            if revision is not None:
                self._last[stream] = max(revision, self._last.get(stream, 0))
        revisions = self._first_revisions()
        for name, resource in self.resources.items():
            resource.begin(states[name], revisions[name])
        self.namespaces.begin(self._namespace_objects(), self._shift + 1)
        self._highest = max(self._highest, *revisions.values())
        self._wake(self.resources.values())

    def _first_revisions(self) -> dict[str, int]:
        """The revision of each resource's collection before anything has happened."""
        known: dict[str, int] = {}
        guessed: dict[str, int] = {}
        for stream, resource in self._streams.items():
            name = resource.kind.stream(resource.version)
            found: Beginning = self.overview.streams[stream]
            last = max(self._last.get(stream, 0), found.synced or 0)
            known[name] = max(known.get(name, 0), last)
            if found.first_revision:
                guessed[name] = min(guessed.get(name, found.first_revision - 1), found.first_revision - 1)
        highest = max(known.values(), default=1)
        return {name: max(last or guessed.get(name, highest), 1) + self._shift for name, last in known.items()}

    def _namespace_objects(self) -> dict[Key, bytes]:
        names = self.overview.namespaces | ({"kube-system"} if self.trace.manifest.cluster.uid else set())
        return {("", name): self._namespace(name) for name in sorted(names)}

    def _namespace(self, name: str) -> bytes:
        metadata = {"name": name, "resourceVersion": "1", "labels": {"kubernetes.io/metadata.name": name}}
        if name == "kube-system" and self.trace.manifest.cluster.uid:
            metadata["uid"] = self.trace.manifest.cluster.uid
        body = {"kind": "Namespace", "apiVersion": "v1", "metadata": metadata, "status": {"phase": "Active"}}
        return msgspec.json.encode(body)

    def close(self) -> None:
        """End every watch and every log."""
        self.is_closed = True
        for resource in (*self.resources.values(), self.namespaces):
            resource.rewind(resource.revision)
            resource.announce(patient=False)
        self._wake(())

    # -- playing ----------------------------------------------------------------------------------------------------

    def play(self, steps: Sequence[Step]) -> set[Resource]:
        """Let these rows happen, and wake the watches. The resources that changed."""
        touched: set[Resource] = set()
        for step in _in_revision_order(steps):
            resource = self._streams.get(step[2])
            if resource is not None:
                self._play(resource, step)
                touched.add(resource)
        if steps:
            self.now_us = max(self.now_us, steps[-1][1])
        self._wake(touched)
        return touched

    def _wake(self, resources: Iterable[Resource]) -> None:
        for resource in resources:
            self._highest = max(self._highest, resource.revision)
            resource.announce(patient=self.patient)
        self.moved.set()
        self.moved = asyncio.Event()

    def _play(self, resource: Resource, step: Step) -> None:
        _seq, _at, stream, what, namespace, name, version, revision, text = step
        if name is None:
            self._note(resource, stream, what, revision)
            return
        if revision is not None:
            if what in _GONE_BACK and revision < self._last.get(stream, 0):
                resource.rewind(revision - 1 + self._shift)
            self._last[stream] = revision
        key = (namespace or "", name)
        known = resource.state.get(key)
        if what == "VANISHED":
            if known is not None:  # each deletion took a revision of its own, behind the last that is known
                gone = resource.revision + 1
                resource.change("DELETED", key, with_resource_version(known, str(gone)), gone)
                resource.forget_history()
            return
        if text is None:  # a heartbeat: the last version again, under another revision
            if known is None or version is None:
                return
            text = with_resource_version(known, version)
        if self._shift:
            text = self._shifted(text, version, revision)
        number = resource.revision if revision is None else revision + self._shift
        if what == "LISTED":
            resource.change("ADDED" if known is None else "MODIFIED", key, text, number)
            resource.forget_history()
        else:
            resource.change(what, key, text, number)

    def _note(self, resource: Resource, stream: str, what: str, revision: int | None) -> None:
        if revision is None:
            return
        if what == "rewound":
            resource.rewind(revision + self._shift)
            self._last[stream] = revision
        elif what in _PROGRESS and revision >= self._last.get(stream, 0):
            self._last[stream] = revision
            resource.revision = max(resource.revision, revision + self._shift)

    def _shifted(self, text: bytes, version: str | None, revision: int | None) -> bytes:
        if not self._shift or revision is None or version is None:
            return text
        return with_resource_version(text, str(revision + self._shift))


def _in_revision_order(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps; but what a re-list found comes in the order of its revisions, so that watches can resume."""
    held: list[Step] = []
    for step in steps:
        if held and (step[3] != "LISTED" or step[2] != held[0][2]):
            yield from sorted(held, key=lambda each: each[7] or 0)
            held = []
        if step[3] == "LISTED":
            held.append(step)
        else:
            yield step
    yield from sorted(held, key=lambda each: each[7] or 0)
