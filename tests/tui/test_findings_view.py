"""The view of what went wrong, driven by keys."""

from __future__ import annotations

import pytest
from replay_driver import SHOWN_HOSTILE, replay

from tui.line_list import LineList


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (160, 50)])
async def test_causes_come_first_with_what_follows_from_them(stuck_attach, size):
    async with replay(stuck_attach, size, view="findings") as driver:
        lines = driver.drawn(LineList)
        assert lines[0].startswith("> ✖   s10/l3 on")
        assert lines[2].startswith("  !   hostpath.csi.")
        assert lines[3].startswith("  └ !   s10/d2 on")
        await driver.press("end")
        assert driver.drawn(LineList)[-1 if size[1] == 12 else 7].startswith("> ? no log of kubelet of lab-node-1")
        assert any(line.startswith("F17 ") for line in driver.drawn("#about"))
        await driver.press("home", "down")
        assert driver.drawn("#about")[0].startswith("error F10 the node cannot take another")
        assert all(len(line) <= size[0] for line in driver.drawn(LineList))


async def test_the_selected_one_is_told_with_cause_advice_and_evidence(stuck_attach):
    async with replay(stuck_attach, (160, 50), view="findings") as driver:
        about = driver.drawn("#about")
        assert about[1].startswith("s10/l3 on lab-node-1, attach, 2026-11-23 07:41:07 to ")
        assert about[2].startswith("No node has a free slot for the volume: 0/1 nodes are available")
        assert [line.split(":")[0] for line in about if ": " in line][-3:] == ["cause", "advice", "evidence"]


async def test_enter_goes_to_the_volume_at_the_instant_and_f_back_to_the_finding(stuck_attach):
    async with replay(stuck_attach, view="findings") as driver:
        await driver.press("down", "enter")
        assert driver.drawn("#volume")[0].startswith("s10/l4 ·")
        assert driver.drawn("#position")[0].startswith("2026-11-23 07:41:07")
        await driver.press("7")
        for key in ("F", "F", "f"):
            await driver.press(key)
        assert driver.drawn(LineList)[1].startswith("> ✖ ◆ s10/l4")
        await driver.press("f")
        assert driver.drawn(LineList)[2].startswith("> ! ◆ hostpath.csi")
        await driver.press("enter")
        assert driver.app.replay.place.instant == driver.app.screen.cursor.row.observed_at


async def test_hostile_text_is_shown_and_never_obeyed(hostile):
    async with replay(hostile, (160, 50), view="findings") as driver:
        assert SHOWN_HOSTILE[:20] in driver.drawn(LineList)[0]
        assert any(f"before the driver is asked: {SHOWN_HOSTILE}" in line for line in driver.drawn("#about"))
        await driver.press("end")
        assert f"log of kubelet of {SHOWN_HOSTILE}" in "".join(driver.drawn(LineList))
        assert not any(control in driver.screen() for control in "\x1b\x07")


async def test_an_empty_trace_has_a_clear_view_and_what_is_stopped_can_be_asked_again(small):
    async with replay(small.ended(), (40, 12), view="findings") as driver:
        assert driver.drawn(LineList)[0].startswith("Nothing found.")
        await driver.press("down", "enter", "end", "home", "x")
        driver.app.screen.show_refusal("findings", "the query was cancelled")
        assert driver.drawn(LineList)[0].startswith("the query was cancelled. Enter asks")
        await driver.press("enter")
        assert driver.drawn(LineList)[0].startswith("Nothing found.")
