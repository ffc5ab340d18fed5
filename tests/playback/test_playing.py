"""A world that moves: every observation happens again, once, in order, and at the pace that was asked for."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from served import CLAIMS, FIRST, SAMPLES, Api, rows, served
from small_trace import claim

from tracer.recorder import Recorder, Recording
from tracer.trace import open_trace

LEASES = "coordination.k8s.io/v1/leases"


def path_of(name: str) -> str:
    return ("/apis/" if "." in name.split("/", maxsplit=1)[0] or name.startswith("apps/") else "/api/") + name


async def everything(api: Api) -> dict[str, list[tuple[str, Any]]]:
    """Resource -> what one watch of it sees of the whole history."""
    names = list(api.server.world.resources)
    ended = asyncio.Event()

    async def follow(name: str) -> list[tuple[str, Any]]:
        revision = await api.revision(path_of(name))
        found: list[tuple[str, Any]] = []
        async with api.watch(path_of(name), resourceVersion=revision) as events:
            while True:
                line = await events._response.content.readline()
                if not line:
                    return found
                found.append((json.loads(line)["type"], line))

    tasks = [asyncio.create_task(follow(name)) for name in names]
    await asyncio.wait_for(api.server.playing, 30)
    ended.set()
    api.server.world.close()
    return dict(zip(names, await asyncio.gather(*tasks), strict=True))


@pytest.mark.parametrize("name", ["first-volumes.trace", "stuck-attach.trace"])
async def test_at_top_speed_every_observation_comes_exactly_once_in_order(name):
    async with served(SAMPLES / name, speed="max") as api:
        seen = await everything(api)
    for stream, events in seen.items():
        expected = [(row["type"], row["object"]) for row in rows(SAMPLES / name, stream) if row["type"] != "LISTED"]
        assert [kind for kind, _ in events] == [kind for kind, _ in expected]
        for (kind, line), (_, text) in zip(events, expected, strict=True):
            assert text is None or line == f'{{"type":"{kind}","object":{text}}}\n'.encode()


async def test_the_world_stands_at_its_first_instant_until_somebody_watches():
    async with served(FIRST, speed="max") as api:
        first = await api.get("/api/v1/events")
        assert api.server.world.now_us == api.server.world.overview.start_us
        assert len(first["items"]) == sum(row["type"] == "LISTED" for row in rows(FIRST, "v1/events"))


async def test_a_world_plays_at_its_pace(small):
    small.observe(0, "LISTED", claim("a", 10))
    for second in range(1, 11):
        small.observe(second, "MODIFIED", claim("a", 10 + second))
    async with served(small.ended(), speed=20) as api, api.watch(CLAIMS, resourceVersion=10) as events:
        begun = time.monotonic()
        await events.take(10)
        assert 0.4 < time.monotonic() - begun < 3


async def test_a_loop_begins_again_under_rising_revisions(small):
    small.observe(0, "LISTED", claim("a", 10)).observe(1, "ADDED", claim("b", 11)).observe(2, "DELETED", claim("b", 12))
    async with served(small.ended(), speed="max", loop=True) as api:
        revisions = [0]
        for _ in range(3):
            async with asyncio.timeout(20):  # between its end and its new beginning the world is listed as it ended
                while (listed := await api.get(CLAIMS))["metadata"]["resourceVersion"] == str(revisions[-1]):
                    await asyncio.sleep(0)
            revision = int(listed["metadata"]["resourceVersion"])
            assert [item["metadata"]["name"] for item in listed["items"]] == ["a"]
            async with api.watch(CLAIMS, resourceVersion=revision) as events:
                found = await events.rest()  # the history ends, and every watch with it
            assert [(kind, item["metadata"]["name"]) for kind, item in found] == [("ADDED", "b"), ("DELETED", "b")]
            revisions += [revision, *(int(item["metadata"]["resourceVersion"]) for _, item in found)]
        assert revisions == sorted(set(revisions))
        async with api.watch(CLAIMS, resourceVersion=revisions[1]) as old:
            assert (await old.take(1))[0][1]["code"] == 410


async def test_a_watch_that_does_not_read_holds_top_speed_up_and_loses_nothing(small):
    count, padding = 30_000, "x" * 500
    texts = [json.dumps(claim("a", 10 + number, annotations={"pad": padding})) for number in range(count)]
    columns = {
        "stream": ["v1/persistentvolumeclaims"] * count,
        "type": ["ADDED"] + ["MODIFIED"] * (count - 1),
        "namespace": ["shop"] * count,
        "name": ["a"] * count,
        "resource_version": [str(10 + number) for number in range(count)],
        "revision": list(range(10, 10 + count)),
        "object": texts,
    }
    small.writer.observe(count, 600 * count, columns, small._us(1))
    async with served(small.ended(), speed="max") as api, api.watch(CLAIMS, resourceVersion=9) as events:
        await events.take(1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(api.server.playing), 0.5)
        found = await events.take(count - 1)
        assert [item["metadata"]["resourceVersion"] for _, item in found] == columns["resource_version"][1:]


async def test_a_client_that_leaves_does_not_hold_the_world_up(small):
    small.observe(0, "LISTED", claim("a", 10)).observe(1, "ADDED", claim("b", 11))
    async with served(small.ended(), speed="max") as api:
        async with api.watch(CLAIMS, resourceVersion=10) as events:
            await events.take(1)
        await asyncio.wait_for(api.server.playing, 10)
        assert api.server.player.ended.is_set()


async def test_a_recording_of_a_served_trace_is_that_trace(tmp_path):
    copy = tmp_path / "copy.trace"
    async with served(FIRST, speed="max") as api:
        recorder = Recorder(Recording(out=copy, kubeconfig=str(api.server.kubeconfig), all_events=True))
        await recorder.start()
        await asyncio.wait_for(api.server.playing, 30)
        await _certain(recorder, {row["stream"]: row["revision"] for row in rows(FIRST)})
        await recorder.stop()
    streams = sorted({row["stream"] for row in rows(FIRST)})
    for stream in streams:
        assert _told(copy, stream) == _told(FIRST, stream, set(_names(copy, stream))), stream
        # The recorder keeps fewer Leases than the capture did; of everything else it keeps all.
        assert stream == LEASES or _names(copy, stream) == _names(FIRST, stream)
    assert open_trace(copy).manifest.is_ended


async def _certain(recorder: Recorder, last: dict[str, int]) -> None:
    """Return when the recorder has taken in the last revision of every stream."""
    async with asyncio.timeout(20):
        for stream, revision in last.items():
            while (recorder.followers[stream].standing.certain or 0) < revision:
                await asyncio.sleep(0.01)


def _names(trace: Path, stream: str) -> list[str]:
    return [row["name"] for row in rows(trace, stream)]


def _told(trace: Path, stream: str, names: set[str] | None = None) -> list[tuple[str, str, str | None]]:
    found = [row for row in rows(trace, stream) if names is None or row["name"] in names]
    return [(row["type"], row["resource_version"], row["object"]) for row in found]


async def test_a_damaged_trace_says_so_when_it_is_played(tmp_path):
    import shutil

    from tracer.errors import TraceDamaged

    trace = tmp_path / "t.trace"
    shutil.copytree(FIRST, trace)
    segment = next((trace / "objects").glob("*.parquet"))
    async with served(trace, speed="max") as api, api.watch(CLAIMS):
        segment.write_bytes(segment.read_bytes()[:-3000] + b"\0" * 3000)
        with pytest.raises(TraceDamaged):
            await asyncio.wait_for(api.server.playing, 10)
