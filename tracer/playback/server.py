"""The API server of a served trace: read-only, on loopback, one world."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from tracer.errors import VolreelError
from tracer.playback import discovery
from tracer.playback.accept import JSON, aggregated_form, table_form
from tracer.playback.instants import instant_us, speed_factor
from tracer.playback.kubeconfig import write_kubeconfig
from tracer.playback.kubelets import KubeletLogs
from tracer.playback.listing import Lists, get_object, list_objects
from tracer.playback.loglines import log_streams
from tracer.playback.logs import Logs
from tracer.playback.player import Player, play_until
from tracer.playback.readers import Readers
from tracer.playback.resource import Resource
from tracer.playback.routes import Target, segments, target
from tracer.playback.status import Refusal, internal_error, no_such_path, not_found, read_only
from tracer.playback.tables import Printer
from tracer.playback.watching import Watcher, error_event
from tracer.playback.world import World
from tracer.trace import open_trace

HOST = "127.0.0.1"
_ALIVE = {("healthz",), ("readyz",), ("livez",)}
_SHUTDOWN_S = 1.0
_log = logging.getLogger(__name__)
"""Takes what aiohttp says about requests that are no HTTP; nobody needs to read it."""
_log.addHandler(logging.NullHandler())
_log.propagate = False


class TraceServer:
    """A served trace."""

    def __init__(self, world: World, readers: Readers, player: Player | None, name: str) -> None:
        self.world = world
        self.player = player
        """None where the world stands still."""
        self.name = name
        self.url = ""
        self.kubeconfig = Path()
        """A kubeconfig for it; it goes when the server does."""
        self.playing: asyncio.Task[None] | None = None
        """Ends when everything was played; fails with a TraceError when the trace cannot be read on."""
        self._lists = Lists()
        self._logs = Logs(world, readers)
        self._kubelets = KubeletLogs(world, readers)

    def write_kubeconfig(self, path: Path) -> None:
        """Write a kubeconfig (mode 0600) that stays. Raises OSError."""
        write_kubeconfig(path, self.url, self.name)

    # -- requests ---------------------------------------------------------------------------------------------------

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer any request. Raises Refusal."""
        if request.url.host not in (HOST, "localhost", "::1"):
            raise Refusal(403, "Forbidden", f"a served trace answers under {self.url} only", {})
        if request.method != "GET":
            raise read_only()
        parts = segments(request.rel_url.raw_path)
        if (found := target(parts)) is not None:
            return await self._answer_resource(request, found)
        if parts in _ALIVE:
            return web.Response(text="ok")
        return self._answer_discovery(request, parts)

    def _answer_discovery(self, request: web.Request, parts: tuple[str, ...]) -> web.Response:
        served = [*self.world.resources.values(), self.world.namespaces]
        form = aggregated_form(request.headers.get("Accept", ""))
        body: bytes | None = None
        match parts:
            case ("version",):
                body = discovery.version(self.world.trace.manifest.cluster.version)
            case ("api" | "apis" as root,) if form:
                kind = f"{JSON};g=apidiscovery.k8s.io;v={form};as=APIGroupDiscoveryList"
                return _response(discovery.aggregated(served, form, core=root == "api"), kind)
            case ("api",):
                body = discovery.api_versions()
            case ("apis",):
                body = discovery.group_list(served)
            case ("api", version):
                body = discovery.resource_list(served, "", version)
            case ("apis", group):
                body = discovery.group(served, group)
            case ("apis", group, version):
                body = discovery.resource_list(served, group, version)
        if body is None:
            raise no_such_path()
        return _response(body)

    async def _answer_resource(self, request: web.Request, found: Target) -> web.StreamResponse:
        resource = self.world.resource(found.resource)
        if resource is None or (found.namespace is not None and not resource.kind.namespaced):
            raise no_such_path()
        if found.rest == ("log",) and found.resource == "v1/pods" and found.namespace and found.name:
            return await self._logs.serve(request, found.namespace, found.name)
        if found.rest == ("proxy", "logs") and found.resource == "v1/nodes" and found.name:
            return await self._kubelets.serve(request, found.name)
        if found.rest:
            raise no_such_path()
        printer = _printer(request, resource)
        query = dict(request.query)
        is_watch = query.get("watch", "").lower() in ("1", "true", "t")
        if found.name is not None:
            if not is_watch:
                key = (found.namespace or "", found.name)
                if resource.kind.namespaced and not found.namespace:
                    raise not_found(resource.kind.plural, resource.kind.group, found.name)
                return _response(get_object(self.world, resource, key, printer))
            query["fieldSelector"] = f"metadata.name={_escaped(found.name)}"
        if is_watch:
            return await self._watch(request, Watcher(self.world, resource, found.namespace, query, printer))
        return _response(list_objects(self.world, resource, found.namespace, query, printer, self._lists))

    async def _watch(self, request: web.Request, watcher: Watcher) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": JSON})
        response.enable_chunked_encoding()
        await response.prepare(request)
        try:
            await watcher.serve(response)
            await response.write_eof()
        except ConnectionError:  # the client has left
            pass
        except Exception as error:  # too late for another answer than this
            await response.write(error_event(internal_error(error)))
        return response


def _response(body: bytes, kind: str = JSON) -> web.Response:
    return web.Response(body=body, headers={"Content-Type": kind})


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")


def _printer(request: web.Request, resource: Resource) -> Printer | None:
    form = table_form(request.headers.get("Accept", ""))
    return Printer(resource.kind.kind, request.query.get("includeObject"), form) if form else None


@web.middleware
async def _refusals(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refusal as found:
        refusal = found
    except Exception as error:
        refusal = internal_error(error)
    return web.Response(status=refusal.code, body=refusal.body, headers={"Content-Type": JSON})


@asynccontextmanager
async def serve_trace(
    path: str | Path, at: str | None = None, speed: str | float | None = None, loop: bool = False, port: int = 0
) -> AsyncIterator[TraceServer]:
    """Serve a trace on loopback until the block is left.

    `at`: an instant at which the world stands (see `instant_us`); `speed`: a factor or `max`, then the history happens
    again once somebody watches. With neither it stands at the end. `port` 0 takes a free one.
    Raises NotATrace, TraceTooNew, TraceError, VolreelError for options that do not fit.
    """
    server = _prepared(Path(path), at, speed, loop)
    app = web.Application(middlewares=[_refusals])
    app.router.add_route("*", "/{path:.*}", server.answer)
    # Cancelled handlers: a watch whose client has left must not hold the world up.
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_S, access_log=None, logger=_log)
    await runner.setup()
    folder = Path(tempfile.mkdtemp(prefix="volreel-"))
    try:
        site = web.TCPSite(runner, HOST, port)
        await _start(site, port)
        server.url = f"http://{HOST}:{runner.addresses[0][1]}"
        server.kubeconfig = folder / f"{server.name}.trace.kubeconfig"
        server.write_kubeconfig(server.kubeconfig)
        if server.player is not None:
            server.playing = asyncio.create_task(server.player.run())
        yield server
    finally:
        if server.playing is not None:
            server.playing.cancel()
            await asyncio.gather(server.playing, return_exceptions=True)
        server.world.close()
        await runner.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _prepared(path: Path, at: str | None, speed: str | float | None, loop: bool) -> TraceServer:
    if at is not None and speed is not None:
        raise VolreelError("--at and --speed exclude each other: a world stands still, or it moves. Give one of them.")
    if loop and speed is None:
        raise VolreelError("--loop needs --speed: without it the world stands still. Add --speed 10, or --speed max.")
    factor = None if speed is None else speed_factor(speed)
    world = World(open_trace(path))
    if factor is None:
        overview = world.overview
        until = overview.end_us if at is None else instant_us(at, overview.start_us, overview.end_us)
        play_until(world, until if at is not None else max(until, world.now_us))
    readers = Readers(world, log_streams(world.trace))
    player = None if factor is None else Player(world, readers, factor, loop=loop)
    name = path.resolve().name.removesuffix(".trace") or "trace"
    return TraceServer(world, readers, player, name)


async def _start(site: web.TCPSite, port: int) -> None:
    try:
        await site.start()
    except OSError as error:
        raise VolreelError(
            f"Port {port} on {HOST} cannot be taken ({error.strerror}). Choose another --port, or none for a free one."
        ) from error
