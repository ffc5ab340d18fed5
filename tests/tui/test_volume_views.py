"""The views of all volumes and of one, driven by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from small_trace import SmallTrace, claim
from textual.pilot import Pilot
from textual.widgets import Static

from analysis import open_trace
from tui.app import ReplayApp
from tui.history_screen import HistoryScreen
from tui.volume_chart import VolumeChart
from tui.volume_table import VolumeTable

SAMPLES = Path(__file__).parents[2] / "sample_traces"
HOSTILE = "\x1b[2J[red]x[/red]\x07"


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    for _ in range(3):  # an answer may ask the next question
        while not all(worker.is_finished for worker in pilot.app.workers):
            await pilot.pause()
        await pilot.pause()


@asynccontextmanager
async def opened(path: Path, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[None]]:
    with open_trace(path) as trace:
        async with ReplayApp(trace, trace.summary()).run_test(size=size) as pilot:
            await press(pilot)
            yield pilot


def drawn(pilot: Pilot[None], kind: type[VolumeTable] | type[VolumeChart]) -> list[str]:
    return str(pilot.app.screen.query_one(kind).render()).split("\n")


def text(pilot: Pilot[None], name: str) -> str:
    return str(pilot.app.screen.query_one(f"#{name}", Static).content)


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (160, 50)])
async def test_a_volume_is_found_opened_and_its_evidence_shown_in_history(size):
    async with opened(SAMPLES / "stuck-attach.trace", size) as pilot:
        assert any("s10/d2" in line for line in drawn(pilot, VolumeTable))
        await press(pilot, "slash", *"s10/d2", "enter")
        assert text(pilot, "listed").startswith("1 of ")
        await press(pilot, "enter")
        assert text(pilot, "volume").startswith("s10/d2 · deleted")
        assert "attacher queue" in text(pilot, "blame")
        assert any("hand_over" in line and line.startswith("> ") for line in drawn(pilot, VolumeChart))
        assert "began: claim_created" in text(pilot, "evidence")
        assert "seq 1901" in text(pilot, "evidence")
        assert all(len(line) <= size[0] for line in drawn(pilot, VolumeChart))
        await press(pilot, "enter")
        screen = pilot.app.screen
        assert isinstance(screen, HistoryScreen)
        assert screen.cursor.row is not None
        assert screen.cursor.row.seq == 1901
        await press(pilot, "2")
        assert any("│" in line for line in drawn(pilot, VolumeChart))


async def test_conditions_choose_and_what_is_none_is_told(tmp_path):
    async with opened(SAMPLES / "stuck-attach.trace") as pilot:
        await press(pilot, "slash", *"slowest>2m", "enter")
        assert [line[2:8] for line in drawn(pilot, VolumeTable)[1:]] == ["s10/d1", "s10/d2", "s10/d3"]
        await press(pilot, "slash", "end", "x", "enter")
        assert "is no length of time" in text(pilot, "listed")
        await press(pilot, "escape", "s")
        assert "sorted by volume" in text(pilot, "listed")


async def test_hostile_names_are_shown_and_never_obeyed(tmp_path):
    small = SmallTrace(tmp_path / "h.trace").observe(1, "ADDED", claim(HOSTILE))
    async with opened(small.ended(), (160, 50)) as pilot:
        lines = drawn(pilot, VolumeTable)
        await press(pilot, "enter")
        shown = [*lines, *drawn(pilot, VolumeChart), text(pilot, "volume"), text(pilot, "evidence")]
        assert r"\x1b[2J[red]x[/red]\x07" in lines[1]
        assert r"\x1b[2J[red]x[/red]\x07" in text(pilot, "volume")
        assert not any(control in line for line in shown for control in "\x1b\x07")


async def test_a_trace_without_volumes_says_so(tmp_path):
    async with opened(SmallTrace(tmp_path / "e.trace").ended(), (40, 12)) as pilot:
        assert drawn(pilot, VolumeTable)[0].startswith("This trace knows of no volume.")
        await press(pilot, "enter", "2")
        assert drawn(pilot, VolumeChart)[0].startswith("No volume is open")
