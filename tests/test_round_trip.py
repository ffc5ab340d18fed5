"""A real capture, imported, served as a cluster and recorded from it: the same observations come back."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from recording_run import Run, crashed

from tracer.kinds import Keep, kind_of_stream
from tracer.ndjson.importing import import_ndjson
from tracer.playback import serve_trace
from tracer.recorder import Recorder, Recording
from tracer.trace import open_trace

REAL = Path(__file__).parents[2] / "shared" / "real" / "json" / "events.ndjson.gz"


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    if not REAL.exists():
        pytest.skip("the captures are not here")
    import_ndjson([str(REAL)], tmp_path / "real.trace")
    return tmp_path / "real.trace"


async def test_a_served_capture_is_recorded_as_it_was(tmp_path: Path, capture: Path) -> None:
    recorded, offered = told(await record(capture, tmp_path / "copy.trace")), told(capture)
    for stream, rows in offered.items():
        names = {row[2] for row in recorded[stream]}
        assert recorded[stream] == [row for row in rows if row[2] in names], stream
        kind = kind_of_stream(stream)
        if kind is not None and kind.keep in (Keep.ALL, Keep.STORAGE_EVENTS):
            assert names == {row[2] for row in rows}, stream


async def test_a_recorder_killed_on_the_way_has_all_that_came_after_its_first_list(
    tmp_path: Path, capture: Path
) -> None:
    copy, offered = await record(capture, tmp_path / "copy.trace", crashes=3), told(capture)
    recorded, listed = told(copy), listed_at(copy)
    for stream, rows in offered.items():
        names = {row[2] for row in recorded[stream]}
        expected = [row for row in rows if row[2] in names and int(row[1]) > listed[stream]]
        assert [row for row in recorded[stream] if int(row[1]) > listed[stream]] == expected, stream


async def record(capture: Path, copy: Path, crashes: int = 0) -> Path:
    """Record the served capture to its end, killed and resumed so many times on the way."""
    last = {stream: rows[-1][1] for stream, rows in told(capture).items()}
    async with serve_trace(capture, speed="max") as server:
        for number in range(crashes + 1):
            recording = Recording(out=copy, kubeconfig=str(server.kubeconfig), all_events=True, resume=number > 0)
            recorder = Recorder(recording)
            await recorder.start()
            if number < crashes:
                await observed(recorder, 50)
                await crashed(recorder)
        await asyncio.wait_for(asyncio.shield(server.playing), 30)
        for stream, version in last.items():
            await Run(recorder).certain(stream, int(version))
        await recorder.stop()
    return copy


def listed_at(trace: Path) -> dict[str, int]:
    """Stream -> the revision of its only whole list; fails for a gap."""
    notes = [row for batch in open_trace(trace).batches("streams") for row in batch.to_pylist()]
    assert not [row for row in notes if row["what"] in ("gap", "rewound", "relisted")]
    return {row["stream"]: row["revision_to"] for row in notes if row["what"] == "synced"}


def told(trace: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Stream -> type, version, name and object of each observation."""
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    columns = ("stream", "type", "resource_version", "name", "object")
    for batch in open_trace(trace).batches("objects", columns):
        for row in batch.to_pylist():
            found[row.pop("stream")].append(tuple(row.values()))
    return found


async def observed(recorder: Recorder, count: int) -> None:
    """Return when the recorder has observed some more."""
    async with asyncio.timeout(20):
        while sum(each.intake.counts.observations for each in recorder.followers.values()) < count:
            await asyncio.sleep(0.005)
