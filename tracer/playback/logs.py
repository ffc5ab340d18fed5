"""`pods/NAME/log` of a served trace: what a container had said by the world's instant, and says from then on."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
from aiohttp import web

from tracer.cluster import LOG_HEADER
from tracer.logfollow.pods import pod_state
from tracer.playback.loglines import LogLine
from tracer.playback.readers import Readers
from tracer.playback.status import bad_request, not_found
from tracer.playback.world import World

_NS = 1_000_000_000


class _Container(msgspec.Struct):
    name: str


class _Spec(msgspec.Struct):
    containers: list[_Container] = []
    init: list[_Container] | None = msgspec.field(name="initContainers", default=None)


class _Pod(msgspec.Struct):
    spec: _Spec


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a log."""

    follow: bool
    timestamps: bool
    since_ns: int
    tail: int | None
    limit: int | None


def asked(query: Mapping[str, str], now_us: int) -> Asked:
    """Read a log's options. Raises Refusal (400)."""
    since = 0
    if "sinceTime" in query and "sinceSeconds" in query:
        raise bad_request("at most one of `sinceTime` or `sinceSeconds` may be specified")
    if text := query.get("sinceTime"):
        try:
            since = int(datetime.fromisoformat(text).timestamp()) * _NS  # whole seconds, as on a real server
        except (ValueError, OverflowError):
            raise bad_request(f"sinceTime: Invalid value: {text!r}") from None
    elif (seconds := _number(query, "sinceSeconds", 1)) is not None:
        since = now_us * 1000 - seconds * _NS
    return Asked(
        follow=_is_true(query, "follow"),
        timestamps=_is_true(query, "timestamps"),
        since_ns=since,
        tail=_number(query, "tailLines", 0),
        limit=_number(query, "limitBytes", 1),
    )


class Logs:
    """The logs of a world."""

    def __init__(self, world: World, readers: Readers) -> None:
        self._world = world
        self._readers = readers

    async def serve(self, request: web.Request, namespace: str, name: str) -> web.StreamResponse:
        """Answer a request for a pod's log. Raises Refusal."""
        query = dict(request.query)
        wanted = asked(query, self._world.instant_us())
        stream = self._stream(namespace, name, query)
        if request.headers.get(LOG_HEADER, stream) != stream:  # one who has not heard yet that the pod is another
            raise not_found("pods", "", name)
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        try:
            with self._readers.reading(stream):
                await self._send(response, stream, wanted)
            await response.write_eof()
        except ConnectionError:  # the client has left
            pass
        return response

    def _stream(self, namespace: str, name: str, query: Mapping[str, str]) -> str:
        """The stream that is asked for. Raises Refusal."""
        text = self._pod(namespace, name)
        state = pod_state(text) if text is not None else None
        if text is None or state is None:
            raise not_found("pods", "", name)
        container = _chosen(name, text, query.get("container", ""))
        prefix = f"log/{namespace}/{name}/{state.uid}/{container}/"
        runs = sorted(int(each.rsplit("/", 1)[1]) for each in self._readers.streams if each.startswith(prefix))
        if not runs:
            raise bad_request(f'the trace holds no log of container "{container}" in pod "{name}"')
        latest = state.containers.get(container)
        run = runs[-1] if latest is None else latest.restart
        if latest is not None and not latest.has_log:
            raise bad_request(f'container "{container}" in pod "{name}" is waiting to start: ContainerCreating')
        if _is_true(query, "previous"):
            if latest is None or not (latest.has_previous or latest.is_between):
                raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
            run -= not latest.is_between
        return f"{prefix}{run}"

    def _pod(self, namespace: str, name: str) -> bytes | None:
        pods = self._world.resource("v1/pods")
        return None if pods is None else pods.state.get((namespace, name))

    def _is_over(self, stream: str) -> bool:
        """Whether the run has ended by the world's instant: then it has said all that it ever said."""
        _, namespace, name, uid, container, run = stream.split("/")
        text = self._pod(namespace, name)
        state = pod_state(text) if text is not None else None
        if state is None or state.uid != uid:
            return True
        latest = state.containers.get(container)
        return latest is not None and (latest.restart > int(run) or (latest.is_over and latest.restart == int(run)))

    async def _send(self, response: web.StreamResponse, stream: str, wanted: Asked) -> None:
        left = wanted.limit
        async for lines in self._lines(stream, wanted):
            parts = [line.stamp + line.text if wanted.timestamps else line.text for line in lines]
            body = b"".join(parts)
            if left is not None:
                body = body[:left]
                left -= len(body)
            if body:
                await response.write(body)
                self._readers.wrote(stream)
            if left == 0:
                return

    async def _lines(self, stream: str, wanted: Asked) -> AsyncIterator[list[LogLine]]:
        """What there is now, then what comes while it is followed, a block at a time."""
        source = self._readers.source(stream)
        kept: deque[LogLine] | None = None if wanted.tail is None else deque(maxlen=wanted.tail)
        epoch = self._world.namespaces.epoch
        while True:
            moved, is_over = self._world.moved, self._is_over(stream)
            is_whole = is_over or self._readers.is_awaited(stream)
            due = await source.due(None if is_whole else self._world.instant_us())
            fresh = [line for line in due if line.stamp_ns >= wanted.since_ns]
            if kept is not None:
                kept.extend(fresh)
            elif fresh:
                yield fresh
            if due:
                continue
            if kept:
                yield list(kept)
            kept = None
            if source.is_read:
                self._readers.read(stream)
            if not wanted.follow or is_over or self._world.is_closed or self._world.namespaces.epoch != epoch:
                return
            await self._world.reached(source.next_us, moved)


def _chosen(name: str, text: bytes, container: str) -> str:
    """The container that is asked for; the only one, where none is named. Raises Refusal (400)."""
    spec = msgspec.json.decode(text, type=_Pod).spec
    main, init = [each.name for each in spec.containers], [each.name for each in spec.init or ()]
    if not container:
        if len(main) == 1:
            return main[0]
        others = f" or one of the init containers: [{' '.join(init)}]" if init else ""
        raise bad_request(
            f"a container name must be specified for pod {name}, choose one of: [{' '.join(main)}]{others}"
        )
    if container not in (*main, *init):
        raise bad_request(f"container {container} is not valid for pod {name}")
    return container


def _number(query: Mapping[str, str], key: str, least: int) -> int | None:
    text = query.get(key)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and least <= int(text) < 2**63):
        raise bad_request(f"{key}: Invalid value: {text!r}: must be greater than or equal to {least}")
    return int(text)


def _is_true(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "").lower() in ("1", "true", "t")
