"""A loopback API server that streams canned watch events as fast as its reader takes them."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

_WRITE = 1 << 18


@dataclass(frozen=True)
class Canned:
    """What the server has: one resource with objects in its list and events in its watch."""

    plural: str
    kind: str
    events: bytes = b""
    """Watch lines, newline-terminated."""
    listed: tuple[bytes, ...] = ()
    """Objects' JSON."""


class _Server:
    def __init__(self, canned: Canned) -> None:
        self._canned = canned

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                target = urlsplit(head.split(b" ", 2)[1].decode())
                query = {key: values[0] for key, values in parse_qs(target.query).items()}
                if query.get("watch") in ("true", "True"):
                    await self._watch(writer, target.path)
                    return
                self._answer(writer, *self._body(target.path, query))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, writer: asyncio.StreamWriter, status: int, body: bytes) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)

    def _body(self, path: str, query: dict[str, str]) -> tuple[int, bytes]:
        canned = self._canned
        if path == "/version":
            return 200, b'{"gitVersion":"v1.30.0"}'
        if path == "/api/v1":
            return 200, json.dumps({"resources": [{"name": canned.plural}]}).encode()
        if path == f"/api/v1/{canned.plural}":
            return 200, self._page(int(query.get("limit", "1")), int(query.get("continue", "0")))
        return 404, b'{"kind":"Status","code":404,"message":"not here"}'

    def _page(self, limit: int, start: int) -> bytes:
        listed = self._canned.listed
        metadata = {"resourceVersion": "1000"}
        if start + limit < len(listed):
            metadata["continue"] = str(start + limit)
        items = b",".join(listed[start : start + limit])
        return b'{"kind":"List","metadata":%s,"items":[%s]}' % (json.dumps(metadata).encode(), items)

    async def _watch(self, writer: asyncio.StreamWriter, path: str) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        if path == f"/api/v1/{self._canned.plural}":
            events = memoryview(self._canned.events)
            for start in range(0, len(events), _WRITE):
                piece = events[start : start + _WRITE]
                writer.write(b"%x\r\n" % len(piece))
                writer.write(piece)
                writer.write(b"\r\n")
                await writer.drain()
        await writer.drain()
        await asyncio.sleep(3600)


def _run(canned: Canned, port: multiprocessing.Queue[int]) -> None:
    async def main() -> None:
        server = await asyncio.start_server(_Server(canned).serve, "127.0.0.1", 0, limit=1 << 20)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


@contextmanager
def serving(canned: Canned) -> Iterator[str]:
    """The URL of a server in a process of its own."""
    context = multiprocessing.get_context("fork")
    port: multiprocessing.Queue[int] = context.Queue()
    process = context.Process(target=_run, args=(canned, port), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{port.get(timeout=60)}"
    finally:
        process.kill()
        process.join()
