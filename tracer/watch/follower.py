"""Following one resource type without end: list, watch, resume, and write down what may have been missed.

The rules are those of the Kubernetes API (`Efficient detection of changes`): a watch goes on after a resourceVersion;
410 Gone, as a status or as an ERROR event, means that the server no longer has that history.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import msgspec

from tracer.cluster import Cluster, Lost, Refused
from tracer.errors import ClusterError
from tracer.kinds import Kind
from tracer.lifting import WatchEvent, as_revision
from tracer.sink import Sink
from tracer.watch.identity import Identity, current_revision
from tracer.watch.intake import Intake
from tracer.watch.lines import lines
from tracer.watch.pace import Pace

_CHANGES = frozenset({"ADDED", "MODIFIED", "DELETED"})


class Gone(Exception):
    """The server no longer has the history after our revision."""


class Rewound(Exception):
    """The server's history is not the one that we followed."""

    def __init__(self, revision: int | None, why: str) -> None:
        super().__init__(why)
        self.revision = revision


@dataclass(slots=True)
class Position:
    """How far a stream is certain."""

    revision: str | None = None
    """Everything up to here is in the trace; None while the stream is not synced."""
    last_certain: int | None = None
    """What `revision` was before it was lost; None if the stream never was synced."""
    cluster_uid: str | None = None
    """The cluster that the revision belongs to."""


class Follower:
    """Follows one stream until it is cancelled."""

    def __init__(
        self,
        cluster: Cluster,
        kind: Kind,
        path: str,
        intake: Intake,
        sink: Sink,
        identity: Identity,
        pace: Pace,
        position: Position,
        *,
        can_stream_lists: bool,
    ) -> None:
        """`position` and `intake.known` carry on where an earlier recording ended."""
        self.intake = intake
        self.synced = asyncio.Event()
        """Set once the stream is listed, or cannot be at the moment: others that look at it need not wait."""
        self.warning: str | None = None
        """What keeps the stream from being followed, for the user; None while it is."""
        self._cluster = cluster
        self._kind = kind
        self._path = path
        self._sink = sink
        self._identity = identity
        self._pace = pace
        self._position = position
        self._can_stream_lists = can_stream_lists
        self._page = pace.page
        self._lost_why = "the recorder stopped before it had listed everything"
        self._has_bookmarks = kind.has_bookmarks
        self._saw_bookmark = False
        self._head: int | None = None
        """The collection's revision when the watch was opened: proved delivered when that watch ends well."""
        self._failures = 0
        self._ended: str | None = None
        """Why the last watch ended; None if there was none."""

    # -- the endless loop ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow the stream until the server does not serve it any more. Every other end of a watch leads back here."""
        self._note("opened", revision_from=self._certain)
        if self._position.revision is not None:
            self._ended = "the recorder was started again"
        while self.intake.counts.state != "absent":
            generation = self._cluster.generation
            try:
                await self._once()
            except Gone as gone:
                self._lose(str(gone))
            except Rewound as rewound:
                self._note("rewound", revision_from=self._certain, revision_to=rewound.revision, detail=str(rewound))
                self.intake.known.distrust()
                self._lose(str(rewound))
            except Refused as refusal:
                await self._refused(refusal, generation)
            except (Lost, msgspec.DecodeError) as error:
                await self._failed(str(error) or type(error).__name__)

    async def _once(self) -> None:
        """From wherever the stream stands to the end of one watch."""
        if self._position.revision is not None:
            await self._check_history()
        else:
            await self._check_identity()
            # A list after a gap goes in pages: its revision is known before its rows, and so is the gap's end.
            if self._can_stream_lists and self._position.last_certain is None:
                await self._watch(streaming_list=True)
                return
            await self._list()
        await self._watch(streaming_list=False)

    def _lose(self, why: str) -> None:
        """The position is worth nothing any more; the next round lists anew."""
        if self._position.revision is None:  # lost while listing: the server forgets faster than we read
            self._page *= 4
            return
        self._position.last_certain = self._certain
        self._position.revision = None
        self._lost_why = why

    # -- listing --------------------------------------------------------------------------------------------------------

    async def _list(self) -> None:
        """List in pages. What changed while nobody looked becomes LISTED and VANISHED rows, behind a gap row."""
        seen: set[str] = set()
        before = self.intake.counts.observations
        revision: str | None = None
        async for page, page_revision in self._pages():
            if revision is None:
                revision = page_revision
                self._note_gap(as_revision(revision))
            texts = [self.intake.lifter.listed_text(bytes(item)) for item in page]
            pairs = [self.intake.lifter.object_parts(text) for text in texts]
            seen.update(
                self.intake.listed(
                    [part for part, _ in pairs], [text for _, text in pairs], self._sink.writer.clock.now_us()
                )
            )
            await self._sink.room()
        vanished = self.intake.vanished(seen, self._sink.writer.clock.now_us())
        changed = self.intake.counts.observations - before - vanished
        was_synced = self._position.last_certain is not None
        self._synced(
            revision or "0",
            "relisted" if was_synced else "synced",
            f"{len(seen)} objects listed, {changed} of them new or changed, {vanished} vanished",
        )

    def _note_gap(self, revision_to: int | None) -> None:
        if self._position.last_certain is not None:
            self.intake.counts.gaps += 1
            self._note("gap", revision_from=self._position.last_certain, revision_to=revision_to, detail=self._lost_why)

    async def _pages(self) -> AsyncIterator[tuple[list[msgspec.Raw], str]]:
        """The pages of one consistent list, and its revision. Starts over when the server forgets where it was."""
        query = {"limit": str(self._page)}
        while True:
            body = await self._cluster.get(self._path, query)
            try:
                page = msgspec.json.decode(body, type=_Page)
            except msgspec.DecodeError as error:
                raise Lost(f"the list is not what it should be ({error})") from error
            yield page.items or [], page.metadata.resource_version
            if not page.metadata.continue_:
                return
            query["continue"] = page.metadata.continue_

    def _synced(self, revision: str, what: str, detail: str) -> None:
        self._position.revision = revision
        self._note(what, revision_to=as_revision(revision), detail=detail)
        self._is_well()
        self._ended = None
        self.synced.set()

    # -- watching -------------------------------------------------------------------------------------------------------

    async def _watch(self, *, streaming_list: bool) -> None:
        """One watch, to its end. Returns when the server ended it well."""
        started = time.monotonic()
        seen: set[str] | None = set() if streaming_list else None
        ended = "the server ended the watch"
        try:
            async with self._cluster.stream(
                self._path, self._watch_query(streaming_list), self._pace.silence_s
            ) as answer:
                if not streaming_list:
                    self._resumed()
                async for batch in lines(answer):
                    self.intake.counts.heard_at = time.monotonic()
                    self._failures = 0
                    seen = self._take(batch, seen)
                    await self._sink.room()
        except Lost as lost:
            if self._position.revision is None:
                raise
            if not self._saw_bookmark and "no byte" in str(lost):
                self._has_bookmarks = False
            ended = str(lost)
        else:
            self._proved()
        if seen is not None:
            raise Lost("the server ended the streaming list before it was whole")
        self._ended = ended
        if time.monotonic() - started < 1.0:  # a server that ends every watch at once is not to be hammered
            self._failures += 1
            await asyncio.sleep(self._pace.backoff(self._failures))

    def _watch_query(self, streaming_list: bool) -> dict[str, str]:
        query = {"watch": "true", "allowWatchBookmarks": "true"}
        if streaming_list:
            query |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        else:
            query["resourceVersion"] = str(self._position.revision)
        if not self._has_bookmarks:
            query["timeoutSeconds"] = str(self._pace.proving_timeout_s)
        return query

    def _take(self, batch: list[bytes], seen: set[str] | None) -> set[str] | None:
        """Take in some lines; `seen` are the uids of a streaming list, None once it is whole."""
        at_us = self._sink.writer.clock.now_us()
        events = self.intake.lifter.watch_events(batch)
        start = 0
        for index, event in enumerate(events):
            if event.type in _CHANGES:
                continue
            self._take_changes(events[start:index], seen, at_us)
            start = index + 1
            seen = self._take_mark(event, seen, at_us)
        self._take_changes(events[start:], seen, at_us)
        return seen

    def _take_changes(self, events: list[WatchEvent], seen: set[str] | None, at_us: int) -> None:
        if not events:
            return
        parts, texts = [event.parts for event in events], [event.object for event in events]
        if seen is not None:
            seen.update(self.intake.listed(parts, texts, at_us))
            return
        last = self.intake.lifter.values("metadata.resourceVersion", parts[-1:])[0]
        self.intake.changed([event.type for event in events], parts, texts, at_us)
        self._position.revision = str(last)

    def _take_mark(self, event: WatchEvent, seen: set[str] | None, at_us: int) -> set[str] | None:
        """A bookmark or an error. Raises Gone, Refused, Lost."""
        if event.type == "BOOKMARK":
            revision = self.intake.lifter.values("metadata.resourceVersion", [event.parts])[0]
            if seen is None:
                self._saw_bookmark = True
                self._position.revision = str(revision)
                self._note("bookmark", revision_to=as_revision(revision))
                return None
            if self.intake.lifter.is_list_end(event.parts):
                self._head = as_revision(revision)
                vanished = self.intake.vanished(seen, at_us)
                self._synced(str(revision), "synced", f"{len(seen)} objects streamed, {vanished} vanished")
                return None
            return seen
        if event.type == "ERROR":
            raise _error(event.object)
        raise Lost(f"the server sent an event of the unknown type {event.type[:40]!r}")

    def _resumed(self) -> None:
        """The server took up the watch again."""
        if self._ended is not None:
            certain = self._certain
            self._note("resumed", revision_from=certain, revision_to=certain, detail=self._ended)
            self._ended = None
        self._is_well()

    def _is_well(self) -> None:
        self.warning = None
        self.intake.counts.state = "following"
        self.intake.counts.heard_at = time.monotonic()

    def _proved(self) -> None:
        """A watch that the server ended well had delivered everything up to the revision at which it was opened."""
        certain = self._certain
        if not self._saw_bookmark and self._head is not None and (certain is None or self._head > certain):
            self._position.revision = str(self._head)
            self._note("bookmark", revision_to=self._head, detail="proved: the server ended this watch well")

    # -- is it the history we know? -------------------------------------------------------------------------------------

    async def _check_history(self) -> None:
        """Before a watch is resumed: is this still the cluster, and the history, that we followed?

        A watch from a revision that lies in the future is accepted and stays silent for ever. Raises Rewound.
        """
        if self._ended is None:
            self._head = None
            if self._has_bookmarks:
                return  # straight from a list: nothing to check
        await self._check_identity()
        self._head = await current_revision(self._cluster, self._path)
        certain = self._certain
        if self._head is not None and certain is not None and self._head < certain:
            raise Rewound(
                self._head, f"the server's revision is {self._head}, behind {certain}: its history was rewound"
            )

    async def _check_identity(self) -> None:
        uid = await self._identity.uid()
        known = self._position.cluster_uid
        if uid is not None:
            self._position.cluster_uid = uid
            if known is not None and known != uid and self._position.revision is not None:
                raise Rewound(None, f"another cluster answers at {self._cluster.server}: {uid}, it was {known}")

    # -- refusals -------------------------------------------------------------------------------------------------------

    async def _refused(self, refusal: Refused, generation: int) -> None:
        if refusal.status == 410:
            self._lose(f"the server no longer has the history after revision {self._certain}: {refusal.message}")
        elif refusal.status in (400, 422) and self._can_stream_lists and self._position.revision is None:
            self._can_stream_lists = False  # the server does not stream lists (feature WatchList): list in pages
        elif refusal.status == 401:
            await self._renew_credentials(refusal, generation)
        elif refusal.status == 403:
            await self._forbidden(refusal)
        elif refusal.status == 404:
            why = f"the server does not serve {self._path} any more"
            self._note("failed", revision_from=self._certain, detail=why)
            self.intake.counts.state = "absent"
            self._ended = why
        else:
            await self._failed(f"HTTP {refusal.status}: {refusal.message}", refusal.retry_after_s)

    async def _renew_credentials(self, refusal: Refused, generation: int) -> None:
        try:
            await self._cluster.reload(generation)
        except ClusterError as error:
            await self._failed(str(error))
            return
        if self._failures:  # renewed ones were refused already
            await self._failed(f"the credentials are refused (401): {refusal.message}")
        self._ended = self._ended or "the credentials had expired"
        self._failures += 1

    async def _forbidden(self, refusal: Refused) -> None:
        """Something that the cluster's owner must change: say it once, and try again each minute."""
        rule = f"{self._kind.plural}.{self._kind.group}" if self._kind.group else self._kind.plural
        why = f"{rule}: get, list and watch are needed (`volreel rbac` prints the rule). {refusal.message}"
        if self.intake.counts.state != "forbidden":
            self._note("forbidden", revision_from=self._certain, detail=why)
        self.intake.counts.state = "forbidden"
        self.warning = why
        self.synced.set()
        self._ended = self._ended or "reading it was forbidden"
        await asyncio.sleep(self._pace.retry_s)

    async def _failed(self, why: str, retry_after_s: float | None = None) -> None:
        """Something that passes: say it once per failure, and come back slower each time."""
        if self.intake.counts.state != "failed":
            self._note("failed", revision_from=self._certain, detail=why)
        self.intake.counts.state = "failed"
        self.warning = why
        self._ended = self._ended or why
        self._failures += 1
        await asyncio.sleep(self._pace.backoff(self._failures) if retry_after_s is None else retry_after_s)

    # -- the end ----------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Write down how far the stream is certain; call when `run` was cancelled."""
        self._note("closed", revision_from=self._certain)

    @property
    def _certain(self) -> int | None:
        if self._position.revision is None:
            return self._position.last_certain
        return as_revision(self._position.revision)

    def _note(self, what: str, **about: Any) -> None:
        self._sink.note(self.intake.stream, what, **about)


class _ListMeta(msgspec.Struct):
    resource_version: str = msgspec.field(name="resourceVersion", default="0")
    continue_: str = msgspec.field(name="continue", default="")


class _Page(msgspec.Struct):
    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None


def _error(status_text: bytes) -> Exception:
    """The exception that an ERROR event stands for."""
    try:
        status = msgspec.json.decode(status_text)
        code, message = int(status.get("code", 0)), str(status.get("message", ""))
    except (msgspec.DecodeError, TypeError, ValueError, AttributeError):
        return Lost("the watch ended with an error that cannot be read")
    if code == 410:
        return Gone(f"the server no longer has the history: {message}")
    details = status.get("details")
    retry = details.get("retryAfterSeconds") if isinstance(details, dict) else None
    return Refused(code, message, float(retry) if isinstance(retry, int | float) else None)
