"""`nodes/NAME/proxy/logs/?query=kubelet` of a served trace: what a kubelet had said by the world's instant.

The answer is that of the node log query (`pkg/kubelet/kubelet_server_journal.go`): the journal's lines, without a year.
The Date header, which says when the node answered, is the world's instant and not ours.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from aiohttp import web

from tracer.logs.streams import KUBELET, host_stream
from tracer.playback.loglines import LogLine
from tracer.playback.readers import Readers
from tracer.playback.status import bad_request, no_such_path, not_acceptable, not_found
from tracer.playback.world import World
from tracer.trace.lines import second_text

_MOST_LINES = 100_000
_KNOWN = frozenset({"query", "sinceTime", "tailLines"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a kubelet's log."""

    since_ns: int
    tail: int | None


def asked(query: Mapping[str, str]) -> Asked:
    """Read the options of a node log query. Raises Refusal (400, 406)."""
    if unknown := sorted(query.keys() - _KNOWN):
        raise not_acceptable(f"a served trace does not know {', '.join(unknown)} in a node log query")
    since = 0
    if text := query.get("sinceTime"):
        try:
            since = int(datetime.fromisoformat(text).timestamp()) * 1_000_000_000  # journalctl is told whole seconds
        except (ValueError, OverflowError):
            raise bad_request(f"sinceTime: Invalid value: {text!r}: invalid time format") from None
    tail = query.get("tailLines")
    if tail and not (tail.isascii() and tail.isdigit() and int(tail) <= _MOST_LINES):
        raise not_acceptable(f"tailLines: Invalid value: {tail!r}: must be between 0 and {_MOST_LINES}, inclusive")
    return Asked(since, int(tail) if tail else None)


class KubeletLogs:
    """The kubelets' logs of a world."""

    def __init__(self, world: World, readers: Readers) -> None:
        self._world = world
        self._readers = readers

    async def serve(self, request: web.Request, node: str) -> web.StreamResponse:
        """Answer a node log query. Raises Refusal."""
        nodes = self._world.resource("v1/nodes")
        if nodes is None or ("", node) not in nodes.state:
            raise not_found("nodes", "", node)
        if "query" not in request.query:
            raise no_such_path()
        wanted, stream = asked(request.query), host_stream(node, KUBELET)
        if request.query.getall("query") != [KUBELET] or stream not in self._readers.streams:
            raise not_found("nodes/proxy", "", f"{node}: the trace holds no such log")
        headers = {"Content-Type": "text/plain;charset=UTF-8", "Date": format_datetime(self._world.now, usegmt=True)}
        response = web.StreamResponse(headers=headers)
        response.enable_chunked_encoding()
        await response.prepare(request)
        try:
            with self._readers.reading(stream):
                async for lines in self._lines(stream, wanted):
                    await response.write(b"".join(_journal(node, line) for line in lines))
                    self._readers.wrote(stream)
            await response.write_eof()
        except ConnectionError:  # the client has left
            pass
        return response

    async def _lines(self, stream: str, wanted: Asked) -> AsyncIterator[Iterable[LogLine]]:
        """What there is by now, a block at a time."""
        source = self._readers.source(stream)
        kept: deque[LogLine] | None = None if wanted.tail is None else deque(maxlen=wanted.tail)
        until_us = self._world.instant_us()
        while due := await source.due(until_us):
            fresh = [line for line in due if line.stamp_ns >= wanted.since_ns]
            if kept is None:
                yield fresh
            else:
                kept.extend(fresh)
        if kept:
            yield kept
        if source.is_read or self._readers.is_awaited(stream):  # then the world stands at the node's last instant
            self._readers.read(stream)


def _journal(node: str, line: LogLine) -> bytes:
    """As `journalctl --utc --output=short-precise` has it: month, day, time to the microsecond."""
    second, nanos = divmod(line.stamp_ns, 1_000_000_000)
    return f"{second_text(second, '%b %e %H:%M:%S', 0)}.{nanos // 1000:06d} {node} {KUBELET}: ".encode() + line.text
