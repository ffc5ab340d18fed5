"""A disk that is full, or slower than the stream: recording waits, says so, and loses nothing."""

from __future__ import annotations

import dataclasses
import errno
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_api import CLAIMS, FakeApi, write_kubeconfig
from recording_run import FAST, notes, observations, recording

from tracer.sink import BATCH_BYTES, BATCH_ROWS
from tracer.trace import open_trace
from tracer.trace.disk import AppendFile, Disk


class _File:
    def __init__(self, file: AppendFile, disk: MoodyDisk) -> None:
        self._file = file
        self._disk = disk
        self.truncate, self.close = file.truncate, file.close

    def write(self, data: bytes) -> None:
        if self._disk.is_full:
            self._file.write(data[: len(data) // 2])  # a full disk takes what fits
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._file.write(data)

    def sync(self) -> None:
        time.sleep(self._disk.sync_s)
        self._file.sync()


class MoodyDisk(Disk):
    """The real disk, full or slow when the test says so."""

    is_full = False
    sync_s = 0.0

    def open_append(self, path: Path) -> AppendFile:
        return _File(super().open_append(path), self)


async def test_a_full_disk_pauses_the_recording_and_loses_nothing(tmp_path: Path) -> None:
    disk = MoodyDisk()
    async with FakeApi(CLAIMS) as api, recording(api, tmp_path / "t.trace", disk=disk) as run:
        await run.synced(CLAIMS)
        api.put(CLAIMS, "before", "shop")
        await run.until(lambda: observations(run.trace, CLAIMS))
        disk.is_full = True
        api.put(CLAIMS, "meanwhile", "shop")
        await run.until(lambda: run.recorder.sink.trouble)
        assert "No space left on device; recording pauses until it can be written" in str(run.recorder.sink.trouble)
        assert open_trace(run.trace).faults == []
        await run.certain(CLAIMS, api.put(CLAIMS, "later", "shop"))
        assert [row[1] for row in observations(run.trace, CLAIMS)] == ["before"]
        disk.is_full = False
        await run.until(lambda: not run.recorder.sink.trouble)
        await run.until(lambda: len(observations(run.trace, CLAIMS)) == 3)
    assert [row[1] for row in observations(run.trace, CLAIMS)] == ["before", "meanwhile", "later"]
    assert notes(run.trace, CLAIMS, "gap", "failed") == []
    assert open_trace(run.trace).manifest.is_ended


async def test_killed_on_a_full_disk_it_goes_on_from_what_was_durable(tmp_path: Path) -> None:
    disk = MoodyDisk()
    async with FakeApi(CLAIMS) as api:
        async with recording(api, tmp_path / "t.trace", disk=disk, crash=True) as run:
            await run.synced(CLAIMS)
            api.put(CLAIMS, "before", "shop")
            await run.until(lambda: observations(run.trace, CLAIMS))
            disk.is_full = True
            api.put(CLAIMS, "meanwhile", "shop")
            await run.until(lambda: run.recorder.sink.trouble)
        async with recording(api, run.trace, resume=True) as run:
            await run.certain(CLAIMS, api.revision)
    assert [row[1] for row in observations(run.trace, CLAIMS)] == ["before", "meanwhile"]
    assert notes(run.trace, CLAIMS, "gap") == []


async def test_segments_that_cannot_be_sealed_wait_for_room(tmp_path: Path) -> None:
    disk, pace = MoodyDisk(), dataclasses.replace(FAST, rotate_s=0.05)
    async with FakeApi(CLAIMS) as api, recording(api, tmp_path / "t.trace", disk=disk, pace=pace) as run:
        await run.synced(CLAIMS)
        for number in range(20):
            disk.is_full = number % 2 == 0
            await run.certain(CLAIMS, api.put(CLAIMS, f"c{number}", "shop"))
            await run.until(lambda: bool(run.recorder.sink.trouble) == disk.is_full)
    assert [row[1] for row in observations(run.trace, CLAIMS)] == [f"c{number}" for number in range(20)]
    assert open_trace(run.trace).faults == []


async def test_a_stream_faster_than_the_disk_is_held_back_and_nothing_is_dropped(tmp_path: Path) -> None:
    disk, rows, text = MoodyDisk(), 20_000, "x" * 2_000
    disk.sync_s = 0.1
    most_rows = most_bytes = 0
    async with FakeApi(CLAIMS) as api, recording(api, tmp_path / "t.trace", disk=disk) as run:
        await run.synced(CLAIMS)
        for _ in range(rows):
            api.put(CLAIMS, "busy", "shop", status={"phase": text})
        writer = run.recorder.sink.writer

        def all_taken() -> bool:
            nonlocal most_rows, most_bytes
            most_rows, most_bytes = max(most_rows, writer.pending_rows), max(most_bytes, writer.pending_bytes)
            return run.follower(CLAIMS).standing.certain == api.revision

        await run.until(all_taken, within_s=60)
    assert most_rows <= 2 * BATCH_ROWS + 200
    assert most_bytes <= 2 * BATCH_BYTES + (1 << 20)
    first = api.revision - rows + 1
    assert [row[2] for row in observations(run.trace, CLAIMS)] == list(range(first, api.revision + 1))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_disk_that_is_really_full_is_waited_for(tmp_path: Path, small_disk: Path) -> None:
    trace, ballast = small_disk / "t.trace", small_disk / "ballast"
    async with FakeApi(CLAIMS) as api:
        kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", api.url)
        async with recording(api, trace, kubeconfig=kubeconfig) as run:
            await run.synced(CLAIMS)
            fill(ballast)
            for number in range(200):  # more than what is left of the last page
                api.put(CLAIMS, f"c{number}", "shop", status={"phase": os.urandom(300).hex()})
            await run.until(lambda: run.recorder.sink.trouble)
            assert "No space left on device" in str(run.recorder.sink.trouble)
            assert open_trace(trace).faults == []
            ballast.unlink()
            await run.until(lambda: not run.recorder.sink.trouble)
            await run.certain(CLAIMS, api.revision)
        assert [row[1] for row in observations(trace, CLAIMS)] == [f"c{number}" for number in range(200)]
        assert open_trace(trace).manifest.is_ended


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return
