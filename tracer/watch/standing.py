"""How far a stream is certain, and every row of the trace that says so."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from tracer.lifting import as_revision
from tracer.sink import Sink
from tracer.watch.intake import Intake


@dataclass(slots=True)
class Position:
    """Where a stream stands in the server's history."""

    revision: str | None = None
    """Everything up to here is in the trace; None while the stream is not synced."""
    last_certain: int | None = None
    """What `revision` was before it was lost; None if the stream never was synced."""
    cluster_uid: str | None = None
    """The cluster that the revision belongs to."""


class Standing:
    """One stream's position, what the user is told about it, and its rows in `streams`."""

    def __init__(self, intake: Intake, sink: Sink, position: Position) -> None:
        self.position = position
        self.counts = intake.counts
        self.listed = asyncio.Event()
        """Set once the stream is listed, or cannot be at the moment: others that look at it need not wait."""
        self.warning: str | None = None
        """What keeps the stream from being followed, for the user; None while it is."""
        self.ended: str | None = None
        """Why the last watch ended; None if there was none, or the next one is heard already."""
        self._stream = intake.stream
        self._sink = sink
        self._lost_why = "the recorder stopped before it had listed everything"

    @property
    def is_synced(self) -> bool:
        """Whether a watch can go on from the position."""
        return self.position.revision is not None

    @property
    def certain(self) -> int | None:
        """The revision up to which the trace is certain; None where it never was, or is no number."""
        if self.position.revision is None:
            return self.position.last_certain
        return as_revision(self.position.revision)

    def note(self, what: str, **about: Any) -> None:
        """Add a row about the stream (see schema.WHATS)."""
        self._sink.note(self._stream, what, **about)

    def opened(self) -> None:
        """The recorder begins to follow the stream, or takes it up again."""
        self.note("opened", revision_from=self.certain)
        if self.is_synced:
            self.ended = "the recorder was started again"

    def lost(self, why: str) -> None:
        """The position is worth nothing any more: the stream must be listed anew."""
        self.position.last_certain = self.certain
        self.position.revision = None
        self._lost_why = why

    def gap(self, revision_to: int | None) -> None:
        """Before a list's rows: what happened since the stream was last certain may be missing."""
        if self.position.last_certain is not None:
            self.counts.gaps += 1
            self.note("gap", revision_from=self.position.last_certain, revision_to=revision_to, detail=self._lost_why)

    def synced(self, revision: str, detail: str, at_us: int) -> None:
        """A whole list is in the trace."""
        what = "synced" if self.position.last_certain is None else "relisted"
        self.position.revision = revision
        self.note(what, revision_to=as_revision(revision), detail=detail, at_us=at_us)
        self.ended = None
        self.connected()
        self.listed.set()

    def connected(self) -> None:
        """The server took up the watch."""
        self.warning = None
        self.counts.state = "following"
        self.counts.heard_at = time.monotonic()

    def heard(self, at_us: int) -> None:
        """The watch delivers: only now is it sure that the server has the history after our revision."""
        self.counts.heard_at = time.monotonic()
        if self.ended is not None:
            self.note("resumed", revision_from=self.certain, revision_to=self.certain, detail=self.ended, at_us=at_us)
            self.ended = None

    def advanced(self, revision: str) -> None:
        """Everything up to this revision is in the trace."""
        self.position.revision = revision

    def marked(self, revision: str, at_us: int, detail: str | None = None) -> None:
        """Everything up to this revision was delivered, as a bookmark or a well-ended watch says."""
        self.advanced(revision)
        self.note("bookmark", revision_to=as_revision(revision), detail=detail, at_us=at_us)

    def refused(self, state: str, why: str) -> None:
        """The stream cannot be followed: `forbidden`, `failed` or `absent`. Written once while it stays so."""
        if self.counts.state != state:
            self.note(state, revision_from=self.certain, detail=why)
        self.counts.state = state
        self.warning = None if state == "absent" else why
        self.ended = self.ended or why
        self.listed.set()

    def closed(self) -> None:
        """The recorder stops."""
        self.note("closed", revision_from=self.certain)
