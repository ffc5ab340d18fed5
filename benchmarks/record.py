"""How fast, how small and how frugal recording is: `python -m benchmarks.record` prints one table.

Every contender gets the same events from the same loopback server. The anchors store nothing; volreel's time ends when
the last event is durable in the journal.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.api_server import Canned, serving
from benchmarks.workload import lives, template

if TYPE_CHECKING:
    from tracer.recorder import Recorder

REAL = Path(__file__).parent.parent.parent / "shared" / "real"
CLAIM_BYTES, POD_BYTES = 1400, 5000


def _observations(recorder: Recorder) -> int:
    return sum(follower.intake.counts.observations for follower in recorder.followers.values())


def _is_durable(recorder: Recorder, count: int) -> bool:
    writer = recorder.sink.writer
    return _observations(recorder) >= count and not writer.pending_rows and not writer.owes_commit


def contender_volreel(url: str, plural: str, count: int) -> float:
    """Seconds from the first event to the last one being durable."""
    from tracer.process import settle

    settle()
    from tracer.recorder import Recorder, Recording

    async def run(folder: Path) -> float:
        recorder = Recorder(Recording(out=folder / "bench.trace", kubeconfig=str(_kubeconfig(folder, url))))
        await recorder.start()
        started = None
        while not _is_durable(recorder, count):
            if started is None and _observations(recorder):
                started = time.perf_counter()
            await asyncio.sleep(0.002)
        seconds = time.perf_counter() - (started or 0.0)
        await recorder.stop()
        return seconds

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(Path(folder)))


def _watch(url: str, plural: str, count: int, **options: Any) -> float:
    from kubernetes import client, watch

    configuration = client.Configuration(host=url)
    core = client.CoreV1Api(client.ApiClient(configuration))
    lister = {
        "persistentvolumeclaims": core.list_persistent_volume_claim_for_all_namespaces,
        "pods": core.list_pod_for_all_namespaces,
    }[plural]
    events = watch.Watch().stream(lister, **options)
    next(events)
    started = time.perf_counter()
    for _ in islice(events, count - 1):
        pass
    return time.perf_counter() - started


def contender_typed_watch(url: str, plural: str, count: int) -> float:
    """The official client's Watch as its documentation shows it."""
    return _watch(url, plural, count)


def contender_raw_watch(url: str, plural: str, count: int) -> float:
    """The official client's Watch with deserialize=False."""
    return _watch(url, plural, count, deserialize=False)


def contender_limit(url: str, plural: str, count: int) -> float:
    """Our own limit: decode and compress the same events from memory, nothing else."""
    import msgspec
    import pyarrow as pa

    from tracer.trace.segments import ZSTD_LEVEL

    base = template(*_SHAPES[plural])
    lines = list(lives(base, count))
    codec = pa.Codec("zstd", compression_level=ZSTD_LEVEL)
    started = time.perf_counter()
    for start in range(0, count, 4096):
        batch = lines[start : start + 4096]
        for line in batch:
            msgspec.json.decode(line)
        codec.compress(b"".join(batch))
    return time.perf_counter() - started


def measure_memory(url: str, seconds: int) -> float:
    """Peak resident memory in MB of a `volreel record` process from its start to its sealed end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "volreel", "record", "-o", f"{folder}/bench.trace"]
        command += ["--kubeconfig", str(_kubeconfig(Path(folder), url)), "--duration", f"{seconds}s"]
        peak = 0
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None:
                status = Path(f"/proc/{process.pid}/status").read_text()
                if "VmHWM:" in status:
                    peak = max(peak, int(status.split("VmHWM:")[1].split()[0]))
                time.sleep(0.02)
        return peak / 1024


_SHAPES = {
    "persistentvolumeclaims": ("PersistentVolumeClaim", CLAIM_BYTES),
    "pods": ("Pod", POD_BYTES),
}
_CONTENDERS: dict[str, Callable[[str, str, int], float]] = {
    "volreel": contender_volreel,
    "typed": contender_typed_watch,
    "raw": contender_raw_watch,
    "limit": contender_limit,
}


def _kubeconfig(folder: Path, url: str) -> Path:
    path = folder / "kubeconfig"
    path.write_text(
        json.dumps(
            {
                "current-context": "bench",
                "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
                "clusters": [{"name": "bench", "cluster": {"server": url}}],
                "users": [{"name": "bench", "user": {}}],
            }
        )
    )
    return path


def _in_a_process(contender: str, url: str, plural: str, count: int) -> float:
    command = [sys.executable, "-m", "benchmarks.record", "--run", contender, url, plural, str(count)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure_rates(plural: str, count: int, rounds: int) -> dict[str, float]:
    """Median seconds per contender; the rounds are interleaved, so that a busy machine hits all of them."""
    kind, size = _SHAPES[plural]
    events = b"".join(lives(template(kind, size), count))
    times: dict[str, list[float]] = {name: [] for name in ("volreel", "typed", "raw", "limit")}
    with serving(Canned(plural, kind, events=events)) as url:
        for _ in range(rounds):
            for name, found in times.items():
                found.append(_in_a_process(name, url, plural, count))
    return {name: median(found) for name, found in times.items()}


def measure_bytes(capture: Path) -> tuple[int, float]:
    """Observations of a real capture and the bytes on disk for each of them."""
    from tracer.trace import open_trace

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "real.trace"
        events = str(capture / "events.ndjson.gz")
        command = [sys.executable, "-m", "volreel", "import", "ndjson", events, "-o", str(out)]
        subprocess.run(command, check=True, capture_output=True)
        segments = open_trace(out).manifest.segments
    files = [segment.files["objects"] for segment in segments if "objects" in segment.files]
    rows = sum(file.rows for file in files)
    return rows, sum(file.bytes for file in files) / rows


def report(claims: int, pods: int, live: int, rounds: int) -> str:
    """The table, as Markdown."""
    rows = []
    for plural, count, goal in (("persistentvolumeclaims", claims, 10), ("pods", pods, 20)):
        times = measure_rates(plural, count, rounds)
        mine = times["volreel"]
        rows += [
            (f"{plural}: observations/s, durable", f"{count / mine:,.0f}", "", ""),
            (f"{plural}: against the typed Watch", f"{times['typed'] / mine:.1f}x faster", f">= {goal}x", "typed"),
            (f"{plural}: against Watch(deserialize=False)", f"{times['raw'] / mine:.1f}x faster", ">= 4x", "raw"),
            (f"{plural}: against decode + zstd alone", f"{mine / times['limit']:.2f}x its time", "<= 2x", "limit"),
        ]
    for capture in ("text", "json"):
        if (REAL / capture).exists():
            observations, size = measure_bytes(REAL / capture)
            rows.append((f"real/{capture}: bytes per observation ({observations:,})", f"{size:.1f}", "<= 60", ""))
    base = template("PersistentVolumeClaim", CLAIM_BYTES)
    listed = tuple(line[25:-2] for line in lives(base, live, versions=1))
    with serving(Canned("persistentvolumeclaims", "PersistentVolumeClaim", listed=listed)) as url:
        memory = measure_memory(url, seconds=15)
    rows.append((f"peak memory, {live:,} live objects", f"{memory:.0f} MB", "<= 150 MB", ""))
    lines = ["| what | measured | goal |", "| --- | --- | --- |"]
    lines += [f"| {what} | {measured} | {goal} |" for what, measured, goal, _ in rows]
    return "\n".join(lines)


DEFAULTS = {"claims": 240_000, "pods": 60_000, "live": 100_000, "rounds": 2}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", nargs=4, metavar=("CONTENDER", "URL", "PLURAL", "COUNT"), help=argparse.SUPPRESS)
    for name, value in DEFAULTS.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    arguments = vars(parser.parse_args())
    if run := arguments.pop("run"):
        contender, url, plural, count = run
        print(_CONTENDERS[contender](url, plural, int(count)))
        return
    print(report(**arguments))


if __name__ == "__main__":
    main()
