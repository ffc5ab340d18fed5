"""One watch, from its opening to its end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from tracer.cluster import Lost, Silent
from tracer.watch.intake import Intake
from tracer.watch.lines import lines
from tracer.watch.means import Means
from tracer.watch.refusals import error_event
from tracer.watch.standing import Standing

_CHANGES = frozenset({"ADDED", "MODIFIED", "DELETED"})


@dataclass
class Bookmarks:
    """Whether a stream's watches carry bookmarks; where they do not, a well-ended watch must prove the position."""

    expected: bool
    seen: bool = False


class Watch:
    """A watch of one stream. `follow` it once."""

    def __init__(self, means: Means, path: str, intake: Intake, standing: Standing, marks: Bookmarks) -> None:
        self._cluster = means.cluster
        self._sink = means.sink
        self._pace = means.pace
        self._path = path
        self._intake = intake
        self._standing = standing
        self._marks = marks
        self._listed: set[str] | None = None
        """UIDs that a streaming list has brought so far; None when it is whole, or there is none."""

    async def follow(self, *, streaming_list: bool = False, head: int | None = None) -> str:
        """Watch until the server ends it or the connection breaks; why it ended.

        `head` is a revision of the collection from before the watch. Raises Gone and Refused; also Lost, where the
        stream is not synced by then.
        """
        query = self._query(streaming_list)
        self._listed = set() if streaming_list else None
        quiet_since = time.monotonic()
        try:
            async with self._cluster.stream(self._path, query, self._pace.silence_s) as answer:
                if not streaming_list:
                    self._standing.connected()
                async for batch in lines(answer):
                    self._take(batch)
                    await self._sink.room()
                    quiet_since = time.monotonic()
        except Lost as lost:
            if not self._standing.is_synced:
                raise
            if isinstance(lost, Silent) and not self._marks.seen:
                self._marks.expected = False
            return str(lost)
        if not self._standing.is_synced:
            raise Lost("the server ended the streaming list before it was whole")
        self._ended_well(head, time.monotonic() - quiet_since)
        return "the server ended the watch"

    def _query(self, streaming_list: bool) -> dict[str, str]:
        query = {"watch": "true", "allowWatchBookmarks": "true"}
        if streaming_list:
            query |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        else:
            query["resourceVersion"] = str(self._standing.position.revision)
        if not self._marks.expected:
            query["timeoutSeconds"] = str(self._pace.proving_timeout_s)
        return query

    def _take(self, batch: list[bytes]) -> None:
        at_us = self._sink.writer.clock.now_us()
        types, parts, texts = self._intake.lifter.watch_events(batch)
        start = 0
        for index, kind in enumerate(types):
            if kind not in _CHANGES:
                self._take_changes(types[start:index], parts[start:index], texts[start:index], at_us)
                self._take_mark(kind, parts[index], texts[index], at_us)
                start = index + 1
        self._take_changes(types[start:], parts[start:], texts[start:], at_us)

    def _take_changes(self, types: list[str], parts: list[Any], texts: list[bytes], at_us: int) -> None:
        if not types:
            return
        if self._listed is not None:
            self._take_listed(self._listed, types, parts, texts, at_us)
            return
        self._standing.heard(at_us)
        last = self._intake.lifter.values("metadata.resourceVersion", parts[-1:])[0]
        self._intake.changed(types, parts, texts, at_us)
        self._standing.advanced(str(last))

    def _take_listed(
        self, listed: set[str], types: list[str], parts: list[Any], texts: list[bytes], at_us: int
    ) -> None:
        """What a streaming list brings before its end: the objects, and what is done to them meanwhile."""
        uids = self._intake.lifter.values("metadata.uid", parts)
        for is_first, group in groupby(
            range(len(types)), lambda index: types[index] == "ADDED" and uids[index] not in listed
        ):
            here = list(group)
            some = [parts[index] for index in here], [texts[index] for index in here]
            if is_first:
                self._intake.listed(*some, at_us)
            else:
                self._intake.changed([types[index] for index in here], *some, at_us)
            for index in here:
                if types[index] == "DELETED":
                    listed.discard(uids[index])
                else:
                    listed.add(uids[index])

    def _take_mark(self, kind: str, parts: Any, text: bytes, at_us: int) -> None:
        """A bookmark or an error. Raises Gone, Refused, Lost."""
        if kind == "ERROR":
            raise error_event(text)
        if kind != "BOOKMARK":
            raise Lost(f"the server sent an event of the unknown type {kind[:40]!r}")
        revision = str(self._intake.lifter.values("metadata.resourceVersion", [parts])[0])
        if self._listed is None:
            self._marks.seen = self._marks.expected = True
            self._standing.heard(at_us)
            self._standing.marked(revision, at_us)
        elif self._intake.lifter.is_list_end(parts):
            vanished = self._intake.vanished(self._listed, at_us)
            detail = f"{len(self._listed)} objects streamed, {vanished} vanished"
            self._listed = None
            self._standing.synced(revision, detail, at_us)

    def _ended_well(self, head: int | None, quiet_s: float) -> None:
        """A watch that stayed quiet and was ended well had delivered all that there was when it was opened.

        It must have been quiet for long: a server that ends a watch at its time does not wait for what is on its way.
        """
        at_us = self._sink.writer.clock.now_us()
        if quiet_s < self._pace.proving_timeout_s / 2:
            return
        self._standing.heard(at_us)
        certain = self._standing.certain
        if not self._marks.seen and head is not None and (certain is None or head > certain):
            self._standing.marked(str(head), at_us, "proved: the server ended this watch well")
