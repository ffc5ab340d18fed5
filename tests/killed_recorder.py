"""Recorders in processes of their own, killed at any instant, and a server that tells them apart."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import sys
from collections import defaultdict
from collections.abc import Awaitable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from aiohttp import web
from fake_api import FakeApi

LONGEST_WAIT_S = 120.0
"""For a process on a busy machine; a test that waits longer has failed."""
_PROCESSES = multiprocessing.get_context("forkserver")  # each a process of its own, without the half second of imports
_PROCESSES.set_forkserver_preload(["volreel", "typer", "tracer.cli", "tracer.recording", "analysis.cli", "tui.cli"])


class WatchedApi(FakeApi):
    """Tells the recorders apart by their tokens, and when each asks for the first time."""

    def __init__(self, *paths: str) -> None:
        super().__init__(*paths)
        self._asked: defaultdict[tuple[str, str], asyncio.Event] = defaultdict(asyncio.Event)
        self.answer(self._note)

    def _note(self, request: web.Request) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if request.query.get("watch"):
            self._asked["watch", token].set()
        elif request.path.endswith("/log"):
            self._asked["log", token].set()

    async def first(self, what: str, token: str) -> None:
        """Return when the recorder with this token has asked for its first `watch` or `log`."""
        await self._asked[what, token].wait()


async def kill_recorder(
    api: WatchedApi, trace: Path, token: str, after: Awaitable[object], dice: random.Random, longest_life_s: float
) -> None:
    """Start a recorder that goes on with `trace`, and kill it some time after what is awaited has happened."""
    folder = trace.with_suffix("")
    folder.mkdir(exist_ok=True)
    said = folder / "stderr"
    kubeconfig = api.kubeconfig(folder, user={"token": token})
    command = ["record", "--kubeconfig", kubeconfig, "--out", str(trace), "--resume"]
    process: ForkServerProcess = _PROCESSES.Process(target=_volreel, args=(command, str(said)))
    process.start()
    try:
        async with asyncio.timeout(LONGEST_WAIT_S):
            await after
        await asyncio.sleep(dice.uniform(0.0, longest_life_s))  # not to wait for anything: any instant will do
    finally:
        assert process.is_alive(), said.read_text()
        process.kill()
        await asyncio.to_thread(process.join)
        process.close()


def _volreel(arguments: list[str], said: str) -> None:
    """What the command line does, in a process that exists already."""
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    sys.argv = ["volreel", *arguments]
    import volreel as front_door

    front_door.main()
