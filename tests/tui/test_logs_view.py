"""The view of the log lines, driven by keys."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from replay_driver import SHOWN_HOSTILE, Driver, replay
from small_trace import SmallTrace

from analysis.loglines import Wanted
from tui.line_list import LineList

STUCK = datetime(2026, 11, 23, 7, 42, 30, tzinfo=UTC)


def lines(driver: Driver) -> list[str]:
    return [line.rstrip() for line in driver.drawn(LineList)]


def wanted(driver: Driver) -> str:
    return driver.drawn("#wanted")[0].rstrip()


@pytest.fixture
def quiet(small: SmallTrace) -> SmallTrace:
    """Three lines, a gap before the last of them."""
    log = "log/default/csi-0/uid-csi/csi-attacher/0"
    small.log(1, "one", log).log(2, "two", log).note(30, "gap", "rotated away", log).log(40, "three", log)
    return small


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (160, 50)])
async def test_the_lines_of_the_volume_stand_around_the_cursor(stuck_attach, size):
    [volume] = stuck_attach.sql("select volume_id from volumes where label = 's10/d1'")["volume_id"]
    async with replay(stuck_attach, size, start=STUCK, view="logs", volume_id=volume) as driver:
        drawn = lines(driver)
        cursor = next(place for place, line in enumerate(drawn) if line.startswith("── cursor 07:42:30.000000"))
        assert drawn[cursor - 1].startswith("> 07:41:4")
        assert drawn[cursor + 1].startswith("  07:43:51")
        assert wanted(driver) == "lines that name s10/d1"
        assert all(len(line) <= size[0] for line in drawn)


async def test_scope_severity_component_and_expression_narrow_what_is_shown(stuck_attach):
    [volume] = stuck_attach.sql("select volume_id from volumes where label = 's10/d1'")["volume_id"]
    async with replay(stuck_attach, (160, 50), start=STUCK, view="logs", volume_id=volume) as driver:
        await driver.press("v")
        assert wanted(driver).startswith("logs that name s10/d1")
        await driver.press("v", "s", "s")
        assert wanted(driver) == "all lines · at least E"
        errors = [line for line in lines(driver) if line and "cursor" not in line]
        assert len(errors) == len(stuck_attach.log_lines(Wanted(severity="E")))
        await driver.press("home", "c")
        assert wanted(driver) == "all lines · of driver · at least E"
        await driver.press("slash")
        await driver.type("Exhausted|NotFound")
        of_errors = Wanted(component="driver", severity="E", pattern="Exhausted|NotFound")
        assert (
            len([line for line in lines(driver) if " E driver" in line]) == len(stuck_attach.log_lines(of_errors)) > 0
        )
        await driver.press("escape")
        assert wanted(driver) == "all lines"
        await driver.press("slash")
        await driver.type("(")
        assert "is no regular expression" in driver.drawn("#position")[0]
        assert wanted(driver) == "all lines"


async def test_enter_puts_the_cursor_on_the_line_and_the_view_follows_the_cursor(stuck_attach):
    async with replay(stuck_attach, start=STUCK, view="logs") as driver:
        await driver.press("down", "down")
        selected = next(line for line in lines(driver) if line.startswith("> "))
        await driver.press("enter")
        drawn = lines(driver)
        here = drawn.index(selected)
        assert drawn[here + 1].startswith("── cursor 07:4")
        await driver.press("g")
        await driver.type("100%")
        assert lines(driver)[-1].startswith("── cursor 07:44:25.906221")


async def test_home_and_end_reach_the_first_and_the_last_line_of_the_trace(stuck_attach):
    first, last = stuck_attach.sql("select min(seq), max(seq) from logs").row(0)
    async with replay(stuck_attach, start=STUCK, view="logs") as driver:
        await driver.press("v", "v", "home")
        assert driver.app.screen.selected.seq == first
        await driver.press("end")
        assert driver.app.screen.selected.seq == last
        await driver.press("up", "pagedown")
        assert driver.app.screen.selected.seq == last


async def test_a_gap_of_a_log_is_a_striped_line(quiet):
    async with replay(quiet.ended(), (160, 24), view="logs") as driver:
        drawn = lines(driver)
        assert [line[18:].split()[-1] for line in drawn if line.endswith(("one", "two", "three"))] == [
            "one",
            "two",
            "three",
        ]
        gap = next(line for line in drawn if "rotated away" in line)
        assert gap[2:5] == gap[-3:] == "///"
        await driver.press("end", "up")
        assert driver.drawn("#about")[0].startswith("gap: rotated away: lines of log/default/csi-0/uid-csi/csi-att")


async def test_hostile_lines_are_shown_and_never_obeyed(hostile):
    async with replay(hostile, (160, 50), view="logs") as driver:
        await driver.press("v", "v", "end", "up")
        assert sum(SHOWN_HOSTILE in line for line in lines(driver)) == 3
        assert not any(control in driver.screen() for control in "\x1b\x07")


async def test_a_trace_without_logs_and_one_without_anything_say_so(small, tmp_path):
    async with replay(SmallTrace(tmp_path / "e.trace").ended(), (40, 12), view="logs") as driver:
        assert lines(driver)[0] == "This trace is empty: nothing was"
        await driver.press("down", "enter", "v", "s", "c", "end")
    async with replay(small.note(0, "opened").ended(), (40, 12), view="logs") as driver:
        assert lines(driver)[0] == "This trace has no logs."
