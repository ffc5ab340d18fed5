"""WATCH: recorded events to whoever follows, many lines to a write."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from tracer.heartbeat import with_resource_version
from tracer.playback.resource import Change, Resource, Watch
from tracer.playback.selectors import Matches, selector
from tracer.playback.status import Refusal, bad_request, invalid, too_new
from tracer.playback.tables import Printer
from tracer.playback.world import World

BOOKMARK_S = 60.0
"""Real time between bookmarks."""
_CHANGES = 500
"""Changes in one write."""
_TIMEOUT_S = (1800, 3600)
_HEADS = {
    kind: f'{{"type":"{kind}","object":'.encode() for kind in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR")
}
_END = b"}\n"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a watch asks for."""

    revision: int
    """0: from now on, after what there is."""
    initial: bool
    """What there is comes first, as ADDED."""
    initial_end: bool
    """And a bookmark says where that ends."""
    bookmarks: bool
    timeout_s: float


def asked(resource: Resource, query: Mapping[str, str]) -> Asked:
    """Read a watch's options. Raises Refusal."""
    revision = query.get("resourceVersion") or "0"
    if not (revision.isascii() and revision.isdigit() and len(revision) < 20):
        raise bad_request(f'resourceVersion: Invalid value: "{revision}": must be a non-negative number')
    initial = query.get("sendInitialEvents", "")
    wants_bookmarks = _is_true(query, "allowWatchBookmarks")
    if initial and query.get("resourceVersionMatch") != "NotOlderThan":
        raise invalid("resourceVersionMatch: Forbidden: sendInitialEvents requires setting NotOlderThan")
    if query.get("resourceVersionMatch") and not initial:
        raise invalid("resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch")
    if _is_true(query, "sendInitialEvents") and int(revision) > resource.revision:
        raise too_new(int(revision), resource.revision)
    try:
        timeout = float(query.get("timeoutSeconds") or 0)
    except ValueError:
        raise bad_request(f"timeoutSeconds: Invalid value: {query['timeoutSeconds']!r}") from None
    return Asked(
        revision=0 if initial else int(revision),
        initial=_is_true(query, "sendInitialEvents") if initial else revision == "0",
        initial_end=_is_true(query, "sendInitialEvents") and wants_bookmarks,
        bookmarks=wants_bookmarks and resource.kind.has_bookmarks,
        timeout_s=timeout if timeout > 0 else random.uniform(*_TIMEOUT_S),  # noqa: S311 - spreads reconnects
    )


class Watcher:
    """One watch over HTTP, until its time is over, its history ends, or the client leaves."""

    def __init__(
        self, world: World, resource: Resource, namespace: str | None, query: Mapping[str, str], printer: Printer | None
    ) -> None:
        """Raises Refusal for options that cannot be met."""
        self._asked = asked(resource, query)
        self._world = world
        self._resource = resource
        self._namespace = namespace
        self._matches = self._scope(
            selector(resource.kind, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        )
        self._printer = printer
        self._has_headers = False
        self._silent_until = self._asked.revision if self._asked.revision > resource.revision else -1
        """A revision from the future is accepted; nothing comes until the history gets there, as on a real server."""

    def _scope(self, matches: Matches | None) -> Matches | None:
        """A selector that keeps to the namespace as well."""
        if self._namespace is None:
            return matches
        namespace = self._namespace
        return lambda key, text: key[0] == namespace and (matches is None or matches(key, text))

    async def serve(self, response: web.StreamResponse) -> None:
        """Write events until the watch ends."""
        resource = self._resource
        try:
            start = resource.position(self._asked.revision) if self._asked.revision else resource.end
        except Refusal as refusal:  # a real server has sent its 200 by then
            await response.write(error_event(refusal))
            return
        watch = resource.watch(start)
        self._world.watched.set()
        try:
            # Nothing is awaited between here and the first write, so that both speak of one instant.
            beginning = self._beginning() if self._asked.initial else b""
            if beginning:
                await response.write(beginning)
            await self._follow(response, watch)
        finally:
            resource.leave(watch)

    def _beginning(self) -> bytes:
        resource = self._resource
        items = resource.items(self._namespace)
        texts = [text for key, text in items if self._matches is None or self._matches(key, text)]
        parts = [self._line("ADDED", text) for text in texts]
        if self._asked.initial_end:
            parts.append(self._bookmark(resource.revision, {"k8s.io/initial-events-end": "true"}))
        return b"".join(parts)

    async def _follow(self, response: web.StreamResponse, watch: Watch) -> None:
        resource = self._resource
        deadline = time.monotonic() + self._asked.timeout_s
        bookmark_at = time.monotonic() + BOOKMARK_S
        seen = max(self._asked.revision, resource.revision if watch.position == resource.end else 0)
        while True:
            moved = resource.moved()
            changes = resource.take(watch, _CHANGES)
            if changes is None:
                return
            if changes:
                seen = max(seen, changes[-1].revision)
                if lines := self._lines(changes):
                    await response.write(lines)
            else:
                seen = max(seen, resource.revision)
            now = time.monotonic()
            if now >= min(bookmark_at, deadline) and seen:
                if self._asked.bookmarks:
                    await response.write(self._bookmark(seen))
                bookmark_at = now + BOOKMARK_S
            if now >= deadline:
                return
            if not changes:
                await _wait(moved, min(bookmark_at, deadline) - now)

    def _lines(self, changes: Sequence[Change]) -> bytes:
        if self._silent_until >= 0:
            changes = [change for change in changes if change.revision > self._silent_until]
        if self._matches is None and self._printer is None:
            parts: list[bytes] = []
            for change in changes:
                parts += (_HEADS[change.type], change.object, _END)
            return b"".join(parts)
        return b"".join([self._selected(change) for change in changes])

    def _selected(self, change: Change) -> bytes:
        """A change as a watch with a selector sees it: an object that begins or ceases to match comes and goes."""
        if self._matches is None:
            return self._line(change.type, change.object)
        matched = change.before is not None and self._matches(change.key, change.before)
        matches = self._matches(change.key, change.object)
        if change.type == "DELETED":
            return self._line("DELETED", change.object) if matches or matched else b""
        if matches:
            return self._line(change.type if matched or change.before is None else "ADDED", change.object)
        if matched and change.before is not None:
            return self._line("DELETED", with_resource_version(change.before, str(change.revision)))
        return b""

    def _line(self, kind: str, text: bytes) -> bytes:
        if self._printer is not None:
            metadata: dict[str, Any] = {"resourceVersion": str(self._resource.revision)}
            text = self._printer.table([text], metadata, self._world.now, headers=not self._has_headers)
            self._has_headers = True
        return _HEADS[kind] + text + _END

    def _bookmark(self, revision: int, annotations: dict[str, str] | None = None) -> bytes:
        metadata: dict[str, Any] = {"resourceVersion": str(revision), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        if self._printer is not None:
            body = self._printer.table([], metadata, self._world.now, headers=False)
        else:
            head = {"kind": self._resource.kind.kind, "apiVersion": self._resource.api_version, "metadata": metadata}
            body = msgspec.json.encode(head)
        return _HEADS["BOOKMARK"] + body + _END


def error_event(refusal: Refusal) -> bytes:
    """The last line of a watch that has failed."""
    return _HEADS["ERROR"] + refusal.body + _END


async def _wait(moved: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(seconds, 0)):
            await moved.wait()
    except TimeoutError:
        pass


def _is_true(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "").lower() in ("1", "true", "t")
