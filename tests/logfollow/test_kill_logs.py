"""kill -9 at any instant while logs are followed: each line is in the trace once."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from fake_api import PODS
from killed_recorder import LONGEST_WAIT_S, WatchedApi, kill_recorder
from log_pods import SidecarPod, lines, log_notes
from recording_run import recording

from tracer.trace.manifest import MANIFEST

KILLS = 25
LONGEST_LIFE_S = 0.5
RESTART_EVERY = 5
"""Kills, before which the container's run was seen: of two that start while nobody looks, one is a gap."""


async def test_kills_lose_no_line_and_double_none(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # shown when it fails
    dice = random.Random(seed)
    trace = tmp_path / "t.trace"
    async with WatchedApi(PODS) as api:
        pods = [SidecarPod(api, f"csi-{number}").runs() for number in range(3)]
        talking = asyncio.create_task(talk(pods, dice))
        for number in range(KILLS):
            token, is_restarting = f"token-{number}", number % RESTART_EVERY == 0
            asked = "log" if dice.random() < 0.8 else "watch"
            after = seen(pods[0], trace) if is_restarting else api.first(asked, token)
            await kill_recorder(api, trace, token, after, dice, LONGEST_LIFE_S)
            if is_restarting:
                pods[0].restarts()
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
        missing = sum(len(pod.log.texts) for pod in pods) - len(lines(trace))
        async with recording(api, trace, resume=True) as run:
            logs = run.recorder.logs
            assert logs is not None
            await run.until(lambda: logs.counts.lines >= missing, LONGEST_WAIT_S)
    for pod in pods:
        runs = range(len(pod.log.runs))
        assert [line for restart in runs for line in lines(trace, pod.stream(restart))] == pod.log.texts
        assert not [restart for restart in runs if "gap" in log_notes(trace, pod.stream(restart))]


async def seen(pod: SidecarPod, trace: Path) -> None:
    """Return when the trace has lines of the container's present run."""
    while not (trace / MANIFEST).exists() or "synced" not in log_notes(trace, pod.stream(len(pod.log.runs) - 1)):
        await asyncio.sleep(0.05)  # its only sign


async def talk(pods: list[SidecarPod], dice: random.Random) -> None:
    """Lines, several with one stamp; connections that break now and then."""
    number = 0
    while True:
        for pod in pods:
            pod.log.step_ns = dice.choice((0, 1_000, 50_000_000))
            for _ in range(dice.randrange(1, 5)):
                number += 1
                pod.log.write(f'I1120 10:00:00.000000       1 main.go:1] "Line" number={number}')
            if dice.random() < 0.02:
                pod.log.reset()
        await asyncio.sleep(0.02)
