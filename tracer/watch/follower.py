"""Following one resource type without end: list, watch, resume, and write down what may have been missed.

The rules are those of the Kubernetes API (`Efficient detection of changes`): a watch goes on after a resourceVersion;
410 Gone, as a status or as an ERROR event, means that the server no longer has that history.
"""

from __future__ import annotations

import asyncio
import time

import msgspec

from tracer.cluster import Lost, Refused
from tracer.errors import VolreelError
from tracer.kinds import Kind
from tracer.watch.identity import current_revision
from tracer.watch.intake import Intake
from tracer.watch.listing import learn_list, take_list
from tracer.watch.means import Means
from tracer.watch.refusals import Gone, Rewound
from tracer.watch.standing import Position, Standing
from tracer.watch.watching import Bookmarks, Watch

_LONGEST_RETRY_AFTER_S = 300.0
"""A server that asks for more is asked again all the same."""


class Follower:
    """Follows one stream until it is cancelled."""

    def __init__(self, means: Means, kind: Kind, path: str, intake: Intake, position: Position) -> None:
        """`position` and `intake.known` carry on where an earlier recording ended."""
        self.intake = intake
        self.standing = Standing(intake, means.sink, position)
        self._means = means
        self._kind = kind
        self._path = path
        self._can_stream_lists = means.can_stream_lists
        self._page = means.pace.page
        self._bookmarks = Bookmarks(kind.has_bookmarks)
        self._must_learn = intake.must_learn and self.standing.is_synced
        """Whether a resumed recorder has yet to see which objects there are."""
        self._failures = 0
        self._renewed = False
        """Whether the credentials were read anew and nothing has come of it yet."""

    async def run(self) -> None:
        """Follow the stream until the server does not serve it any more. Every other end of a watch leads back here."""
        standing = self.standing
        standing.opened()
        while standing.counts.state != "absent":
            generation, began = self._means.cluster.generation, time.monotonic()
            try:
                await self._once()
            except Gone as gone:
                self._lose(f"the server no longer has the history after revision {standing.certain}: {gone}")
            except Rewound as rewound:
                standing.note(
                    "rewound", revision_from=standing.certain, revision_to=rewound.revision, detail=str(rewound)
                )
                self.intake.known.distrust()
                self._lose(str(rewound))
            except Refused as refusal:
                await self._refused(refusal, generation)
                continue
            except (Lost, msgspec.DecodeError, RecursionError) as error:
                await self._failed(str(error) or type(error).__name__)
                continue
            await self._breathe(time.monotonic() - began)

    async def _once(self) -> None:
        """From wherever the stream stands to the end of one watch."""
        head = None
        if self.standing.is_synced:
            if self._must_learn:
                await learn_list(self._means.cluster, self._path, self._page, self.intake)
                self._must_learn = False
            self.standing.listed.set()
            head = await self._check_history()
        else:
            await self._check_identity()
            # A list after a gap goes in pages: its revision is known before its rows, and so is the gap's end.
            if self._can_stream_lists and self.standing.position.last_certain is None and await self._stream_list():
                return
            await take_list(self._means, self._path, self._page, self.intake, self.standing)
            if not self._bookmarks.expected:
                head = await current_revision(self._means.cluster, self._path)
        self._renewed = False
        self.standing.ended = await self._watch().follow(head=head)

    async def _stream_list(self) -> bool:
        """A streaming list and the watch that it turns into; False where the server has none."""
        try:
            self.standing.ended = await self._watch().follow(streaming_list=True)
        except Refused as refusal:
            if refusal.status not in (400, 422):
                raise
            self._can_stream_lists = False
            return False
        return True

    def _watch(self) -> Watch:
        return Watch(self._means, self._path, self.intake, self.standing, self._bookmarks)

    def _lose(self, why: str) -> None:
        if self.standing.is_synced:
            self.standing.lost(why)
        else:  # lost while listing: the server forgets faster than we read
            self._page *= 4

    async def _breathe(self, lasted_s: float) -> None:
        """After a round that did not fail: a server that ends every watch at once is not to be hammered."""
        if lasted_s >= self._means.pace.settled_s:
            self._failures = 0
            return
        if self._failures:  # the first time may be a server's restart: no reason to wait
            await asyncio.sleep(self._means.pace.backoff(self._failures))
        self._failures += 1

    # -- is it the history we know? ---------------------------------------------------------------------------------

    async def _check_history(self) -> int | None:
        """Before a watch is resumed: is this still the cluster, and the history, that we followed?

        The collection's revision. A watch from one that lies in the future is accepted and stays silent for ever.
        Raises Rewound.
        """
        await self._check_identity()
        head = await current_revision(self._means.cluster, self._path)
        certain = self.standing.certain
        if head is not None and certain is not None and head < certain:
            raise Rewound(head, f"the server's revision is {head}, behind {certain}: its history was rewound")
        return head

    async def _check_identity(self) -> None:
        uid = await self._means.identity.uid()
        position = self.standing.position
        if uid is not None:
            known, position.cluster_uid = position.cluster_uid, uid
            if known is not None and known != uid and self.standing.is_synced:
                raise Rewound(None, f"another cluster answers at {self._means.cluster.server}: {uid}, it was {known}")

    # -- refusals ---------------------------------------------------------------------------------------------------

    async def _refused(self, refusal: Refused, generation: int) -> None:
        if refusal.status == 410:
            self._lose(
                f"the server no longer has the history after revision {self.standing.certain}: {refusal.message}"
            )
            await self._breathe(0.0)
        elif refusal.status == 401:
            await self._renew_credentials(refusal, generation)
        elif refusal.status == 403:
            await self._forbidden(refusal)
        elif refusal.status == 404:
            self.standing.refused("absent", f"the server does not serve {self._path} any more")
        else:
            await self._failed(f"HTTP {refusal.status}: {refusal.message}", refusal.retry_after_s)

    async def _renew_credentials(self, refusal: Refused, generation: int) -> None:
        if self._renewed:
            await self._failed(f"the credentials are refused (401): {refusal.message}")
        try:
            await self._means.cluster.reload(generation)
        except VolreelError as error:
            await self._failed(str(error))
            return
        self.standing.ended = self.standing.ended or "the credentials had expired"
        self._renewed = True

    async def _forbidden(self, refusal: Refused) -> None:
        """Something that the cluster's owner must change: say it once, and try again each minute."""
        rule = f"{self._kind.plural}.{self._kind.group}" if self._kind.group else self._kind.plural
        why = f"{rule}: get, list and watch are needed (`volreel rbac` prints the rule). {refusal.message}"
        self.standing.refused("forbidden", why)
        await asyncio.sleep(self._means.pace.retry_s)

    async def _failed(self, why: str, retry_after_s: float | None = None) -> None:
        """Something that passes: say it once, and come back slower each time."""
        self.standing.refused("failed", why)
        self._failures += 1
        wait = self._means.pace.backoff(self._failures)
        await asyncio.sleep(wait if retry_after_s is None else max(wait, min(retry_after_s, _LONGEST_RETRY_AFTER_S)))
