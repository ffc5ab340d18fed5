"""Two hundred times kill -9, at any instant, in the middle of streams: no version lost, none doubled."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from aiohttp import web
from fake_api import CLAIMS, NODES, PODS, VOLUMES, FakeApi
from recording_run import notes, observations, recording

from tracer.trace import open_trace

PATHS = (CLAIMS, VOLUMES, PODS, NODES)
KILLS = 200
TRACES = 4
LONGEST_LIFE_S = 0.6
PROCESSES = multiprocessing.get_context("forkserver")  # each a process of its own, without the half second of imports
PROCESSES.set_forkserver_preload(["volreel", "typer", "tracer.cli", "tracer.recording", "analysis.cli", "tui.cli"])


def volreel(arguments: list[str], said: str) -> None:
    """What the command line does, in a process that exists already."""
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    sys.argv = ["volreel", *arguments]
    import volreel as front_door

    front_door.main()


async def test_two_hundred_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # shown when it fails
    dice = random.Random(seed)
    async with Api() as api:
        for number in range(40):
            change(api, dice.choice(PATHS), number)
        traces = [tmp_path / f"{number}.trace" for number in range(TRACES)]
        async with weather(api, dice):
            killing = [kill_again_and_again(api, trace, KILLS // TRACES, dice) for trace in traces]
            await asyncio.gather(*killing)
        for trace in traces:
            async with recording(api, trace, resume=True) as run:
                for path in PATHS:
                    await run.certain(path, api.collections[path].history[-1].revision)
            for path in PATHS:
                assert_whole(api, trace, path)
            assert len(open_trace(trace).manifest.sessions) > KILLS / TRACES / 2  # most got that far
            resumed = [len(notes(trace, path, "resumed")) for path in PATHS]
            print(f"{len(open_trace(trace).manifest.sessions)} sessions, {resumed} watches resumed")
        print(f"{api.revision} changes")


async def kill_again_and_again(api: Api, trace: Path, kills: int, dice: random.Random) -> None:
    folder = trace.with_suffix("")
    folder.mkdir()
    said = folder / "stderr"
    for number in range(kills):
        token = f"{trace.stem}-{number}"
        kubeconfig = api.kubeconfig(folder, user={"token": token})
        command = ["record", "--kubeconfig", kubeconfig, "--out", str(trace), "--resume"]
        process: ForkServerProcess = PROCESSES.Process(target=volreel, args=(command, str(said)))
        process.start()
        if dice.random() < 0.8:  # else it may be killed before its first request
            await api.first_watch(token)
        await asyncio.sleep(dice.uniform(0.0, LONGEST_LIFE_S))  # not to wait for anything: any instant will do
        assert process.is_alive(), said.read_text()
        process.kill()
        await asyncio.to_thread(process.join)
        process.close()


class Api(FakeApi):
    """Tells the recorders apart by their tokens."""

    def __init__(self) -> None:
        super().__init__(*PATHS)
        self._first: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.answer(self._note)

    def _note(self, request: web.Request) -> None:
        if request.query.get("watch"):
            self._first[request.headers.get("Authorization", "").removeprefix("Bearer ")].set()

    async def first_watch(self, token: str) -> None:
        async with asyncio.timeout(30):
            await self._first[token].wait()


@asynccontextmanager
async def weather(api: FakeApi, dice: random.Random) -> AsyncIterator[None]:
    """Some hundred changes a second, over all kinds, until the block ends."""

    async def blow() -> None:
        while True:
            for _ in range(dice.randrange(1, 8)):
                change(api, dice.choice(PATHS), dice.randrange(60))
            if dice.random() < 0.02:
                api.bookmark(dice.choice(PATHS))
            await asyncio.sleep(0.01)

    blowing = asyncio.create_task(blow())
    try:
        yield
    finally:
        blowing.cancel()
        await asyncio.gather(blowing, return_exceptions=True)


def change(api: FakeApi, path: str, number: int) -> None:
    """Make, change or delete one object."""
    namespace = f"ns-{number % 3}" if path in (CLAIMS, PODS) else None
    name = f"o{number}"
    if (namespace, name) in api.collections[path].objects and api.revision % 5 == 0:
        api.delete(path, name, namespace)
        return
    body = {"status": {"phase": f"phase-{api.revision}"}}
    if path == PODS:
        body["spec"] = {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]}
    api.put(path, name, namespace, **body)


def assert_whole(api: FakeApi, trace: Path, path: str) -> None:
    """From the first whole list on, the trace has the server's history, in its order."""
    assert notes(trace, path, "gap", "relisted", "rewound", "forbidden", "failed") == []
    [(_, _, synced)] = notes(trace, path, "synced")
    assert synced is not None
    rows = [row for row in observations(trace, path, "object") if row[0] != "LISTED"]
    sent = [each for each in api.collections[path].history if each.revision > synced]
    assert [(kind, revision) for kind, _, revision, _ in rows] == [(each.type, each.revision) for each in sent]
    for (_, _, _, text), each in zip(rows, sent, strict=True):
        assert json.loads(text) == json.loads(each.text)
