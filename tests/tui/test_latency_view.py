"""The view of how long each step takes, driven by keys."""

from __future__ import annotations

import pytest
from replay_driver import HOSTILE, SHOWN_HOSTILE, Driver, replay
from small_trace import claim

from tui.distribution_chart import DistributionChart
from tui.row_table import RowTable
from tui.volume_screen import VolumeScreen


def selected(driver: Driver) -> str:
    """The row of the table that is selected."""
    return next(line for line in driver.drawn(RowTable) if line.startswith(">"))


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (160, 50)])
async def test_the_slowest_volume_of_a_step_is_two_keys_away(stuck_attach, size):
    async with replay(stuck_attach, size, view="latency") as driver:
        header = driver.drawn(RowTable)[0]
        assert header.split()[0] == "step"
        while "attach_queue" not in selected(driver):
            await driver.pilot.press("down")
        # As `volreel latency` says: p50 27.5 ms, bounded below alone; p95 2m03s.
        assert "27.5ms" in selected(driver)
        if size[1] >= 24:
            p50, p95 = (
                next(line for line in driver.drawn(DistributionChart) if line.startswith(name))
                for name in ("p50", "p95")
            )
            assert "├" in p50
            assert p50.index("●") < p95.index("●")
        await driver.press("enter")
        assert selected(driver).split()[:3] == [">", "s10/d2", "2m03s"]
        await driver.press("escape")
        assert driver.drawn(RowTable)[0] == header
        await driver.press("enter")
        await driver.press("enter")
        assert isinstance(driver.app.screen, VolumeScreen)
        assert "s10/d2" in driver.screen()


async def test_b_tells_steps_apart_and_y_gives_the_command(stuck_attach):
    async with replay(stuck_attach, view="latency") as driver:
        await driver.press("b")
        await driver.press("b")
        assert "hostpath.csi.k8s.io" in selected(driver)
        await driver.press("y")
        assert "--by driver" in " ".join(driver.screen().split())


async def test_a_trace_without_steps_says_so_and_no_key_breaks_it(small):
    async with replay(small.ended(), (40, 12), view="latency") as driver:
        assert driver.drawn(RowTable)[0].startswith("No step of any volume is known.")
        for key in ("enter", "b", "down", "end", "x", "y", "escape", "escape"):
            await driver.press(key)


async def test_hostile_names_are_shown_and_never_obeyed(small):
    small.observe(1, "ADDED", claim(HOSTILE)).observe(5, "MODIFIED", claim(HOSTILE, 2))
    async with replay(small.ended(), (160, 50), view="latency") as driver:
        await driver.press("enter")
        assert SHOWN_HOSTILE[:24] in selected(driver)
        assert not any(control in driver.screen() for control in "\x1b\x07")
