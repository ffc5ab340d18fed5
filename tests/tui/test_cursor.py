from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from small_trace import instant

from analysis.history import HistoryRow
from analysis.landmarks import Spot
from tui.cursor import ROWS, Cursor

TRACE = [HistoryRow(number * 3, instant(number), "v1/pods", "ADDED", "Pod", "n", "p", None) for number in range(1000)]


def around(number: int) -> list[HistoryRow]:
    """What a trace of these rows answers: so many before with the row itself, as many after."""
    return TRACE[max(0, number + 1 - ROWS) : number + 1 + ROWS]


@given(st.integers(0, 999), st.lists(st.integers(-300, 300), max_size=20))
def test_steps_lead_where_they_should_however_late_the_rows_come(start, steps):
    cursor = Cursor()
    cursor.jump(around(start), start * 3)
    expected = start
    for step in steps:
        expected = max(0, min(expected + step, 999))
        cursor.step(step)
        while cursor.needs_rows:
            assert cursor.row
            cursor.refill(around(cursor.row.seq // 3), cursor.row.seq)
    assert cursor.row == TRACE[expected]


def test_steps_wait_for_the_first_rows():
    cursor = Cursor()
    cursor.step(1)
    cursor.refill(around(5), 15)
    assert cursor.row == TRACE[6]


def test_an_instant_is_reached_where_its_row_is_held():
    cursor = Cursor()
    cursor.jump(around(0), 0)
    assert cursor.reach(Spot(instant(7.5), None))
    assert cursor.row == TRACE[7]
    assert not cursor.reach(Spot(instant(900), None))
    assert cursor.row == TRACE[7]
