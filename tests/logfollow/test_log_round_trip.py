"""A trace served as a cluster and recorded from it has the same lines in each log."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from pathlib import Path

from recording_run import Run

from tracer.playback import serve_trace
from tracer.recorder import Recorder, Recording
from tracer.trace import open_trace
from tracer.trace.lines import LINE_PARTS, raw_lines

SAMPLE = Path(__file__).parents[2] / "sample_traces" / "first-volumes.trace"


async def test_the_logs_of_a_served_trace_are_recorded_as_they_were(tmp_path: Path) -> None:
    said = logs(SAMPLE)
    async with serve_trace(SAMPLE, speed="max") as server:
        recorder = Recorder(Recording(out=tmp_path / "copy.trace", kubeconfig=str(server.kubeconfig)))
        await recorder.start()
        assert recorder.logs is not None
        counts = recorder.logs.counts
        await Run(recorder).until(lambda: counts.lines >= sum(map(len, said.values())), within_s=60.0)
        await asyncio.wait_for(server.playing or asyncio.sleep(0), 30)
        await recorder.stop()
    assert logs(tmp_path / "copy.trace") == said


def logs(trace: Path) -> dict[str, list[str | None]]:
    """Stream -> its lines."""
    found: dict[str, list[str | None]] = defaultdict(list)
    for batch in open_trace(trace).batches("logs", ("stream", *LINE_PARTS)):
        for stream, line in zip(batch["stream"].to_pylist(), raw_lines(batch), strict=True):
            found[stream].append(line)
    return found
