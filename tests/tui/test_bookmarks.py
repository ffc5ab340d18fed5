from __future__ import annotations

import os

import pytest
from replay_driver import HOSTILE, SHOWN_HOSTILE, replay
from small_trace import SmallTrace, claim, instant

from analysis import open_trace
from analysis.landmarks import Spot
from tracer.errors import VolreelError
from tui.bookmarks import Bookmark, Bookmarks


@pytest.fixture
def path(small: SmallTrace):
    return small.observe(1, "ADDED", claim("a")).observe(9, "ADDED", claim("b")).ended()


async def test_a_bookmark_is_kept_with_its_note_and_jumped_to(path):
    async with replay(path, view="history") as driver:
        await driver.press("right", "m")
        await driver.type("here it began")
        assert "kept in" in driver.screen()
        driver.app.replay.bookmarks.add(Bookmark(Spot(instant(2), None), HOSTILE))
        await driver.press("home", "apostrophe")
        assert SHOWN_HOSTILE in driver.screen()
        assert "here it began" in driver.screen()
        await driver.press("down", "enter")
        assert driver.app.replay.place.spot == Spot(instant(9), 1)


def test_bookmarks_are_there_for_everyone_who_opens_the_trace_and_bad_lines_are_passed_over(path):
    with open_trace(path) as trace:
        for at, note in ((9, "b"), (1, "a")):
            Bookmarks(trace).add(Bookmark(Spot(instant(at), None), note))
        with path.with_name("small.trace.bookmarks").open("a") as lines:
            lines.write('{"at": 1}\nnull\n{"at": "2026-11-23T07:00:00", "seq": 1, "note": ""}\n[]\n')
        assert [bookmark.note for bookmark in Bookmarks(trace).all()] == ["a", "b"]


def test_where_the_file_cannot_be_written_they_are_kept_with_the_user(path, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path.with_name("small.trace.bookmarks").mkdir()
    with open_trace(path) as trace:
        kept = Bookmarks(trace).add(Bookmark(Spot(instant(1), None), "a"))
        assert kept.is_relative_to(tmp_path / "data")
        assert len(Bookmarks(trace).all()) == 1


def test_without_a_place_for_them_that_is_said(path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", os.devnull)
    path.with_name("small.trace.bookmarks").mkdir()
    with open_trace(path) as trace, pytest.raises(VolreelError, match="can be written"):
        Bookmarks(trace).add(Bookmark(Spot(instant(1), None), "a"))
