"""The view of the worlds, driven by keys."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from replay_driver import SHOWN_HOSTILE, Driver, replay

from analysis.places import drifting, not_known, places
from analysis.worlds import Standing, standing
from tui.line_list import LineList
from tui.worlds_screen import WorldsScreen

STUCK = datetime(2026, 11, 23, 7, 42, 30, tzinfo=UTC)


def shown(driver: Driver) -> Standing:
    screen = driver.app.screen
    assert isinstance(screen, WorldsScreen)
    assert screen.standing is not None
    return screen.standing


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (160, 50)])
async def test_the_drift_comes_first_and_the_last_error_is_told(stuck_attach, size):
    async with replay(stuck_attach, size, start=STUCK, view="worlds") as driver:
        lines = driver.drawn(LineList)
        assert lines[0].startswith("not known: the log of the kubelet on")
        assert lines[1].startswith("drift: 2")
        assert lines[2].startswith("  - s10/d2")
        assert "41.2s" in lines[2]
        assert lines[3].startswith("  + s10/d1")
        assert lines[4].startswith("lab-node-1: 4 volumes, 2 drifting")
        await driver.press("down")
        assert driver.drawn(LineList)[2].startswith("> - s10/d2")
        assert driver.drawn("#about")[0].startswith("s10/d2 on lab-node-1: missing (")
        assert all(len(line) <= size[0] for line in driver.drawn(LineList))


async def test_a_whole_trace_played_at_full_speed_ends_in_the_worlds_of_its_end(stuck_attach):
    async with replay(stuck_attach, view="worlds") as driver:
        await driver.press(*["plus"] * 9, "space")
        await driver.until(lambda: not driver.app.replay.pace.is_playing)
        await driver.settled()
        end = standing(stuck_attach, stuck_attach.summary().last_at)
        assert shown(driver).at == end.at
        assert places(shown(driver)) == places(end)
        assert drifting(shown(driver)) == drifting(end)
        assert not_known(shown(driver)) == not_known(end)


async def test_the_worlds_change_as_the_cursor_moves_and_the_line_stays_selected(stuck_attach):
    async with replay(stuck_attach, start=STUCK, view="worlds") as driver:
        await driver.press("down", "down")
        assert driver.drawn("#about")[0].startswith("s10/d1 on lab-node-1: left over")
        await driver.press("g")
        await driver.type("+1s")
        assert shown(driver).at == STUCK.replace(second=31)
        assert "left over (attach, mount) for 40." in driver.drawn("#about")[0]
        await driver.press("enter")
        assert driver.drawn("#volume")[0].startswith("s10/d1 ·")
        await driver.press("5")
        assert driver.drawn("#about")[0].startswith("s10/d1 on lab-node-1")


async def test_hostile_names_are_shown_and_never_obeyed(hostile):
    async with replay(hostile, (160, 50), view="worlds") as driver:
        await driver.press("g")
        await driver.type("100%")
        await driver.press("down")
        lines = driver.drawn(LineList)
        assert any(line.startswith(f"> - {SHOWN_HOSTILE[:30]}") for line in lines)
        assert any(line.startswith(f"{SHOWN_HOSTILE}: 1 volume, 1 drifting") for line in lines)
        assert SHOWN_HOSTILE in driver.drawn("#about")[0]
        assert not any(control in driver.screen() for control in "\x1b\x07")


async def test_an_empty_trace_says_so(small):
    async with replay(small.ended(), (40, 12), view="worlds") as driver:
        assert driver.drawn(LineList)[0].startswith("This trace is empty: nothing was")
        await driver.press("down", "enter", "space", "right", "x")
        assert driver.drawn(LineList)[0].startswith("This trace is empty: nothing was")


async def test_what_was_never_watched_is_not_known(small):
    async with replay(small.log(1, "hello").ended(), view="worlds") as driver:
        lines = driver.drawn(LineList)
        assert lines[0].startswith("not known: csidrivers (not recorded then)")
        assert any(line.startswith("no drift: as far as is known") for line in lines)
