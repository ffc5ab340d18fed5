"""kill -9 at any instant while logs are followed: each line is in the trace once."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from log_pods import SidecarPod, lines, log_notes
from recording_run import recording
from test_kill import PROCESSES, Api, ForkServerProcess, volreel

KILLS = 25
LONGEST_LIFE_S = 0.5
RESTART_EVERY = 3_000
"""Lines. A container that restarts twice while nobody looks is a gap, and none is to be here."""


async def test_kills_lose_no_line_and_double_none(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # shown when it fails
    dice = random.Random(seed)
    trace = tmp_path / "t.trace"
    async with Api() as api:
        pods = [SidecarPod(api, f"csi-{number}").runs() for number in range(3)]
        talking = asyncio.create_task(talk(pods, dice))
        for number in range(KILLS):
            await kill_once(api, trace, tmp_path, f"token-{number}", dice)
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
        missing = sum(len(pod.log.texts) for pod in pods) - len(lines(trace))
        async with recording(api, trace, resume=True) as run:
            logs = run.recorder.logs
            assert logs is not None
            await run.until(lambda: logs.counts.lines >= missing)
    for pod in pods:
        runs = range(len(pod.log.runs))
        assert [line for restart in runs for line in lines(trace, pod.stream(restart))] == pod.log.texts
        assert not [restart for restart in runs if "gap" in log_notes(trace, pod.stream(restart))]


async def kill_once(api: Api, trace: Path, folder: Path, token: str, dice: random.Random) -> None:
    kubeconfig = api.kubeconfig(folder, user={"token": token})
    said = folder / "stderr"
    command = ["record", "--kubeconfig", kubeconfig, "--out", str(trace), "--resume"]
    process: ForkServerProcess = PROCESSES.Process(target=volreel, args=(command, str(said)))
    process.start()
    await api.first_watch(token)
    await asyncio.sleep(dice.uniform(0.0, LONGEST_LIFE_S))  # not to wait for anything: any instant will do
    assert process.is_alive(), said.read_text()
    process.kill()
    await asyncio.to_thread(process.join)
    process.close()


async def talk(pods: list[SidecarPod], dice: random.Random) -> None:
    """Lines, several with one stamp; connections that break; a container that restarts now and then."""
    number = 0
    while True:
        for pod in pods:
            pod.log.step_ns = dice.choice((0, 1_000, 50_000_000))
            for _ in range(dice.randrange(1, 5)):
                number += 1
                pod.log.write(f'I1120 10:00:00.000000       1 main.go:1] "Line" number={number}')
            if dice.random() < 0.02:
                pod.log.reset()
        if number // RESTART_EVERY > len(pods[0].log.runs):
            pods[0].restarts()
        await asyncio.sleep(0.02)
