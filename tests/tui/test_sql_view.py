"""The view that asks in SQL, driven by keys."""

from __future__ import annotations

import pytest
from replay_driver import HOSTILE, SHOWN_HOSTILE, replay
from small_trace import claim

from tui.dialogs import TextDialog
from tui.query_editor import CandidateList, QueryEditor
from tui.row_table import RowTable
from tui.sql_screen import SqlScreen

ENDLESS = "select count(*) from range(1000000) as a, range(1000000) as b where hash(a.range, b.range) = 7"


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (160, 50)])
async def test_a_query_is_completed_run_and_its_rows_are_shown(stuck_attach, size):
    async with replay(stuck_attach, size, view="sql") as driver:
        await driver.press(*"from", "space", *"pha")
        assert driver.drawn(CandidateList)[0].split()[:2] == ["phases", "model"]
        await driver.press("tab", "space", *"where", "space", *"durat")
        assert driver.drawn(CandidateList)[0].split()[:2] == ["duration_us", "bigint"]
        await driver.press("tab", "space", *"is", "space", *"not", "space", *"null", "enter")
        assert driver.drawn(RowTable)[0].split()[0] == "volume_id"
        rows = stuck_attach.sql("from phases where duration_us is not null")
        assert f"{rows.height} rows in" in "".join(driver.drawn("#told"))
        await driver.press("down", "enter")
        assert isinstance(driver.app.screen, TextDialog)
        assert f"evidence_to: {rows['evidence_to'][1]}" in driver.screen()
        await driver.press("escape", "right", "right")
        assert driver.drawn(RowTable)[0].split()[0] != "volume_id"


async def test_an_error_is_one_line_and_nothing_but_reading_is_done(stuck_attach):
    async with replay(stuck_attach, view="sql") as driver:
        for query, why in (
            ("selec 1", "syntax error"),
            ("from nowhere", "nowhere does not exist"),
            ("drop view objects", "only one SELECT can be run"),
            ("from read_text('/etc/passwd')", "the query failed"),
        ):
            driver.app.screen.query_one(QueryEditor).text = query
            await driver.press("enter")
            assert why in driver.drawn("#told")[0]
            assert driver.app.screen.query_one(QueryEditor).has_focus


async def test_a_long_query_shows_that_it_runs_and_is_stopped(stuck_attach):
    async with replay(stuck_attach, view="sql") as driver:
        screen = driver.app.screen
        assert isinstance(screen, SqlScreen)
        screen.query_one(QueryEditor).text = ENDLESS
        await driver.pilot.press("enter")
        await driver.until(lambda: "Escape stops it" in driver.drawn("#told")[0])
        await driver.press("escape")
        assert "the query was cancelled" in driver.drawn("#told")[0]
        assert screen.query_one(QueryEditor).text == ENDLESS


async def test_queries_run_before_are_recalled(stuck_attach):
    async with replay(stuck_attach, view="sql") as driver:
        editor = driver.app.screen.query_one(QueryEditor)
        for query in ("select 1", "select 2"):
            editor.text = query
            editor.focus()
            await driver.press("enter")
        await driver.press("tab", "up", "up")
        assert editor.text == "select 1"
        await driver.press("down")
        assert editor.text == "select 2"
        await driver.press("escape", "y")
        assert "'select 2'" in driver.screen()


async def test_hostile_text_is_shown_and_never_obeyed(small):
    small.observe(1, "ADDED", claim(HOSTILE))
    async with replay(small.ended(), (160, 50), view="sql") as driver:
        driver.app.screen.query_one(QueryEditor).text = f'select name as "{HOSTILE}", name from objects'
        await driver.press("enter")
        assert [SHOWN_HOSTILE in line for line in driver.drawn(RowTable)[:2]] == [True, True]
        await driver.press("enter")
        assert SHOWN_HOSTILE in driver.screen()
        assert not any(control in driver.screen() for control in "\x1b\x07")


async def test_an_empty_trace_can_be_asked(small):
    async with replay(small.ended(), (40, 12), view="sql") as driver:
        driver.app.screen.query_one(QueryEditor).text = "from objects"
        await driver.press("enter", "enter", "right", "down", "x", "escape")
        assert "0 rows" in driver.drawn("#told")[0]
