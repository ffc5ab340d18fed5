"""A scripted API server: real HTTP on loopback, a history with revisions and compaction, and every fault on demand."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from aiohttp import web
from fake_logs import FakeLog, serve_log

CLAIMS = "/api/v1/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"
PODS = "/api/v1/pods"
NODES = "/api/v1/nodes"
EVENTS = "/api/v1/events"
LEASES = "/apis/coordination.k8s.io/v1/leases"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SNAPSHOTS = "/apis/snapshot.storage.k8s.io/v1/volumesnapshots"
DRIVERS = "/apis/storage.k8s.io/v1/csidrivers"
CSINODES = "/apis/storage.k8s.io/v1/csinodes"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"

KIND_OF = {
    "persistentvolumeclaims": "PersistentVolumeClaim",
    "persistentvolumes": "PersistentVolume",
    "pods": "Pod",
    "nodes": "Node",
    "events": "Event",
    "leases": "Lease",
    "customresourcedefinitions": "CustomResourceDefinition",
    "volumesnapshots": "VolumeSnapshot",
    "storageclasses": "StorageClass",
    "statefulsets": "StatefulSet",
    "volumeattachments": "VolumeAttachment",
    "csinodes": "CSINode",
    "csidrivers": "CSIDriver",
}

Rule = Callable[[web.Request], "Awaitable[web.StreamResponse | None] | web.StreamResponse | None"]


@dataclass(frozen=True)
class Seen:
    """A request that arrived."""

    path: str
    query: dict[str, str]
    token: str
    at: float

    @property
    def is_watch(self) -> bool:
        return self.query.get("watch") == "true"


@dataclass(frozen=True)
class Change:
    """One entry of a collection's history."""

    revision: int
    type: str
    text: bytes
    namespace: str | None


@dataclass
class Collection:
    """One resource type: what is there, and what happened."""

    path: str
    objects: dict[tuple[str | None, str], dict[str, Any]] = field(default_factory=dict)
    history: list[Change] = field(default_factory=list)


END, RESET = object(), object()


class OpenWatch:
    """A watch that a client holds: what it is to be sent comes through a queue."""

    def __init__(self, path: str, namespace: str | None) -> None:
        self.path = path
        self.namespace = namespace
        self.commands: asyncio.Queue[Any] = asyncio.Queue()

    def end(self) -> None:
        """End the answer well, as at a server's timeout."""
        self.commands.put_nowait(END)

    def reset(self) -> None:
        """Break the connection with RST."""
        self.commands.put_nowait(RESET)

    def send(self, raw: bytes) -> None:
        """Send these bytes as they are."""
        self.commands.put_nowait(raw)


class FakeApi:
    """The server. `async with FakeApi() as api`; then change objects, and script its faults."""

    def __init__(self, *paths: str, version: str = "v1.36.0", ssl_context: ssl.SSLContext | None = None) -> None:
        self.collections = {path: Collection(path) for path in paths or (CLAIMS,)}
        self.version = version
        self.revision = 100
        self.compacted = 0
        """The history up to this revision is gone."""
        self.uid = "uid-of-kube-system"
        self.token: str | None = None
        """The bearer token that is accepted; None accepts all."""
        self.streams_lists = True
        self.gone_as_status = False
        self.ends_lists = True
        """Whether a streaming list gets its end at once; else the test sends it."""
        self.cut = 0
        """Send watch lines in pieces of this many bytes; 0 sends them whole."""
        self.rules: list[Rule] = []
        self.requests: list[Seen] = []
        self.watches: list[OpenWatch] = []
        self.logs: dict[tuple[str, str], FakeLog] = {}
        """By pod uid and container."""
        self._lists: dict[str, tuple[int, list[dict[str, Any]]]] = {}
        self._ssl = ssl_context
        self._changed = asyncio.Condition()
        self._uids = 0

    # -- running ------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.01, handler_cancellation=True)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._ssl)
        await self._site.start()
        server: Any = self._site._server
        self.port = server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for watch in self.watches:
            watch.end()
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"{'https' if self._ssl else 'http'}://127.0.0.1:{self.port}"

    def kubeconfig(
        self, folder: Path, user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None
    ) -> str:
        """Write a kubeconfig for this server; JSON is YAML."""
        return write_kubeconfig(folder / "kubeconfig", self.url, user, cluster)

    # -- the objects --------------------------------------------------------------------------------------------------

    def put(self, path: str, name: str, namespace: str | None = None, **body: Any) -> int:
        """Make or change an object; its revision."""
        collection = self.collections[path]
        self.revision += 1
        before = collection.objects.get((namespace, name))
        if before is None:
            self._uids += 1
            metadata = {"name": name, "uid": f"uid-{self._uids}", "creationTimestamp": "2026-11-20T10:00:00Z"}
            if namespace:
                metadata["namespace"] = namespace
        else:
            metadata = dict(before["metadata"])
        metadata |= body.pop("metadata", {})
        metadata["resourceVersion"] = str(self.revision)
        found = {**kind_and_version(path), **(before or {}), "metadata": metadata, **body}
        collection.objects[(namespace, name)] = found
        self._happened(collection, "MODIFIED" if before else "ADDED", found, namespace)
        return self.revision

    def delete(self, path: str, name: str, namespace: str | None = None) -> int:
        """Delete an object; the revision of its deletion."""
        collection = self.collections[path]
        self.revision += 1
        gone = collection.objects.pop((namespace, name))
        gone = {**gone, "metadata": {**gone["metadata"], "resourceVersion": str(self.revision)}}
        self._happened(collection, "DELETED", gone, namespace)
        return self.revision

    def _happened(self, collection: Collection, kind: str, found: dict[str, Any], namespace: str | None) -> None:
        change = Change(self.revision, kind, encode(found), namespace)
        collection.history.append(change)
        for watch in self.watches_of(collection.path):
            if watch.namespace in (None, namespace):
                watch.send(line(change))

    def serve(self, path: str) -> None:
        """Begin to serve a resource type."""
        self.collections[path] = Collection(path)

    def compact(self) -> None:
        """Forget the whole history up to now."""
        self.compacted = self.revision

    def rewind(self, revision: int) -> None:
        """Restore a backup: the world is as it was at this revision, and goes on from there."""
        for collection in self.collections.values():
            collection.history = [each for each in collection.history if each.revision <= revision]
            collection.objects = {}
            for each in collection.history:
                found = json.loads(each.text)
                key = (each.namespace, found["metadata"]["name"])
                if each.type == "DELETED":
                    del collection.objects[key]
                else:
                    collection.objects[key] = found
        self.revision = revision

    def bookmark(self, path: str) -> int:
        """Send a bookmark to every watch of a collection; its revision."""
        for watch in self.watches_of(path):
            watch.send(bookmark(path, self.revision))
        return self.revision

    def watches_of(self, path: str) -> list[OpenWatch]:
        return [watch for watch in self.watches if watch.path == path]

    # -- faults -------------------------------------------------------------------------------------------------------

    def answer(self, rule: Rule) -> None:
        """Let `rule` answer requests: what it returns is sent; None leaves the request to the next rule."""
        self.rules.append(rule)

    def refuse(
        self,
        status: int,
        path: str = "/",
        *,
        times: int = 1,
        watch: bool | None = None,
        headers: dict[str, str] | None = None,
        when: Callable[[web.Request], bool] = lambda _: True,
    ) -> None:
        """Answer the next so many requests below a path with an error; `watch` picks watches, or all but watches."""
        left = [times]

        def rule(request: web.Request) -> web.StreamResponse | None:
            is_watch = request.query.get("watch") == "true"
            if not left[0] or not request.path.startswith(path) or watch not in (None, is_watch) or not when(request):
                return None
            left[0] -= 1
            return status_answer(status, f"scripted {status}", headers)

        self.rules.append(rule)

    async def seen(self, wanted: Callable[[Seen], bool], count: int = 1, within_s: float = 10.0) -> list[Seen]:
        """Return when so many such requests have arrived."""
        found: list[Seen] = []

        def enough() -> bool:
            found[:] = [each for each in self.requests if wanted(each)]
            return len(found) >= count

        async with asyncio.timeout(within_s), self._changed:
            await self._changed.wait_for(enough)
        return found

    async def watched(self, path: str, within_s: float = 10.0) -> OpenWatch:
        """The newest open watch of a collection; waits until there is one."""
        async with asyncio.timeout(within_s), self._changed:
            await self._changed.wait_for(lambda: bool(self.watches_of(path)))
        return self.watches_of(path)[-1]

    # -- answering ----------------------------------------------------------------------------------------------------

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").split(" ")[-1]
        self.requests.append(Seen(request.path, dict(request.query), token, time.monotonic()))
        await self._tell()
        if self.token is not None and token != self.token:
            return status_answer(401, "Unauthorized")
        for rule in self.rules:
            answer = rule(request)
            if isinstance(answer, Awaitable):
                answer = await answer
            if answer is not None:
                return answer
        if request.path == "/version":
            return web.json_response({"gitVersion": self.version})
        if request.path == "/api/v1/namespaces/kube-system":
            return web.json_response({"kind": "Namespace", "metadata": {"name": "kube-system", "uid": self.uid}})
        parts = request.path.split("/")[1:]
        if parts[:3] == ["api", "v1", "namespaces"] and len(parts) in (6, 7) and parts[4] == "pods":
            return await self._pod(request, *parts[3:6:2], is_log=parts[6:] == ["log"])
        return await self._resource(request)

    async def _pod(self, request: web.Request, namespace: str, name: str, *, is_log: bool) -> web.StreamResponse:
        found = self.collections[PODS].objects.get((namespace, name))
        if found is None:
            return status_answer(404, f'pods "{name}" not found')
        if not is_log:
            return web.json_response(found)
        log = self.logs.get((found["metadata"]["uid"], request.query.get("container", "")))
        if log is None:
            return status_answer(400, f"container is not valid for pod {name}")
        if request.query.get("previous") == "true" and len(log.runs) < 2:
            return status_answer(400, "previous terminated container not found")
        return await serve_log(request, log, reset)

    async def _resource(self, request: web.Request) -> web.StreamResponse:
        path, namespace = without_namespace(request.path)
        collection = self.collections.get(path)
        if collection is None:
            plurals = [each.rsplit("/", 1)[1] for each in self.collections if each.rsplit("/", 1)[0] == path]
            if plurals:
                return web.json_response({"resources": [{"name": plural} for plural in plurals]})
            return status_answer(404, "the server could not find the requested resource")
        if request.query.get("watch") == "true":
            return await self._watch(request, collection, namespace)
        return self._list(request, collection, namespace)

    def _list(self, request: web.Request, collection: Collection, namespace: str | None) -> web.Response:
        token, limit = request.query.get("continue", ""), int(request.query.get("limit", "0"))
        if token:
            revision, rest = self._lists[token]
            if revision < self.compacted:
                return status_answer(410, "The provided continue parameter is too old")
        else:
            revision = self.revision
            rest = [found for key, found in sorted(collection.objects.items()) if namespace in (None, key[0])]
        page, rest = (rest[:limit], rest[limit:]) if limit else (rest, [])
        metadata = {"resourceVersion": str(revision)}
        if rest:
            metadata["continue"] = f"{revision}-{len(self._lists)}"
            self._lists[metadata["continue"]] = (revision, rest)
        items = [{key: value for key, value in each.items() if key not in ("kind", "apiVersion")} for each in page]
        return web.Response(
            body=encode({"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": items}),
            content_type="application/json",
        )

    async def _watch(self, request: web.Request, collection: Collection, namespace: str | None) -> web.StreamResponse:
        streaming = request.query.get("sendInitialEvents") == "true"
        if streaming and not self.streams_lists:
            return status_answer(422, "sendInitialEvents is forbidden for watch unless the WatchList feature is on")
        start = 0 if streaming else int(request.query.get("resourceVersion", "0"))
        is_gone = not streaming and start < self.compacted
        if is_gone and self.gone_as_status:
            return status_answer(410, f"too old resource version: {start} ({self.compacted})")
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        watch = OpenWatch(collection.path, namespace)
        if is_gone:
            watch.send(error_line(410, f"too old resource version: {start} ({self.compacted})"))
            watch.end()
        elif streaming:
            for key, found in sorted(collection.objects.items()):
                if namespace in (None, key[0]):
                    watch.send(line(Change(0, "ADDED", encode(found), key[0])))
            if self.ends_lists:
                watch.send(bookmark(collection.path, self.revision, ends_list=True))
        else:
            for change in collection.history:
                if change.revision > start and namespace in (None, change.namespace):
                    watch.send(line(change))
        await answer.prepare(request)
        self.watches.append(watch)
        await self._tell()
        try:
            await self._serve(request, answer, watch)
        except ConnectionError:
            pass  # the client is gone
        finally:
            self.watches = [each for each in self.watches if each is not watch]
        return answer

    async def _serve(self, request: web.Request, answer: web.StreamResponse, watch: OpenWatch) -> None:
        deadline = time.monotonic() + float(request.query.get("timeoutSeconds", "3600"))
        while True:
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    commands = [await watch.commands.get()]
            except TimeoutError:
                return
            while not watch.commands.empty():
                commands.append(watch.commands.get_nowait())
            for raw in together(commands):
                if raw is END:
                    return
                if raw is RESET:
                    reset(request)
                    return
                step = self.cut or len(raw)
                for start in range(0, len(raw), step):
                    await answer.write(raw[start : start + step])

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def together(commands: Iterable[Any]) -> list[Any]:
    """Bytes that follow each other as one piece."""
    joined: list[Any] = []
    for each in commands:
        if isinstance(each, bytes) and joined and isinstance(joined[-1], bytearray):
            joined[-1] += each
        else:
            joined.append(bytearray(each) if isinstance(each, bytes) else each)
    return [bytes(each) if isinstance(each, bytearray) else each for each in joined]


def reset(request: web.Request) -> None:
    """Close the connection with RST, in the middle of whatever it was."""
    transport = request.transport
    assert transport is not None
    raw: socket.socket = transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def encode(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def line(change: Change) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (change.type.encode(), change.text)


def error_line(code: int, message: str) -> bytes:
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}
    return encode({"type": "ERROR", "object": status}) + b"\n"


def bookmark(path: str, revision: int, *, ends_list: bool = False) -> bytes:
    metadata: dict[str, Any] = {"resourceVersion": str(revision), "creationTimestamp": None}
    if ends_list:
        metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
    return encode({"type": "BOOKMARK", "object": {**kind_and_version(path), "metadata": metadata}}) + b"\n"


def status_answer(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": status}
    return web.json_response(body, status=status, headers=headers)


def kind_and_version(path: str) -> dict[str, str]:
    _, _, *group, plural = path.split("/")
    return {"kind": KIND_OF[plural], "apiVersion": "/".join(group)}


def without_namespace(path: str) -> tuple[str, str | None]:
    """`/api/v1/namespaces/N/pods` -> (`/api/v1/pods`, `N`)."""
    before, found, after = path.partition("/namespaces/")
    if not found or "/" not in after:
        return path, None
    namespace, plural = after.split("/", 1)
    return f"{before}/{plural}", namespace


def write_kubeconfig(
    path: Path, server: str, user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None
) -> str:
    """A kubeconfig with one context, `fake`."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "fake",
        "clusters": [{"name": "fake", "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": "fake", "user": user or {}}],
        "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake"}}],
    }
    path.write_text(json.dumps(content))
    return str(path)


def names(changes: Sequence[Change]) -> list[str]:
    return [json.loads(each.text)["metadata"]["name"] for each in changes]
