"""The view of how long each step takes, driven by keys."""

from __future__ import annotations

import pytest
from small_trace import SmallTrace, claim
from tui_pilot import driving, shown

from tui.distribution_chart import DistributionChart
from tui.row_table import RowTable
from tui.volume_screen import VolumeScreen

HOSTILE = "\x1b[2J[red]x[/red]\x07"


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (160, 50)])
async def test_the_slowest_volume_of_a_step_is_two_keys_away(stuck_attach, size):
    async with driving(stuck_attach, size) as (pilot, press):
        await press("6")
        table, chart = pilot.app.screen.query_one(RowTable), pilot.app.screen.query_one(DistributionChart)
        steps = shown(table)
        assert [line.split()[0] for line in steps[:2]] == ["step", ">"]
        while "attach_queue" not in shown(table)[1 + table.index - table.top]:
            await press("down")
        # As `volreel latency` says: p50 27.5 ms, bounded below alone; p95 2m03s.
        assert "27.5ms" in shown(table)[1 + table.index - table.top]
        assert all(len(line) <= size[0] for line in (*shown(table), *shown(chart)))
        if size[1] >= 24:
            p50, p95 = (next(line for line in shown(chart) if line.startswith(name)) for name in ("p50", "p95"))
            assert "├" in p50
            assert p50.index("●") < p95.index("●")
        await press("enter")
        assert shown(table)[1].split()[:3] == [">", "s10/d2", "2m03s"]
        await press("escape")
        assert shown(table)[0] == steps[0]
        await press("enter", "enter")
        assert isinstance(pilot.app.screen, VolumeScreen)
        assert "s10/d2" in pilot.app.export_screenshot()


async def test_b_tells_steps_apart_and_y_gives_the_command(stuck_attach):
    async with driving(stuck_attach) as (pilot, press):
        await press("6", "b", "b")
        assert "hostpath.csi.k8s.io" in shown(pilot.app.screen.query_one(RowTable))[1]
        await press("y")
        assert "--by driver" in pilot.app.export_screenshot().replace("&#160;", " ")


async def test_a_trace_without_steps_says_so_and_no_key_breaks_it(tmp_path):
    async with driving(SmallTrace(tmp_path / "e.trace").ended(), (40, 12)) as (pilot, press):
        await press("6")
        assert shown(pilot.app.screen.query_one(RowTable)) == ["No step of any volume is known."]
        await press("enter", "b", "down", "end", "x", "y", "escape", "escape")


async def test_hostile_names_are_shown_and_never_obeyed(tmp_path):
    small = (
        SmallTrace(tmp_path / "h.trace").observe(1, "ADDED", claim(HOSTILE)).observe(5, "MODIFIED", claim(HOSTILE, 2))
    )
    async with driving(small.ended(), (160, 50)) as (pilot, press):
        await press("6", "enter")
        lines = shown(pilot.app.screen.query_one(RowTable))
        assert r"\x1b[2J[red]x[/red]\x07" in lines[1]
        assert not any(control in line for line in lines for control in "\x1b\x07")
