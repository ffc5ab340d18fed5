"""Each line of a followed log once, whatever happens to the connection, the container and its pod."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fake_api import PODS, FakeApi
from fake_logs import BEGIN_NS
from log_pods import CONTAINER, SidecarPod, columns, lines, log_detail, log_notes, numbered
from recording_run import FAST, Run, recording


async def read(run: Run, count: int) -> None:
    """The recorder has so many lines."""
    logs = run.recorder.logs
    assert logs is not None
    await run.until(lambda: logs.counts.lines >= count)


async def followed(run: Run, pod: SidecarPod, streams: int = 1) -> None:
    await run.until(lambda: pod.log.followers >= streams)


async def test_a_container_is_followed_from_its_first_line(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        pod.log.write(*numbered(0, 3))
        async with recording(api, tmp_path / "t.trace") as run:
            await read(run, 3)
            pod.log.write(*numbered(3, 2))
            await read(run, 5)
        assert lines(run.trace) == pod.log.texts
        assert log_notes(run.trace, pod.stream()) == ["opened", "synced", "closed"]
        assert set(columns(run.trace, "component", "node", "container", "restart")) == {
            ("csi-attacher", "n1", CONTAINER, 0)
        }


async def test_a_pod_that_comes_later_is_followed_and_read_to_its_end_when_it_goes(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api, recording(api, tmp_path / "t.trace") as run:
        await run.synced(PODS)
        pod = SidecarPod(api)
        pod.log.write("early")
        pod.runs()
        await followed(run, pod)
        pod.log.write("late", "last")
        pod.delete()
        await run.until(lambda: run.recorder.logs is not None and run.recorder.logs.containers == 0)
    assert lines(run.trace) == pod.log.texts
    assert log_notes(run.trace, pod.stream()) == ["opened", "synced", "closed"]
    assert log_detail(run.trace, pod.stream(), "closed") == "ended: read to its end"


async def test_a_reset_in_the_middle_of_a_line_costs_no_line_and_doubles_none(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        async with recording(api, tmp_path / "t.trace") as run:
            for first in range(0, 50, 10):
                pod.log.write(*numbered(first, 10))
                await read(run, first + 10)
                await followed(run, pod)
                pod.log.reset()
                await run.until(lambda: pod.log.followers == 0)
            pod.log.write("after")
            await read(run, 51)
        assert lines(run.trace) == pod.log.texts
        assert "gap" not in log_notes(run.trace, pod.stream())
        assert log_notes(run.trace, pod.stream()).count("resumed") >= 4


async def test_lines_with_one_stamp_are_told_apart_by_their_number(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        pod.log.step_ns = 0
        async with recording(api, tmp_path / "t.trace") as run:
            for number in range(4):
                pod.log.write("same", "same", "other")
                await read(run, 3 * (number + 1))
                await followed(run, pod)
                pod.log.reset()
                await run.until(lambda: pod.log.followers == 0)
            pod.log.write("last")
            await read(run, 13)
        assert lines(run.trace) == pod.log.texts


async def test_a_clock_that_is_set_back_loses_no_line(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        pod.log.write(*numbered(0, 30))
        async with recording(api, tmp_path / "t.trace") as run:
            await read(run, 30)
            pod.log.write("set back", at_ns=BEGIN_NS - 3_600 * 10**9)
            await read(run, 31)
            await followed(run, pod)
            pod.log.reset()
            await run.until(lambda: pod.log.followers == 0)
            pod.log.write(*numbered(30, 5))
            await read(run, 36)
        assert lines(run.trace) == pod.log.texts
        assert "gap" not in log_notes(run.trace, pod.stream())


async def test_an_answer_that_ends_well_while_the_container_runs_is_asked_for_again(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        async with recording(api, tmp_path / "t.trace") as run:
            pod.log.write("one", "two")
            await read(run, 2)
            pod.log.end_answers()
            await run.until(lambda: pod.log.followers == 0)
            pod.log.write("three")
            await read(run, 3)
        assert lines(run.trace) == pod.log.texts


async def test_what_was_rotated_away_meanwhile_is_a_gap(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        pod.log.write(*numbered(0, 3))
        async with recording(api, tmp_path / "t.trace") as run:
            await read(run, 3)
            api.refuse(503, f"/api/v1/namespaces/kube-system/pods/{pod.name}/log", times=3)
            pod.log.reset()
            await run.until(lambda: pod.log.followers == 0)
            pod.log.write(*numbered(3, 100))
            pod.log.rotate()
            pod.log.write(*numbered(103, 2))
            await read(run, 5)
            await followed(run, pod)
            pod.log.reset()  # a second time, behind the gap: no second gap
            await run.until(lambda: pod.log.followers == 0)
            pod.log.write("last")
            await read(run, 6)
        assert lines(run.trace) == [*pod.log.texts[:3], *pod.log.texts[103:]]
        assert log_notes(run.trace, pod.stream()).count("gap") == 1
        assert "rotated away" in log_detail(run.trace, pod.stream(), "gap")


async def test_rotation_while_the_log_is_followed_costs_nothing(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        async with recording(api, tmp_path / "t.trace") as run:
            pod.log.write("one", "two")
            await read(run, 2)
            pod.log.rotate()
            pod.log.write("three", "four")
            await read(run, 4)
        assert lines(run.trace) == pod.log.texts
        assert "gap" not in log_notes(run.trace, pod.stream())


async def test_a_container_that_restarts_is_read_to_the_end_of_each_run(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        async with recording(api, tmp_path / "t.trace") as run:
            pod.log.write("first run")
            await read(run, 1)
            await followed(run, pod)
            pod.log.reset()
            await run.until(lambda: pod.log.followers == 0)
            pod.log.write("its last words")
            pod.restarts()
            pod.log.write("second run")
            await read(run, 3)
            await run.until(lambda: len(log_notes_now(run, pod, 1)) >= 2)
        assert [line[31:] for line in lines(run.trace, pod.stream(0)) if line] == ["first run", "its last words"]
        assert [line[31:] for line in lines(run.trace, pod.stream(1)) if line] == ["second run"]
        assert log_notes(run.trace, pod.stream(0), "failed", "resumed") == ["opened", "synced", "closed"]


def log_notes_now(run: Run, pod: SidecarPod, restart: int) -> list[str]:
    return log_notes(run.trace, pod.stream(restart))


async def test_a_container_that_had_restarted_before_is_read_with_its_previous_run(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api)
        pod.log.write("crash")
        pod.restarts()
        pod.log.write("again")
        async with recording(api, tmp_path / "t.trace") as run:
            await read(run, 2)
        assert lines(run.trace, pod.stream(0)) == pod.log.texts[:1]
        assert lines(run.trace, pod.stream(1)) == pod.log.texts[1:]


async def test_runs_that_came_and_went_unseen_are_a_gap(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        async with recording(api, tmp_path / "t.trace") as run:
            pod.log.write("run 0")
            await read(run, 1)
            for number in range(1, 4):
                pod.log.restart()
                pod.log.write(f"run {number}")
            pod.runs()
            await read(run, 3)
        assert [str(line)[31:] for line in lines(run.trace)] == ["run 0", "run 2", "run 3"]
        assert log_notes(run.trace, pod.stream(1)) == ["gap", "closed"]


async def test_a_line_longer_than_any_piece_is_whole(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        pod.log.cut = 777
        async with recording(api, tmp_path / "t.trace") as run:
            pod.log.write("x" * 100_000, "short", "ü" * 20_000)
            await read(run, 3)
        assert lines(run.trace) == pod.log.texts


async def test_the_last_line_of_a_killed_container_needs_no_line_end(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        async with recording(api, tmp_path / "t.trace") as run:
            pod.log.write("whole")
            await read(run, 1)
            pod.log.write("cut sho", unfinished=True)
            pod.ends()
            await read(run, 2)
        assert lines(run.trace) == pod.log.texts


async def test_a_deleted_pod_that_could_not_be_read_to_its_end_is_a_gap(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        async with recording(api, tmp_path / "t.trace") as run:
            pod.log.write("one")
            await read(run, 1)
            api.refuse(503, f"/api/v1/namespaces/kube-system/pods/{pod.name}/log", times=1000)
            pod.log.reset()
            await run.until(lambda: pod.log.followers == 0)
            pod.log.write("nobody heard this")
            pod.delete()
            await run.until(lambda: run.recorder.logs is not None and run.recorder.logs.containers == 0)
        assert lines(run.trace) == pod.log.texts[:1]
        assert log_notes(run.trace, pod.stream()) == ["opened", "synced", "failed", "gap", "closed"]


async def test_another_pod_of_the_same_name_is_another_log(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        first = SidecarPod(api).runs()
        async with recording(api, tmp_path / "t.trace") as run:
            first.log.write("of the first")
            await read(run, 1)
            first.delete()
            second = SidecarPod(api).runs()
            second.log.write("of the second")
            await read(run, 2)
        assert first.stream() != second.stream()
        assert lines(run.trace, first.stream()) == first.log.texts
        assert lines(run.trace, second.stream()) == second.log.texts


async def test_a_forbidden_log_is_one_warning_and_is_read_once_it_is_allowed(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pods = [SidecarPod(api, f"csi-{number}").runs() for number in range(3)]
        allowed = [False]
        api.refuse(
            403, "/api/v1/namespaces/", times=10**9, when=lambda each: each.path.endswith("/log") and not allowed[0]
        )
        for pod in pods:
            pod.log.write("one", "two")
        async with recording(api, tmp_path / "t.trace") as run:
            await run.until(lambda: any("of 3 containers" in why for _, why in run.recorder.warnings()))
            [(what, why)] = run.recorder.warnings()
            assert what == "logs forbidden"
            assert "pods/log" in why and "volreel rbac" in why
            allowed[0] = True
            await read(run, 6)
            assert list(run.recorder.warnings()) == []
        for pod in pods:
            assert lines(run.trace, pod.stream()) == pod.log.texts
            assert log_notes(run.trace, pod.stream()).count("forbidden") == 1


async def test_a_silent_log_is_asked_for_again_without_a_word(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        pod.log.write("one")
        async with recording(api, tmp_path / "t.trace", pace=replace(FAST, log_silence_s=0.1)) as run:
            await api.seen(lambda each: each.path.endswith("/log"), count=4)
            pod.log.write("two")
            await read(run, 2)
        assert lines(run.trace) == pod.log.texts
        assert log_notes(run.trace, pod.stream()) == ["opened", "synced", "closed"]


async def test_a_bounded_rate_slows_a_log_and_drops_nothing(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        pod.log.write(*numbered(0, 1_500))
        async with recording(api, tmp_path / "t.trace", max_log_rate=5_000.0) as run:
            await read(run, 1_500)
        assert lines(run.trace) == pod.log.texts


async def test_a_log_that_never_ends_its_sentence_does_not_hold_up_another(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        chatty, quiet = SidecarPod(api, "chatty").runs(), SidecarPod(api, "quiet").runs()
        chatty.log.step_ns = 1000
        chatty.log.write(*numbered(0, 20_000))
        quiet.log.write("here I am")
        async with recording(api, tmp_path / "t.trace") as run:
            await read(run, 20_001)
        [place] = [number for number, (pod,) in enumerate(columns(run.trace, "pod")) if pod == "quiet"]
        assert place < 10_000


async def test_nothing_is_followed_without_logs(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        pod.log.write("one")
        async with recording(api, tmp_path / "t.trace", logs=False) as run:
            await run.synced(PODS)
        assert lines(run.trace) == []
        assert not [each for each in api.requests if each.path.endswith("/log")]


async def test_secrets_in_lines_do_not_reach_the_disk(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).runs()
        pod.log.write(
            'I1120 10:00:00.000000       1 server.go:1] gRPCCall: {"Method":"/csi.v1.Node/NodeStageVolume",'
            '"Request":{"volume_id":"v","secrets":{"userKey":"hunter1squeamish"}}}',
            "mount -o username=me,password=hunter2squeamish //server/share",
        )
        async with recording(api, tmp_path / "t.trace") as run:
            await read(run, 2)
        said = " ".join(map(str, lines(run.trace)))
        assert "NodeStageVolume" in said and "username=me" in said
        assert "squeamish" not in said


async def test_a_container_that_never_starts_has_no_gap(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod, unseen = SidecarPod(api, "waits"), SidecarPod(api, "no-status")
        pod.waits()
        async with recording(api, tmp_path / "t.trace") as run:
            for each in (pod, unseen):
                await run.until(lambda each=each: log_notes(run.trace, each.stream()) == ["opened"])
                each.delete()
                await run.until(lambda each=each: log_notes(run.trace, each.stream()) == ["opened", "closed"])
        assert "never started" in log_detail(run.trace, pod.stream(), "closed")


async def test_a_run_that_came_and_went_unseen_is_a_gap(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod = SidecarPod(api).waits()
        async with recording(api, tmp_path / "t.trace") as run:
            await run.until(lambda: log_notes(run.trace, pod.stream()) == ["opened"])
            pod.log.write("run 0, which nobody can have any more")
            pod.log.restart()
            pod.restarts().log.write("run 2")
            await run.until(lambda: len(lines(run.trace)) == 1)
        assert log_notes(run.trace, pod.stream(0)) == ["opened", "gap", "closed"]
