from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from analysis.instants import NotAnInstant, distance, go_to, length

FIRST = datetime(2026, 11, 23, 23, 50, tzinfo=UTC)
LAST = datetime(2026, 11, 24, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "minutes"),
    [
        ("23:55", 5),
        ("23:55:30", 5.5),
        ("0:05:00", 15),
        ("2026-11-23T23:51:00Z", 1),
        ("2026-11-24T01:01:00+01:00", 11),
        ("2026-11-23 23:52", 2),
        ("50%", 10),
        ("0 %", 0),
        ("250%", 20),
        ("+5m", 5),
        ("-30s", 19.5),
        ("+1m30s", 1.5),
        ("+90", 1.5),
        ("-3h", 0),
        (" 23:51 ", 1),
        ("12:00", 0),
    ],
)
def test_words_name_an_instant_inside_the_trace(words, minutes):
    assert go_to(words, FIRST, LAST) == FIRST + timedelta(minutes=minutes)


def test_distances_count_from_the_cursor():
    cursor = FIRST + timedelta(minutes=10)
    assert go_to("+30s", FIRST, LAST, cursor) == cursor + timedelta(seconds=30)
    assert go_to("-2m", FIRST, LAST, cursor) == cursor - timedelta(minutes=2)


@pytest.mark.parametrize(
    "words", ["noon", "", "25:00", "+", "5 minutes", "%", "1:2:3:4", "+99999999999999d", "x" * 999]
)
def test_other_words_are_no_time(words):
    with pytest.raises(NotAnInstant, match="is no time"):
        go_to(words, FIRST, LAST)


def test_an_empty_trace_has_no_instants():
    assert go_to("50%", None, None) is None
    assert go_to("23:55", None, None) is None


def test_lengths_are_short():
    told = [length(seconds) for seconds in (0, 0.25, 12.5, 185, 7620, 273_600)]
    assert told == ["0ms", "250ms", "12.5s", "3m05s", "2h07m", "3d04h"]
    assert [distance(seconds) for seconds in (0, -3.2, 307)] == ["", "-3.2s", "+5m07s"]
