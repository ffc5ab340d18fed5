"""Kubelets' logs, asked for again and again: each line once, or a gap; and what keeps them from being had."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web
from fake_api import NODES, PODS, FakeApi
from fake_kubelet import FakeKubelet, listing, refusal
from log_pods import SidecarPod, columns, lines, log_detail, log_notes
from recording_run import Run, recording

STREAM = "log//n1//kubelet/0"


async def read(run: Run, count: int) -> None:
    """The recorder has so many lines, and they are durable."""
    await run.until(lambda: run.recorder.log_counts.lines >= count)
    writer = run.recorder.sink.writer
    await run.until(lambda: not writer.pending_rows and not writer.owes_commit)


async def asked_again(run: Run, kubelet: FakeKubelet, times: int = 3) -> None:
    before = kubelet.asked
    await run.until(lambda: kubelet.asked >= before + times)


async def test_each_line_is_read_once_however_often_it_is_asked_for(tmp_path: Path) -> None:
    async with FakeApi(NODES) as api:
        kubelet = FakeKubelet(api).write("I1120 10:00:00.000000     812 kubelet.go:1] up", "two\nlines", "")
        kubelet.write("Stopping kubelet.service", who="systemd[1]")
        async with recording(api, tmp_path / "t.trace", kubelet_logs=True) as run:
            await read(run, 5)
            await asked_again(run, kubelet)
            kubelet.write("same", "same", after_us=0).write("later")
            await read(run, 8)
            await asked_again(run, kubelet)
        assert lines(run.trace) == kubelet.texts
        assert log_notes(run.trace, STREAM) == ["opened", "synced", "closed"]
        assert set(columns(run.trace, "stream", "component", "container", "node", "pod")) == {
            (STREAM, "kubelet", "kubelet", "n1", None)
        }


async def test_nobody_asks_unless_told_to(tmp_path: Path) -> None:
    async with FakeApi(NODES, PODS) as api:
        kubelet, pod = FakeKubelet(api).write("private"), SidecarPod(api).runs()
        pod.log.write("public")
        async with recording(api, tmp_path / "t.trace") as run:
            await run.synced(NODES)
            await read(run, 1)
        assert kubelet.asked == 0
        assert lines(run.trace) == pod.log.texts


async def test_a_killed_recorder_goes_on_behind_its_last_line(tmp_path: Path) -> None:
    async with FakeApi(NODES, PODS) as api:
        kubelet = FakeKubelet(api)
        for number in range(3):
            kubelet.write(f"line {number}", "and another", after_us=number)
            async with recording(api, tmp_path / "t.trace", resume=True, crash=True, kubelet_logs=True) as run:
                await read(run, 2)
        kubelet.write("last")
        async with recording(api, tmp_path / "t.trace", resume=True) as run:  # without: nothing is said of them
            await run.synced(PODS)
        async with recording(api, tmp_path / "t.trace", resume=True, kubelet_logs=True) as run:
            await read(run, 1)
        assert lines(run.trace) == kubelet.texts
        assert "gap" not in log_notes(run.trace, STREAM)


@pytest.mark.parametrize("zone_h", [-12, -5, 5.5, 14])
async def test_a_node_in_another_zone_loses_and_doubles_nothing(tmp_path: Path, zone_h: float) -> None:
    async with FakeApi(NODES) as api:
        kubelet = FakeKubelet(api, zone_s=int(zone_h * 3600)).write(
            *(f"hour {n}" for n in range(30)), after_us=3600 * 10**6
        )
        async with recording(api, tmp_path / "t.trace", kubelet_logs=True) as run:
            for number in range(1, 5):
                await read(run, 29 + number)
                await asked_again(run, kubelet)
                kubelet.write(f"later {number}")
            await read(run, 34)
        assert lines(run.trace) == kubelet.texts
        assert "gap" not in log_notes(run.trace, STREAM)


async def test_what_the_journal_has_forgotten_is_a_gap(tmp_path: Path) -> None:
    async with FakeApi(NODES) as api:
        kubelet = FakeKubelet(api).write("seen")
        async with recording(api, tmp_path / "t.trace", kubelet_logs=True) as run:
            await read(run, 1)
            kubelet.vacuum()
            kubelet.write("later", after_us=10**9)
            await read(run, 2)
        assert lines(run.trace) == kubelet.texts
        assert log_notes(run.trace, STREAM) == ["opened", "synced", "gap", "relisted", "closed"]


async def test_an_answer_that_is_cut_off_goes_on_with_the_next(tmp_path: Path) -> None:
    async with FakeApi(NODES) as api:
        kubelet = FakeKubelet(api).write(*(f"line {number}" for number in range(20)), after_us=10**7)
        kubelet.cut = 300  # the kubelet stops journalctl after 30 s, in the middle of a line
        async with recording(api, tmp_path / "t.trace", kubelet_logs=True) as run:
            await read(run, 20)
        assert lines(run.trace) == kubelet.texts


async def test_a_line_of_december_that_is_read_in_january_is_of_the_year_before(tmp_path: Path) -> None:
    async with FakeApi(NODES) as api:
        kubelet = FakeKubelet(api)
        kubelet.write("old year", after_us=41 * 86_400 * 10**6).write("new year", after_us=86_400 * 10**6)
        async with recording(api, tmp_path / "t.trace", kubelet_logs=True) as run:
            await read(run, 2)
        assert [str(line)[:10] for line in lines(run.trace)] == ["2026-12-31", "2027-01-01"]


@pytest.mark.parametrize(
    ("answer", "what", "word"),
    [
        (lambda: refusal(403), "forbidden", "volreel rbac --kubelet-logs"),
        (lambda: refusal(404), "absent", "NodeLogQuery"),
        (listing, "absent", "<pre>"),
        (lambda: web.Response(text="\nlog not found for kubelet\n"), "absent", "log not found for kubelet"),
        (lambda: refusal(503), "failed", "503"),
    ],
)
async def test_why_a_log_cannot_be_had_is_said_once(
    tmp_path: Path, answer: Callable[[], web.Response], what: str, word: str
) -> None:
    async with FakeApi(NODES) as api:
        kubelet = FakeKubelet(api).write("at last")
        kubelet.refuses = answer()
        async with recording(api, tmp_path / "t.trace", kubelet_logs=True) as run:
            await run.until(lambda: kubelet.asked >= 1)
            kubelet.refuses = answer()
            await run.until(lambda: [each for each, _ in run.recorder.warnings()] == [f"kubelet logs {what}"])
            kubelet.refuses = None
            await read(run, 1)
            assert not list(run.recorder.warnings())
        assert lines(run.trace) == kubelet.texts
        assert log_notes(run.trace, STREAM) == ["opened", what, "synced", "closed"]
        assert word in log_detail(run.trace, STREAM, what)


async def test_a_node_that_goes_and_comes_back_is_read_on(tmp_path: Path) -> None:
    async with FakeApi(NODES) as api:
        kubelet = FakeKubelet(api).write("before")
        async with recording(api, tmp_path / "t.trace", kubelet_logs=True) as run:
            await read(run, 1)
            kubelet.delete()
            await run.until(lambda: log_notes(run.trace, STREAM)[-1:] == ["closed"])
            kubelet.write("while it was gone")
            api.put(NODES, kubelet.name)
            await read(run, 2)
        assert lines(run.trace) == kubelet.texts
        assert log_notes(run.trace, STREAM) == ["opened", "synced", "gap", "closed", "opened", "resumed", "closed"]


async def test_a_node_that_does_not_answer_holds_up_no_other(tmp_path: Path) -> None:
    hang = asyncio.Event()

    async def hanging(request: web.Request) -> web.Response | None:
        if "/nodes/dead-" in request.path:
            await hang.wait()
        return None

    async with FakeApi(NODES) as api:
        api.answer(hanging)
        for number in range(40):
            api.put(NODES, f"dead-{number}")
        kubelet = FakeKubelet(api).write("alive")
        async with recording(api, tmp_path / "t.trace", kubelet_logs=True) as run:
            await read(run, 1)
            kubelet.write("and well")
            await read(run, 2)
            hang.set()
        assert lines(run.trace, STREAM) == kubelet.texts
