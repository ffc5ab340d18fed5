"""The memory of a recorder that follows hundreds of logs: `python -m benchmarks.log_streams [STREAMS] [LINES_PER_S]`.

A server in a process of its own has so many pods with one sidecar each, and writes into every log. Before that each
log has 2,000 lines, which are read at the start. The recorder is a process of its own too, as on the command line.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from tracer.trace import open_trace

STREAMS, RATE, BEFORE, SECONDS = 500, 2_000, 2_000, 30
_TEXT = '       1 connection.go:264] "GRPC response" response="{\\"volume\\":{\\"volume_id\\":\\"vol-%d\\"}}" err=null'


def _pod(number: int) -> dict[str, Any]:
    name = f"csi-node-{number}"
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "kube-system", "uid": f"uid-{number}", "resourceVersion": "100"},
        "spec": {"nodeName": f"n{number}", "containers": [{"name": "csi-attacher", "image": "x/csi-attacher:v4"}]},
        "status": {
            "containerStatuses": [
                {"name": "csi-attacher", "restartCount": 0, "state": {"running": {"startedAt": "2026-11-20T10:00:00Z"}}}
            ]
        },
    }


def _line(number: int) -> bytes:
    now = time.time_ns()
    when = datetime.fromtimestamp(now // 10**9, UTC)
    fraction = f"{now % 10**9:09d}"
    return f"{when:%Y-%m-%dT%H:%M:%S}.{fraction}Z I{when:%m%d %H:%M:%S}.{fraction[:6]}{_TEXT % number}\n".encode()


async def _serve(port: Any, streams: int, rate: float, said: Any) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/version":
            return web.json_response({"gitVersion": "v1.30.0"})
        if request.path == "/api/v1":
            return web.json_response({"resources": [{"name": "pods"}]})
        if request.path == "/api/v1/pods" and not request.query.get("watch"):
            items = [_pod(number) for number in range(streams)]
            return web.json_response({"kind": "List", "metadata": {"resourceVersion": "1000"}, "items": items})
        if "/pods/csi-node-" in request.path and not request.path.endswith("/log"):
            return web.json_response(_pod(int(request.path.rpartition("-")[2])))
        if not request.path.endswith(("/pods", "/log")):
            return web.json_response({"code": 404, "message": "not here"}, status=404)
        response = web.StreamResponse()
        with contextlib.suppress(ConnectionError):  # the recorder has stopped
            await response.prepare(request)
            if not request.path.endswith("/log"):
                await asyncio.sleep(3600)
            await response.write(b"".join(_line(number) for number in range(BEFORE)))
            said.value += BEFORE
            while True:
                await asyncio.sleep(streams / rate)
                await response.write(_line(1))
                said.value += 1
        return response

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port.put(runner.addresses[0][1])
    await asyncio.sleep(3600)


def _run(port: Any, streams: int, rate: float, said: Any) -> None:
    asyncio.run(_serve(port, streams, rate, said))


def measure(streams: int = STREAMS, rate: float = RATE, seconds: float = SECONDS) -> dict[str, float]:
    """Peak RSS in MB, CPU seconds, lines recorded and lines said, of one recording of so many seconds."""
    context = multiprocessing.get_context("fork")
    port, said = context.Queue(), context.Value("q", 0)
    server = context.Process(target=_run, args=(port, streams, rate, said), daemon=True)
    server.start()
    try:
        with tempfile.TemporaryDirectory() as name:
            return _record(Path(name), f"http://127.0.0.1:{port.get(timeout=60)}", seconds, said)
    finally:
        server.kill()
        server.join()


def _record(folder: Path, url: str, seconds: float, said: Any) -> dict[str, float]:
    kubeconfig = folder / "kubeconfig"
    about = {"name": "b", "cluster": {"server": url}}
    context = {"name": "b", "context": {"cluster": "b", "user": "b"}}
    users = [{"name": "b", "user": {}}]
    content = {"current-context": "b", "clusters": [about], "contexts": [context], "users": users}
    kubeconfig.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **content}))
    command = [sys.executable, "-m", "volreel", "record", "--kubeconfig", str(kubeconfig), "-o", f"{folder}/t.trace"]
    process = subprocess.Popen([*command, "--duration", f"{seconds}s"], stderr=subprocess.DEVNULL)
    peak = first = 0.0
    cpu: list[str] = []
    began = time.monotonic()
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
            cpu = Path(f"/proc/{process.pid}/stat").read_text().split()[13:15]
            peak = max([peak, *(int(row.split()[1]) / 1000 for row in status.splitlines() if row.startswith("VmHWM"))])
        except OSError:
            break
        if time.monotonic() - began < seconds / 2:
            first = peak
        time.sleep(0.2)
    process.wait()
    trace = open_trace(folder / "t.trace")
    size = sum(each.files["logs"].bytes for each in trace.segments if "logs" in each.files)
    rows = trace.rows("logs")
    return {
        "peak MB": peak,
        "peak MB of the first half": first,
        "CPU s": sum(map(int, cpu)) / 100,
        "lines recorded": rows,
        "lines said": said.value,
        "bytes per line": size / max(rows, 1),
    }


def report(streams: int = STREAMS, rate: float = RATE) -> str:
    """The figures as a table."""
    found = measure(streams, rate)
    rows = "\n".join(f"| {what} | {value:,.1f} |" for what, value in found.items())
    return f"| {streams} logs, {rate:,.0f} lines/s in all, {SECONDS} s | |\n| --- | ---: |\n{rows}"


if __name__ == "__main__":
    print(report(*map(int, sys.argv[1:])))
