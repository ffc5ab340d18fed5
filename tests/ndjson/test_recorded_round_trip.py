"""What a recorder wrote, with a crash, a gap, a rewind and heartbeats in it, travels as NDJSON and comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
from fake_api import CLAIMS, FakeApi
from recording_run import Run, recording

from tracer.inspection.check import check_trace
from tracer.inspection.info import inspect_trace
from tracer.ndjson.exporting import export_ndjson
from tracer.ndjson.importing import import_ndjson
from tracer.trace import open_trace
from tracer.trace.schema import SCHEMAS

NODES = "/api/v1/nodes"


def beat(api: FakeApi, second: int) -> int:
    """A node says that it is alive, and nothing else."""
    condition: dict[str, Any] = {
        "type": "Ready",
        "status": "True",
        "lastHeartbeatTime": f"2026-11-23T07:00:{second:02d}Z",
    }
    return api.put(NODES, "n1", status={"conditions": [condition]})


async def settled(api: FakeApi, run: Run) -> None:
    """Everything that has happened is recorded, and durable."""
    await run.synced(CLAIMS)
    await run.synced(NODES)
    revision = api.put(CLAIMS, f"at {api.revision}", "shop")
    await run.certain(CLAIMS, revision)
    await run.until(lambda: revision in rows(run.trace, "objects")["revision"].to_pylist())


async def listed_again(run: Run) -> None:
    """Both streams had a gap, and are followed again."""
    for path in (CLAIMS, NODES):
        await run.until(lambda path=path: run.follower(path).standing.counts.gaps > 0)
        await run.synced(path)


async def eventful_recording(trace: Path) -> None:
    async with FakeApi(CLAIMS, NODES) as api:
        beat(api, 1)
        async with recording(api, trace, crash=True) as run:
            await run.synced(NODES)
            for second in range(3):
                await run.certain(NODES, beat(api, second))
            api.put(CLAIMS, "a", "shop", spec={"volumeName": "pv"})
            await settled(api, run)
        async with recording(api, trace, resume=True) as run:  # a crash, and nothing missed
            await settled(api, run)
            await run.certain(NODES, beat(api, 9))
        before = api.revision
        for _ in range(5):
            api.put(CLAIMS, "b", "shop")
            beat(api, 10)
        api.compact()
        async with recording(api, trace, resume=True) as run:  # 410 Gone
            await listed_again(run)
            await settled(api, run)
        api.rewind(before)
        async with recording(api, trace, resume=True) as run:  # another history
            await listed_again(run)
            await settled(api, run)


def rows(trace: Path, table: str) -> pa.Table:
    return pa.Table.from_batches(open_trace(trace).batches(table), schema=SCHEMAS[table])


async def test_a_recording_survives_both_ways(tmp_path: Path) -> None:
    first, second = tmp_path / "first.trace", tmp_path / "second.trace"
    await eventful_recording(first)
    whats = set(rows(first, "streams")["what"].to_pylist())
    assert {"opened", "synced", "resumed", "gap", "rewound", "relisted", "closed"} <= whats
    assert rows(first, "objects")["object"].null_count > 2
    export_ndjson(first, tmp_path / "first.ndjson")
    import_ndjson([str(tmp_path / "first.ndjson")], second)
    for table in SCHEMAS:
        before, after = rows(first, table), rows(second, table)
        for column in before.column_names:
            assert before[column].equals(after[column]), (table, column)


async def test_a_recording_is_whole_and_says_its_gaps(tmp_path: Path) -> None:
    await eventful_recording(tmp_path / "t.trace")
    assert check_trace(tmp_path / "t.trace").faults == []
    found = inspect_trace(tmp_path / "t.trace")
    assert {each.what for each in found.gaps} == {"gap", "rewound"}
    assert all(0 < each.coverage < 1 and not each.assumed for each in found.kinds)
    assert json.dumps(found.cluster.uid)
