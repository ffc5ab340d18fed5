"""A served trace, and the plain HTTP client that tests ask it with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tracer.playback import TraceServer, serve_trace
from tracer.trace import open_trace

SAMPLES = Path(__file__).parents[2] / "sample_traces"
FIRST = SAMPLES / "first-volumes.trace"
CLAIMS = "/api/v1/persistentvolumeclaims"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


class Api:
    """Asks a served trace."""

    def __init__(self, server: TraceServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self._session = session

    async def raw(self, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
        async with self._session.request(method, _url(self.server, path), headers=headers) as response:
            return response.status, await response.read()

    async def get(self, path: str, accept: str = "application/json") -> Any:
        code, body = await self.raw(path, Accept=accept)
        assert code == 200, body
        return json.loads(body)

    async def refused(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str, str]:
        """The code, reason and message of a Status."""
        code, body = await self.raw(path, method, **headers)
        status = json.loads(body)
        assert (status["kind"], status["apiVersion"], status["status"], status["code"]) == (
            "Status",
            "v1",
            "Failure",
            code,
        )
        return code, status["reason"], status["message"]

    async def names(self, path: str) -> list[str]:
        return [item["metadata"]["name"] for item in (await self.get(path))["items"]]

    async def revision(self, path: str) -> str:
        return str((await self.get(path))["metadata"]["resourceVersion"])

    @asynccontextmanager
    async def watch(self, path: str, accept: str = "application/json", **query: Any) -> AsyncIterator[Events]:
        url = _url(self.server, path)
        given = {"watch": "true", **{key: str(value) for key, value in query.items()}}
        async with self._session.get(url, params=given, headers={"Accept": accept}, read_bufsize=1 << 20) as response:
            assert response.status == 200, await response.read()
            yield Events(response)


class Events:
    """The lines of a watch."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def lines(self, count: int) -> list[bytes]:
        async with asyncio.timeout(20):
            return [await self._response.content.readline() for _ in range(count)]

    async def take(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        return [(event["type"], event["object"]) for event in map(json.loads, await self.lines(count))]

    async def rest(self) -> list[tuple[str, dict[str, Any]]]:
        """Everything until the server ends the watch."""
        async with asyncio.timeout(20):
            body = await self._response.read()
        return [(event["type"], event["object"]) for event in map(json.loads, body.splitlines())]


def _url(server: TraceServer, path: str) -> Any:
    return aiohttp.client.URL(server.url + path, encoded=True)


@asynccontextmanager
async def served(trace: Path, **options: Any) -> AsyncIterator[Api]:
    async with serve_trace(trace, **options) as server, aiohttp.ClientSession() as session:
        yield Api(server, session)


def rows(trace: Path, stream: str | None = None) -> list[dict[str, Any]]:
    """The observations, read without the code under test."""
    columns = ("seq", "observed_at", "stream", "type", "namespace", "name", "resource_version", "revision", "object")
    found = [row for batch in open_trace(trace).batches("objects", columns) for row in batch.to_pylist()]
    return [row for row in found if stream is None or row["stream"] == stream]
