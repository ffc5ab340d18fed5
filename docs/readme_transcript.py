"""Put the real output of the commands that README.md shows into it: part of `make docs`."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
_BLOCK = re.compile(r"```console\n\$ (volreel [^\n]+)\n(.*?)```", re.DOTALL)


def run(command: str) -> str:
    """What a command prints in an empty folder with the sample traces, in 80 columns."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sample_traces").symlink_to(ROOT / "sample_traces")
        done = subprocess.run(  # noqa: S603 - commands of our own README
            [sys.executable, "-m", *shlex.split(command)],
            cwd=folder,
            env={**os.environ, "COLUMNS": "80"},
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    if done.returncode > 1:  # 1 is an answer: something was found
        raise RuntimeError(f"{command}: {done.stdout}")
    return done.stdout


def shown() -> dict[str, str]:
    """Each command that the README shows, and what it says that it prints."""
    return {block[1]: block[2] for block in _BLOCK.finditer(README.read_text())}


def steady(transcript: str) -> str:
    """The transcript without what differs from run to run: times, sizes, ports, hosts, percentages."""
    text = re.sub(r"\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|127\.0\.0\.1:\d+", "#", transcript)
    text = re.sub(r"\d+(\.\d+)? (KiB|MiB|B|ms|s)\b|\d+(\.\d+)?%|on \S+,", "#", text)
    text = re.sub(r"(?m)^(objects|logs|streams)( +\d+)? .*$", r"\1", text)  # bytes per row
    return " ".join(text.split())


if __name__ == "__main__":
    README.write_text(_BLOCK.sub(lambda block: f"```console\n$ {block[1]}\n{run(block[1])}```", README.read_text()))
