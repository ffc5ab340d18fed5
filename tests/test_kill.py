"""Two hundred times kill -9, at any instant, in the middle of streams: no version lost, none doubled."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fake_api import CLAIMS, NODES, PODS, VOLUMES, FakeApi
from killed_recorder import WatchedApi, kill_recorder
from recording_run import notes, observations, recording

from tracer.trace import open_trace

PATHS = (CLAIMS, VOLUMES, PODS, NODES)
KILLS = 200
TRACES = 4
LONGEST_LIFE_S = 0.6


async def test_two_hundred_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # shown when it fails
    dice = random.Random(seed)
    async with WatchedApi(*PATHS) as api:
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


async def kill_again_and_again(api: WatchedApi, trace: Path, kills: int, dice: random.Random) -> None:
    for number in range(kills):
        token = f"{trace.stem}-{number}"
        # Without a wait it may be killed before its first request.
        after = api.first("watch", token) if dice.random() < 0.8 else asyncio.sleep(0)
        await kill_recorder(api, trace, token, after, dice, LONGEST_LIFE_S)


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
