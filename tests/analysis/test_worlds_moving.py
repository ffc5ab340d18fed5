"""Worlds that are asked for one instant after the other are those that are asked for alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from small_trace import SmallTrace, claim, instant

from analysis import open_trace
from analysis.trace import Trace
from analysis.worlds import Standing, Worlds, standing

SAMPLE = Path(__file__).parents[2] / "sample_traces" / "stuck-attach.trace"


@pytest.fixture(scope="module")
def stuck(kept_models: None) -> Iterator[Trace]:
    with open_trace(SAMPLE) as trace:
        yield trace


def assert_same(moving: Standing, alone: Standing) -> None:
    assert moving.at == alone.at
    for frame in ("unwatched", "drift", "entries"):
        assert getattr(moving, frame).equals(getattr(alone, frame), null_equal=True), frame


def test_at_and_around_each_change_of_a_recorded_trace(stuck):
    changes = stuck.sql("select valid_from from attach_actual union select from_at from drift order by all")
    worlds = Worlds(stuck)
    for at in changes["valid_from"][::4]:
        for moment in (at, at - timedelta(microseconds=1)):
            assert_same(worlds.at(moment), standing(stuck, moment))


def test_what_is_not_watched_comes_and_goes(tmp_path):
    small = SmallTrace(tmp_path / "gap.trace").note(0, "opened").note(1, "synced").observe(2, "ADDED", claim())
    small.note(30, "gap", "410 Gone").note(33, "relisted").observe(40, "MODIFIED", claim(version=2)).note(50, "closed")
    with open_trace(small.ended()) as trace:
        worlds = Worlds(trace)
        for seconds in (0, 0.5, 1, 2, 29, 30, 31, 33, 34, 49, 50):
            moving = worlds.at(instant(seconds))
            assert_same(moving, standing(trace, instant(seconds)))
            is_known = "persistentvolumeclaims" not in moving.unwatched["source"]
            assert is_known == (1 <= seconds <= 2 or seconds >= 33), seconds
