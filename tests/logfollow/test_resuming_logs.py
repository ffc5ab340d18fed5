"""A recorder that was stopped or killed goes on in each log behind the last line that it has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fake_api import PODS, FakeApi
from log_pods import SidecarPod, lines, log_detail, log_notes, numbered
from recording_run import FAST, Run, recording


async def read(run: Run, count: int) -> None:
    """The recorder has so many lines in this session, and they are durable."""
    logs = run.recorder.logs
    assert logs is not None
    await run.until(lambda: logs.counts.lines >= count)
    writer = run.recorder.sink.writer
    await run.until(lambda: not writer.pending_rows and not writer.owes_commit)


async def test_a_killed_recorder_goes_on_behind_its_last_line(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        pod.log.step_ns = 0
        for number in range(4):
            pod.log.write(*numbered(10 * number, 10))
            async with recording(api, tmp_path / "t.trace", resume=True, crash=True) as run:
                await read(run, 10)
        pod.log.write("last")
        async with recording(api, tmp_path / "t.trace", resume=True) as run:
            await read(run, 1)
        assert lines(run.trace) == pod.log.texts
        assert "gap" not in log_notes(run.trace, pod.stream())


async def test_a_stopped_recorder_goes_on_through_restarts_of_the_container(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        pod.log.write("run 0, seen")
        async with recording(api, tmp_path / "t.trace") as run:
            await read(run, 1)
        assert log_detail(run.trace, pod.stream(), "closed") == "the recorder stopped"
        pod.log.write("run 0, its last words")
        pod.restarts()
        pod.log.write("run 1")
        async with recording(api, tmp_path / "t.trace", resume=True) as run:
            await read(run, 2)
        assert lines(run.trace, pod.stream(0)) == pod.log.texts[:2]
        assert lines(run.trace, pod.stream(1)) == pod.log.texts[2:]
        assert "gap" not in log_notes(run.trace, pod.stream(0))


async def test_a_log_that_was_read_to_its_end_is_not_read_again(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        pod.log.write("all of it")
        async with recording(api, tmp_path / "t.trace") as run:
            await read(run, 1)
            pod.ends()
            await run.until(lambda: log_notes(run.trace, pod.stream())[-1:] == ["closed"])
        other = SidecarPod(api, "other").runs()
        other.log.write("something else")
        async with recording(api, tmp_path / "t.trace", resume=True) as run:
            await read(run, 1)
        assert lines(run.trace, pod.stream()) == pod.log.texts


async def test_a_pod_that_went_while_nobody_looked_leaves_a_gap(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod, stays = SidecarPod(api).runs(), SidecarPod(api, "stays").runs()
        pod.log.write("seen")
        async with recording(api, tmp_path / "t.trace", crash=True) as run:
            await read(run, 1)
        pod.log.write("unseen")
        pod.delete()
        stays.log.write("still here")
        async with recording(api, tmp_path / "t.trace", resume=True) as run:
            await read(run, 1)
            await run.until(lambda: log_notes(run.trace, pod.stream())[-1:] == ["closed"])
        assert lines(run.trace, pod.stream()) == pod.log.texts[:1]
        assert log_notes(run.trace, pod.stream())[-2:] == ["gap", "closed"]
        assert "deleted" in log_detail(run.trace, pod.stream(), "gap")


async def test_a_run_that_began_and_was_lost_while_the_recorder_was_killed_is_a_gap(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        lost, deleted = SidecarPod(api, "lost"), SidecarPod(api, "deleted")
        async with recording(api, tmp_path / "t.trace", crash=True) as run:
            await run.until(lambda: all(log_notes(run.trace, each.stream()) == ["opened"] for each in (lost, deleted)))
        lost.runs().log.write("run 0")
        for number in (1, 2):
            lost.restarts().log.write(f"run {number}")
        deleted.runs().log.write("a word")
        deleted.delete()
        async with recording(api, tmp_path / "t.trace", resume=True) as run:
            await read(run, 2)
            await run.until(lambda: log_notes(run.trace, deleted.stream())[-1:] == ["closed"])
        assert lines(run.trace) == lost.log.texts[1:]
        assert log_notes(run.trace, lost.stream(0))[-2:] == ["gap", "closed"]
        assert log_notes(run.trace, deleted.stream())[-2:] == ["gap", "closed"]


async def test_what_was_rotated_away_while_the_recorder_was_down_is_a_gap(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        pod.log.write(*numbered(0, 3))
        async with recording(api, tmp_path / "t.trace", crash=True) as run:
            await read(run, 3)
        pod.log.write(*numbered(3, 3))
        pod.log.rotate()
        pod.log.write(*numbered(6, 3))
        async with recording(api, tmp_path / "t.trace", resume=True) as run:
            await read(run, 3)
        pod.log.write("last")
        async with recording(api, tmp_path / "t.trace", resume=True) as run:
            await read(run, 1)
        assert lines(run.trace) == [*pod.log.texts[:3], *pod.log.texts[6:]]
        assert log_notes(run.trace, pod.stream()).count("gap") == 1


async def test_the_position_outlives_the_lines_in_a_ring(tmp_path: Path) -> None:
    pace = replace(FAST, rotate_s=0.05)
    async with FakeApi(PODS) as api:
        quiet, chatty = SidecarPod(api, "quiet").runs(), SidecarPod(api, "chatty").runs()
        quiet.log.write("said once")
        async with recording(api, tmp_path / "t.trace", pace=pace, keep_s=0.2) as run:
            number = 0
            while run.recorder.sink.writer.manifest.kept_from is None:
                chatty.log.write(*numbered(number, 1))
                number += 1
                await read(run, 1 + number)
        assert lines(run.trace, quiet.stream()) == []
        quiet.log.write("said later")
        async with recording(api, tmp_path / "t.trace", resume=True) as run:
            chatty.log.write("more")
            await read(run, 2)
        assert lines(run.trace, quiet.stream()) == quiet.log.texts[1:]
        found = lines(run.trace, chatty.stream())
        assert found == chatty.log.texts[-len(found) :]
        assert "gap" not in log_notes(run.trace, quiet.stream())
