"""The command line as a process of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from asyncio.subprocess import Process
from dataclasses import dataclass
from pathlib import Path

COMMAND = (sys.executable, "-m", "volreel")


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line of an error; fails where there are more."""
        [line] = self.err.splitlines()
        return line


def environment(home: Path) -> dict[str, str]:
    """Nothing of the user's own configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "VOLREEL"))}
    return {**kept, "HOME": str(home), "COLUMNS": "80"}


async def start(*arguments: str, home: Path, **env: str) -> Process:
    """Start `volreel ARGUMENTS`; its output goes into pipes."""
    return await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        env=environment(home) | env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def ended(process: Process, within_s: float = 30.0) -> Ended:
    """How the process ends."""
    try:
        async with asyncio.timeout(within_s):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def run(*arguments: str, home: Path, **env: str) -> Ended:
    """Run `volreel ARGUMENTS` to its end."""
    return await ended(await start(*arguments, home=home, **env))
