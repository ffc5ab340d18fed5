"""What outgrows the memory goes to the disk, and does not stay there."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import pytest
from small_trace import SmallTrace, claim

from analysis import open_trace


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_what_a_killed_process_left_is_removed_and_nothing_else(temporary, tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = temporary / f"volreel-spill-{ended.pid}-{'a' * 32}"
    others = [
        temporary / f"volreel-spill-{os.getpid()}-{'b' * 32}",
        temporary / f"volreel-spill-{os.getppid()}-{'c' * 32}",
        temporary / f"volreel-spill-{ended.pid}",
    ]
    for folder in (left, *others):
        folder.mkdir()
        (folder / "duckdb_temp_storage-0.tmp").write_bytes(b"0" * 1000)
    with open_trace(SmallTrace(tmp_path / "small.trace").observe(1, "ADDED", claim()).ended()) as trace:
        assert trace.sql("from objects").height == 1
    assert sorted(temporary.iterdir()) == sorted(others)
