"""A world that stands still is the state that the rows add up to at its instant."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from served import FIRST, SAMPLES, rows, served

from tracer.errors import VolreelError
from tracer.playback import serve_trace
from tracer.playback.instants import instant_us


def state(observations: list[dict[str, Any]], until: datetime) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Stream, namespace and name -> object, computed the plain way."""
    begun: set[str] = set()
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in observations:
        if row["type"] != "LISTED":
            begun.add(row["stream"])
        if row["stream"] in begun and row["observed_at"] > until:
            continue
        key = (row["stream"], row["namespace"] or "", row["name"])
        if row["type"] in ("DELETED", "VANISHED"):
            found.pop(key, None)
        elif row["object"] is not None:
            found[key] = json.loads(row["object"])
        else:
            found[key]["metadata"]["resourceVersion"] = row["resource_version"]
    return found


async def served_state(trace: Path, at: str | None) -> dict[tuple[str, str, str], dict[str, Any]]:
    found = {}
    async with served(trace, at=at) as api:
        for name, resource in api.server.world.resources.items():
            prefix = "/apis/" if resource.kind.group else "/api/"
            for item in (await api.get(prefix + name))["items"]:
                meta = item["metadata"]
                found[name, meta.get("namespace", ""), meta["name"]] = item
    return found


@pytest.mark.parametrize("name", ["first-volumes.trace", "stuck-attach.trace", "failing-mounts.trace"])
@pytest.mark.parametrize("share", [0, 31, 64, 100])
async def test_at_an_instant_the_world_is_what_was_observed_until_then(name, share):
    observations = rows(SAMPLES / name)
    async with serve_trace(SAMPLES / name) as server:
        overview = server.world.overview
    until_us = overview.start_us + round((overview.end_us - overview.start_us) * share / 100)
    until = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=until_us)
    assert await served_state(SAMPLES / name, f"{share}%") == state(observations, until)


async def test_a_rewound_history_adds_up_too(whole_capture):
    end = rows(whole_capture)[-1]["observed_at"]
    assert await served_state(whole_capture, None) == state(rows(whole_capture), end)


async def test_without_an_instant_the_world_stands_at_the_end():
    async with serve_trace(FIRST) as server:
        assert server.world.now_us == server.world.overview.end_us


async def test_a_heartbeat_serves_the_last_full_object_under_its_own_version(small):
    node = {"kind": "Node", "apiVersion": "v1", "metadata": {"name": "n", "uid": "u", "resourceVersion": "5"}, "a": 1}
    small.observe(0, "LISTED", node, "v1/nodes")
    later = {**node, "metadata": {**node["metadata"], "resourceVersion": "9"}}
    small.observe(1, "MODIFIED", later, "v1/nodes", object=None)
    async with served(small.ended()) as api:
        assert await api.get("/api/v1/nodes/n") == later


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("+1m30s", 90), ("-30s", 570), ("50%", 300), ("2026-11-23T07:05:00Z", 300), ("2026-11-23T08:05:00+01:00", 300)],
)
def test_an_instant_can_be_given_in_several_ways(text, seconds):
    start = round(datetime(2026, 11, 23, 7, 0, tzinfo=UTC).timestamp()) * 1_000_000
    assert instant_us(text, start, start + 600_000_000) == start + seconds * 1_000_000


@pytest.mark.parametrize("text", ["soon", "", "+", "x%", "5m", "+11m", "-11m", "101%", "2020-01-01T00:00:00Z", "inf%"])
def test_an_instant_that_is_none_or_outside_is_refused(text):
    with pytest.raises(VolreelError, match=r"is no instant|lies outside the trace"):
        instant_us(text, 0, 600_000_000)


async def test_standing_still_and_moving_exclude_each_other():
    with pytest.raises(VolreelError, match="exclude each other"):
        async with serve_trace(FIRST, at="50%", speed="max"):
            pass
    with pytest.raises(VolreelError, match="--loop needs --speed"):
        async with serve_trace(FIRST, loop=True):
            pass
    with pytest.raises(VolreelError, match="is no speed"):
        async with serve_trace(FIRST, speed="-1"):
            pass
