from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tracer.inspection.coverage import SEEN, around, assumed, covered, share
from tracer.trace.schema import WHATS


def sorted_by_time(found):
    return sorted(found, key=lambda mark: mark[0])


marks = st.lists(st.tuples(st.integers(0, 1000), st.sampled_from([*WHATS, SEEN]))).map(sorted_by_time)


def test_a_recording_is_covered_from_synced_to_closed():
    assert covered([(1, "opened"), (2, "synced"), (5, "bookmark"), (9, "closed")]) == [(2, 9)]


def test_a_gap_reaches_from_the_last_sign_to_the_list_behind_it():
    found = covered([(1, "synced"), (4, "bookmark"), (6, SEEN), (20, "gap"), (22, "relisted"), (30, "closed")])
    assert found == [(1, 6), (22, 30)]
    assert around(found, 20) == (6, 22)


def test_a_recorder_that_died_and_resumed_has_missed_nothing():
    assert covered([(1, "synced"), (3, SEEN), (50, "opened"), (51, "resumed"), (60, "closed")]) == [(1, 60)]


def test_a_recorder_that_died_is_certain_up_to_its_last_sign():
    assert covered([(1, "synced"), (3, "bookmark"), (4, SEEN)]) == [(1, 4)]


def test_a_failure_counts_only_when_it_was_not_made_good():
    assert covered([(1, "synced"), (3, SEEN), (4, "failed"), (9, "resumed"), (12, "closed")]) == [(1, 12)]
    assert covered([(1, "synced"), (3, SEEN), (4, "failed"), (9, "synced"), (12, "closed")]) == [(1, 3), (9, 12)]


def test_a_stream_that_was_never_listed_is_never_covered():
    assert covered([(1, "opened"), (2, "forbidden"), (9, "closed")]) == []


def test_a_capture_is_assumed_to_be_covered_but_for_its_gaps():
    assert covered(assumed(10, 90, [])) == [(10, 90)]
    assert covered(assumed(10, 90, [40])) == [(10, 10), (40, 90)]


@given(marks)
def test_intervals_rise_and_stay_apart_within_the_marks(found):
    intervals = covered(found)
    flat = [edge for interval in intervals for edge in interval]
    assert flat == sorted(flat)
    assert all(high < low for (_, high), (low, _) in pairwise(intervals))
    assert set(flat) <= {at for at, _ in found}


@given(marks, st.integers(0, 1000))
def test_a_bookmark_never_takes_certainty_away(found, at):
    more = sorted_by_time([*found, (at, "bookmark")])
    assert share(covered(more), (0, 1000)) >= share(covered(found), (0, 1000))


@given(marks, st.integers(0, 1000))
def test_a_gap_never_adds_certainty(found, at):
    less = sorted_by_time([*found, (at, "gap")])
    assert share(covered(less), (0, 1000)) <= share(covered(found), (0, 1000))


@given(marks)
def test_nothing_is_covered_across_a_gap(found):
    for at, what in found:
        if what in ("gap", "rewound"):
            assert not any(low < at < high for low, high in covered(found))
