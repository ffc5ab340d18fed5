"""`volreel serve`: a server in the foreground, until it is stopped."""

from __future__ import annotations

import asyncio
import shlex
import signal
import sys
from pathlib import Path

from tracer.clock import rfc3339_us
from tracer.playback.server import TraceServer, serve_trace

_TRY = (
    "kubectl get pvc,pv,volumeattachments -A -o wide",
    "kubectl get events -A",
    "kubectl get pods -A --watch",
)


def run_server(
    trace: Path, *, at: str | None, speed: str | None, loop: bool, port: int, kubeconfig_out: Path | None
) -> None:
    """Serve a trace until Ctrl-C or SIGTERM. Raises VolreelError."""
    asyncio.run(_run(trace, at, speed, loop, port, kubeconfig_out))


async def _run(
    trace: Path, at: str | None, speed: str | None, loop: bool, port: int, kubeconfig_out: Path | None
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve_trace(trace, at, speed, loop, port) as server:
        if kubeconfig_out is not None:
            server.write_kubeconfig(kubeconfig_out)
        _greet(trace, server, kubeconfig_out or server.kubeconfig)
        await _until(stop, server)


def _greet(trace: Path, server: TraceServer, kubeconfig: Path) -> None:
    print(f"export KUBECONFIG={shlex.quote(str(kubeconfig.absolute()))}", flush=True)
    start, end = (rfc3339_us(at) for at in (server.world.overview.start_us, server.world.overview.end_us))
    if server.player is None:
        state = f"stands still at {rfc3339_us(server.world.now_us)}"
    else:
        state = "begins to move once somebody watches"
    words = (
        f"{str(trace)!r} is served at {server.url}, read-only; it spans {start} to {end} and {state}.",
        "In another terminal set KUBECONFIG as above, then try:",
        *(f"  {command}" for command in _TRY),
        "Ctrl-C ends it.",
    )
    print("\n".join(words), file=sys.stderr, flush=True)


async def _until(stop: asyncio.Event, server: TraceServer) -> None:
    """Return when it is to stop. Raises TraceError when the trace cannot be played on."""
    stopping = asyncio.create_task(stop.wait())
    try:
        if server.playing is not None:
            await asyncio.wait({stopping, server.playing}, return_when=asyncio.FIRST_COMPLETED)
            if server.playing.done():
                server.playing.result()
                print("Everything was played; the world stands at its end.", file=sys.stderr, flush=True)
        await stopping
    finally:
        stopping.cancel()
