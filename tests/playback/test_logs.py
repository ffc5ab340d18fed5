"""A served trace's logs: what a kubelet would answer, byte for byte, at any instant and while the world moves."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from served import Api, served
from small_trace import SmallTrace, instant

from tracer.logs.lifting import LogLifter
from tracer.playback import serve_trace

PODS = "v1/pods"
LOG = "/api/v1/namespaces/shop/pods/csi-0/log"


def pod(
    version: int, restart: int = 0, state: str = "running", containers: tuple[str, ...] = ("driver",)
) -> dict[str, Any]:
    last = {"terminated": {"startedAt": "2026-11-23T07:00:00Z"}} if restart else {}
    statuses = [
        {
            "name": name,
            "restartCount": restart,
            "state": {state: {"startedAt": "2026-11-23T07:00:00Z"}},
            "lastState": last,
        }
        for name in containers
    ]
    specs = [{"name": name, "image": "x/csi-attacher:v4"} for name in containers]
    metadata = {"name": "csi-0", "namespace": "shop", "uid": "uid-csi", "resourceVersion": str(version)}
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": metadata,
        "spec": {"containers": specs},
        "status": {"containerStatuses": statuses},
    }


class LogTrace(SmallTrace):
    """A small trace with raw lines."""

    def line(self, at: float, text: str, container: str = "driver", restart: int = 0) -> LogTrace:
        stream = f"log/shop/csi-0/uid-csi/{container}/{restart}"
        raw = f"{instant(at):%Y-%m-%dT%H:%M:%S.%f}000Z {text}"
        lifter = LogLifter()
        row = {**lifter.lift([stream], [raw]), "stream": [stream], "container": [container], "restart": [restart]}
        self.writer.log(1, len(raw), row, self._us(at))
        return self


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Five lines of a run, two of the next, one after the last object."""
    small = LogTrace(tmp_path / "t.trace")
    small.observe(0, "LISTED", pod(1), PODS)
    for second in range(1, 6):
        small.line(second, f'I1123 07:00:0{second}.000000       1 main.go:7] "Line" number={second}')
    small.observe(6, "MODIFIED", pod(2, restart=1), PODS)
    small.line(7, "second run", restart=1).line(8, "  odd \x1b[31m line  ", restart=1)
    return small.ended()


def texts(body: bytes) -> list[str]:
    return [each.rsplit(b" ", 1)[-1].decode() for each in body.splitlines()]


async def ask(api: Api, **query: Any) -> bytes:
    options = "&".join(f"{key}={value}" for key, value in query.items())
    code, body = await api.raw(f"{LOG}?{options}")
    assert code == 200, body
    return body


async def test_a_log_is_served_byte_for_byte(trace: Path) -> None:
    async with served(trace) as api:
        assert await ask(api) == b"second run\n  odd \x1b[31m line  \n"
        assert await ask(api, timestamps="true", tailLines=1) == (
            b"2026-11-23T07:00:08.000000000Z   odd \x1b[31m line  \n"
        )


async def test_the_previous_run_is_served_whole(trace: Path) -> None:
    async with served(trace) as api:
        body = await ask(api, previous="true")
    assert texts(body) == [f"number={number}" for number in range(1, 6)]


async def test_one_who_means_an_earlier_pod_or_run_gets_no_other(trace: Path) -> None:
    async with served(trace) as api:
        for meant, code in (("uid-csi/driver/1", 200), ("uid-csi/driver/0", 404), ("uid-before/driver/1", 404)):
            assert (await api.raw(LOG, **{"Volreel-Log": f"log/shop/csi-0/{meant}"}))[0] == code


async def test_at_an_instant_a_log_ends_there(trace: Path) -> None:
    async with served(trace, at="+3s") as api:
        assert texts(await ask(api)) == ["number=1", "number=2", "number=3"]
        assert (await api.refused(f"{LOG}?previous=true"))[0] == 400


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"tailLines": 2}, [4, 5]),
        ({"tailLines": 0}, []),
        ({"sinceTime": "2026-11-23T07:00:04Z"}, [4, 5]),
        ({"sinceTime": "2026-11-23T07:00:04.9Z"}, [4, 5]),
        ({"sinceSeconds": 1}, [5]),
    ],
)
async def test_part_of_a_log_can_be_asked_for(trace: Path, query: dict[str, Any], numbers: list[int]) -> None:
    async with served(trace, at="+5900ms") as api:
        assert texts(await ask(api, **query)) == [f"number={number}" for number in numbers]


async def test_a_log_is_cut_at_the_bytes_asked_for(trace: Path) -> None:
    async with served(trace) as api:
        assert await ask(api, limitBytes=9) == b"second ru"


async def test_what_cannot_be_served_is_refused_as_a_server_would(tmp_path: Path) -> None:
    small = LogTrace(tmp_path / "t.trace").observe(0, "LISTED", pod(1, containers=("driver", "registrar")), PODS)
    LogTrace.line(small, 1, "a line")  # type: ignore[arg-type]
    async with served(small.ended()) as api:
        assert await api.refused(LOG) == (
            400,
            "BadRequest",
            "a container name must be specified for pod csi-0, choose one of: [driver registrar]",
        )
        assert (await api.refused(f"{LOG}?container=x"))[2] == "container x is not valid for pod csi-0"
        assert (await api.refused(f"{LOG}?container=registrar"))[2] == (
            'the trace holds no log of container "registrar" in pod "csi-0"'
        )
        assert (await api.refused(LOG.replace("csi-0", "csi-1")))[0] == 404
        assert (await api.refused(f"{LOG}?container=driver&tailLines=-1"))[0] == 400
        assert (await api.refused(f"{LOG}?container=driver&sinceTime=never"))[0] == 400


async def test_a_followed_log_goes_on_as_it_was_recorded_and_ends_with_its_run(trace: Path) -> None:
    async with (
        serve_trace(trace, speed=20) as server,
        aiohttp.ClientSession() as session,
        session.get(f"{server.url}{LOG}?follow=true") as answer,
    ):
        watching = asyncio.create_task(watch(session, server.url))
        async with asyncio.timeout(20):
            body = await answer.read()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert texts(body) == [f"number={number}" for number in range(1, 6)]


async def watch(session: aiohttp.ClientSession, url: str) -> None:
    async with session.get(f"{url}/api/v1/pods?watch=true") as answer:
        await answer.read()


async def test_the_log_of_a_run_that_goes_on_is_followed_to_the_traces_end(trace: Path) -> None:
    async with serve_trace(trace, speed="max") as server, aiohttp.ClientSession() as session:
        watching = asyncio.create_task(watch(session, server.url))
        assert server.playing is not None
        await asyncio.wait_for(asyncio.shield(server.playing), 20)
        async with session.get(f"{server.url}{LOG}?follow=true&timestamps=true") as answer:
            async with asyncio.timeout(20):
                assert (await answer.content.readline()).endswith(b"second run\n")
                assert b"odd" in await answer.content.readline()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
async def test_kubectl_shows_logs(trace: Path) -> None:
    async with serve_trace(trace, at="+8s") as server:
        assert await kubectl(server.kubeconfig, "logs", "-n", "shop", "csi-0", "--tail=1") == "  odd \x1b[31m line  \n"
        previous = await kubectl(server.kubeconfig, "logs", "-n", "shop", "csi-0", "--previous", "-c", "driver")
        assert texts(previous.encode()) == [f"number={number}" for number in range(1, 6)]
        followed = await kubectl(server.kubeconfig, "logs", "-n", "shop", "csi-0", "-f", "--previous", "--since=1h")
        assert followed == previous


async def kubectl(kubeconfig: Path, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        "kubectl",
        *arguments,
        env={**os.environ, "KUBECONFIG": str(kubeconfig)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()
