from __future__ import annotations

from bisect import bisect_left, bisect_right

from hypothesis import given, settings
from hypothesis import strategies as st
from small_trace import instant

from analysis.log_rows import LogGap
from tui.log_stretch import MOST, ROWS, LogStretch, Searched

LAST = 300_000
EVERY = [40, 400, 30_000, LAST + 1]
"""How far the wanted rows of a part of the trace lie from each other."""


def trace_of(parts: list[int]) -> list[LogGap]:
    """A trace in which each part, as long as the others, has its own density of wanted rows."""
    length = LAST // len(parts)
    seqs = [seq for part, every in enumerate(parts) for seq in range(part * length, (part + 1) * length, every)]
    return [LogGap(seq, instant(seq / 1000), "log/a/b/c/d/0", "") for seq in seqs]


def found_by(stretch: LogStretch, trace: list[LogGap], seq: int) -> int:
    """Look through the trace until nothing is missing; how often that was."""
    looks = 0
    while searched := stretch.missing(seq, LAST):
        begin, end = (bisect_left(trace, each, key=lambda row: row.seq) for each in (searched.first, searched.last + 1))
        stretch.take(searched, trace[begin:end], seq)
        looks += 1
    return looks


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(EVERY), min_size=1, max_size=4), st.lists(st.integers(0, LAST), min_size=1, max_size=4))
def test_wherever_a_reader_goes_the_rows_around_are_those_of_the_trace(parts, places):
    trace, stretch = trace_of(parts), LogStretch()
    for seq in places:
        found_by(stretch, trace, seq)
        here, held = bisect_right(trace, seq, key=lambda row: row.seq), stretch.index(seq)
        assert list(stretch.rows[max(0, held - ROWS) : held]) == trace[max(0, here - ROWS) : here]
        assert list(stretch.rows[held : held + ROWS]) == trace[here : here + ROWS]
        assert len(stretch.rows) <= MOST
        assert stretch.holds(seq)


def test_what_is_dense_is_found_at_once_and_what_there_is_none_of_in_few_looks():
    assert found_by(LogStretch(), trace_of([40]), 100_000) <= 6
    assert found_by(LogStretch(), [], 100_000) < 20


def test_an_instant_is_known_between_two_rows_that_are_held():
    stretch, trace = LogStretch(), trace_of([400])
    found_by(stretch, trace, 40_000)
    assert stretch.seq_at(instant(40.1)) == 40_000
    assert stretch.seq_at(instant(299)) is None


def test_rows_that_are_not_beside_what_is_held_take_its_place():
    stretch = LogStretch()
    stretch.take(Searched(0, 10), [], 5)
    stretch.take(Searched(100, 110), [], 105)
    assert not stretch.holds(5)
    assert stretch.holds(105)
