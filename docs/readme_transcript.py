"""Put the real output of `volreel demo` into README.md: part of `make docs`."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"
_BLOCK = re.compile(r"```console\n\$ volreel demo\n.*?```", re.DOTALL)


def run_demo() -> str:
    """What `volreel demo` prints, in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "volreel", "demo"],
            cwd=folder,
            check=True,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    return done.stdout


def shown() -> str:
    """The transcript as the README has it."""
    found = _BLOCK.search(README.read_text())
    assert found is not None
    return found[0].removeprefix("```console\n$ volreel demo\n").removesuffix("```")


def steady(transcript: str) -> str:
    """The transcript without what differs from run to run: times, sizes, ports, hosts, percentages."""
    text = re.sub(r"\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|127\.0\.0\.1:\d+", "#", transcript)
    text = re.sub(r"\d+(\.\d+)? (KiB|MiB|B|ms|s)\b|\d+(\.\d+)?%|on \S+,", "#", text)
    text = re.sub(r"(?m)^(objects|logs|streams)( +\d+)? .*$", r"\1", text)  # bytes per row
    return " ".join(text.split())


if __name__ == "__main__":
    README.write_text(_BLOCK.sub(lambda _: f"```console\n$ volreel demo\n{run_demo()}```", README.read_text()))
