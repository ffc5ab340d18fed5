"""`volreel demo`: a recorded cluster happens again on loopback, and is recorded live over HTTP."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import resources
from pathlib import Path

from tracer.inspection.info import inspect_trace
from tracer.inspection.info_text import info_text
from tracer.playback import TraceServer, serve_trace
from tracer.recorder import Recorder, Recording
from tracer.status import Status, show_status
from tracer.trace import open_trace

SAMPLE = "first-volumes.trace"
_PLAY_S = 8.0
"""How long the sample's history takes in the demo."""
_SETTLE_S = 0.5


def run_demo(out: Path | None) -> None:
    """Serve the sample trace, record it, and say what was recorded. Raises VolreelError."""
    with sample_trace() as sample:
        asyncio.run(_demo(sample, out or _free_name()))


@contextmanager
def sample_trace(name: str = SAMPLE) -> Iterator[Path]:
    """The folder of a sample trace, wherever volreel is installed."""
    with resources.as_file(resources.files("sample_traces") / name) as folder:
        yield folder


def _free_name() -> Path:
    further = (f"volreel-demo-{number}.trace" for number in itertools.count(2))
    return next(path for name in itertools.chain(["volreel-demo.trace"], further) if not (path := Path(name)).exists())


async def _demo(sample: Path, out: Path) -> None:
    _say(f"1. {SAMPLE}, recorded on a real Kubernetes 1.36, is served as a cluster again, faster than it happened.")
    async with serve_trace(sample, speed=_speed(sample)) as server:
        _say(f"2. `volreel record` follows it over HTTP at {server.url} into {out}.")
        recorder = Recorder(Recording(out=out, kubeconfig=str(server.kubeconfig)))
        await recorder.start()
        showing = asyncio.create_task(show_status(recorder, verbose=False))
        try:
            await _until_recorded(server, recorder)
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)
            await recorder.stop()
        _say(f"   {Status(recorder).line()}")
    _say(f"3. What `volreel info {out}` says of it:\n")
    print(info_text(inspect_trace(out)), end="", flush=True)
    _say(_NEXT.format(out=out))


def _speed(sample: Path) -> float:
    """So many times as fast as recorded that it takes `_PLAY_S`."""
    segments = open_trace(sample).manifest.segments
    span_s = (_instant(segments[-1].last_at) - _instant(segments[0].first_at)) if segments else 1.0
    return max(1.0, span_s / _PLAY_S)


async def _until_recorded(server: TraceServer, recorder: Recorder) -> None:
    """Return when everything was played and nothing more arrives."""
    assert server.player is not None
    await server.player.ended.wait()
    before = -1
    while before != (now := _recorded(recorder)):
        before = now
        await asyncio.sleep(_SETTLE_S)


def _recorded(recorder: Recorder) -> int:
    lines = recorder.logs.counts.lines if recorder.logs is not None else 0
    return lines + sum(each.intake.counts.observations for each in recorder.followers.values())


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


_NEXT = """
Try next:
  volreel replay {out}           step through it on the screen
  volreel serve {out} --at 50%   then: kubectl get pvc,pv,volumeattachments -A
  volreel sql {out} "select kind, count(*) from objects group by kind"
  volreel record                                 your own cluster: only get, list, watch (`volreel rbac`)
"""
