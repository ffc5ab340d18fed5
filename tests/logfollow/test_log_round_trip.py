"""A trace served as a cluster and recorded from it has the same lines in each log, however fast it is played."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from recording_run import FAST, Run

from tracer.ndjson.importing import import_ndjson
from tracer.playback import serve_trace
from tracer.recorder import Recorder, Recording
from tracer.trace import open_trace
from tracer.trace.lines import LINE_PARTS, raw_lines

SAMPLES = sorted((Path(__file__).parents[2] / "sample_traces").glob("*.trace"))
REAL = Path(__file__).parents[3] / "shared" / "real" / "text"
PACE = replace(FAST, silence_s=60.0, log_silence_s=60.0, kubelet_log_s=0.3)
KUBELET = "log//n1//kubelet/0"
KUBELET_LINES = 12_000
"""Of the real kubelet's 51,078: all of them are as right, and take as long as all else together."""


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: str(path.stem))
async def test_the_logs_of_a_sample_are_recorded_as_they_were(tmp_path: Path, sample: Path) -> None:
    assert await copied(sample, tmp_path / "copy.trace") == logs(sample)


@pytest.mark.parametrize("speed", ["max", 40])
async def test_pods_that_come_and_go_lose_no_line(tmp_path: Path, speed: str | float) -> None:
    """Restarts, a name that is used again, nodes that come back: all within what a recorder needs to ask for a log."""
    source = tmp_path / "churn.trace"
    (tmp_path / "churn.ndjson").write_text("".join(f"{json.dumps(line)}\n" for line in churn()))
    import_ndjson([str(tmp_path / "churn.ndjson")], source)
    assert await copied(source, tmp_path / "copy.trace", speed) == logs(source)
    assert not [row for row in notes(tmp_path / "copy.trace") if row["what"] == "gap" and row["stream"] != KUBELET]


async def test_the_logs_of_a_real_cluster_are_recorded_as_they_were(tmp_path: Path) -> None:
    if not REAL.exists():
        pytest.skip("the captures are not here")
    kubelet = tmp_path / "kubelet.ndjson"
    with gzip.open(REAL / "kubelet.log.gz", "rt") as file:
        kubelet.write_text("".join(f"{json.dumps(line)}\n" for line in journal(islice(file, KUBELET_LINES))))
    source = tmp_path / "real.trace"
    import_ndjson([str(REAL / "events.ndjson.gz"), str(REAL / "logs.ndjson.gz"), str(kubelet)], source)
    assert await copied(source, tmp_path / "copy.trace") == logs(source)


async def copied(source: Path, out: Path, speed: str | float = "max") -> dict[str, list[str | None]]:
    """The logs of what a recorder makes of a served trace."""
    wanted = sum(map(len, logs(source).values()))
    async with serve_trace(source, speed=speed) as server:
        recorder = Recorder(Recording(out=out, kubeconfig=str(server.kubeconfig), kubelet_logs=True), PACE)
        await recorder.start()
        assert server.playing is not None
        await asyncio.wait_for(server.playing, 120)
        await Run(recorder).until(lambda: recorder.log_counts.lines >= wanted, within_s=60.0)
        await recorder.stop()
    return logs(out)


def logs(trace: Path) -> dict[str, list[str | None]]:
    """Stream -> its lines."""
    found: dict[str, list[str | None]] = defaultdict(list)
    for batch in open_trace(trace).batches("logs", ("stream", *LINE_PARTS)):
        for stream, line in zip(batch["stream"].to_pylist(), raw_lines(batch), strict=True):
            found[stream].append(line)
    return found


def notes(trace: Path) -> list[dict[str, Any]]:
    return [row for batch in open_trace(trace).batches("streams") for row in batch.to_pylist()]


def journal(file: Iterator[str]) -> Iterator[dict[str, str]]:
    """A kubelet's log as its journal would have it: stamped when it was written, to the microsecond."""
    at = ""
    for text in file:
        if text[:5] in ("I1123", "W1123", "E1123"):
            at = f"2026-11-23T{text[6:21]}000Z"
        yield {"t": at, "stream": "log//lab-node-1//kubelet/0", "node": "lab-node-1", "line": f"{at} {text.rstrip()}"}


def churn() -> Iterator[dict[str, Any]]:
    """Pods that live for 80 ms, restart twice and take turns at three names; a node that comes back."""
    clock = Clock()
    yield clock.node("ADDED")
    for number in range(24):
        uid, name = f"uid-{number}", f"csi-{number % 3}"
        yield clock.kubelet(f"starting {uid}")
        yield clock.pod("ADDED", name, uid, None)
        for restart in range(3):
            yield clock.pod("MODIFIED", name, uid, restart)
            for line in range(3):
                yield clock.line(name, uid, restart, f"{uid} says {line}")
        yield clock.pod("DELETED", name, uid, 2)
        yield clock.line(name, uid, 2, f"{uid} has a last word")
        if number % 10 == 5:
            yield clock.node("DELETED")
            yield clock.node("ADDED")
    yield clock.kubelet("quiet now")


class Clock:
    """Makes one line of a capture every 5 ms."""

    def __init__(self) -> None:
        self._ticks = 0

    def _next(self) -> str:
        self._ticks += 1
        seconds, millis = divmod(5 * self._ticks, 1000)
        return f"2026-11-23T07:{seconds // 60:02d}:{seconds % 60:02d}.{millis:03d}000000Z"

    def _object(self, what: str, stream: str, metadata: dict[str, str], **body: Any) -> dict[str, Any]:
        at = self._next()
        metadata = {**metadata, "resourceVersion": str(100 + self._ticks)}
        return {"t": at, "stream": stream, "type": what, "object": {"apiVersion": "v1", "metadata": metadata, **body}}

    def node(self, what: str) -> dict[str, Any]:
        return self._object(what, "v1/nodes", {"name": "n1", "uid": f"uid-n1-{self._ticks}"}, kind="Node")

    def pod(self, what: str, name: str, uid: str, restart: int | None) -> dict[str, Any]:
        state = {"running": {"startedAt": "2026-11-23T07:00:00Z"}}
        last = {"terminated": {"startedAt": "2026-11-23T07:00:00Z"}} if restart else {}
        status = {"name": "csi-attacher", "restartCount": restart, "state": state, "lastState": last}
        return self._object(
            what,
            "v1/pods",
            {"name": name, "namespace": "shop", "uid": uid},
            kind="Pod",
            spec={"nodeName": "n1", "containers": [{"name": "csi-attacher", "image": "x/csi-attacher:v4"}]},
            status={} if restart is None else {"containerStatuses": [status]},
        )

    def line(self, name: str, uid: str, restart: int, text: str) -> dict[str, Any]:
        at = self._next()
        return {"t": at, "stream": f"log/shop/{name}/{uid}/csi-attacher/{restart}", "line": f"{at} {text}"}

    def kubelet(self, text: str) -> dict[str, Any]:
        at = self._next()
        return {"t": at, "stream": KUBELET, "node": "n1", "line": f"{at} {text}"}
