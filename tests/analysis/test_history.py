from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_trace import SmallTrace, claim, instant

from analysis import Trace, open_trace
from analysis.differences import Difference, differences
from analysis.history import History

ROWS = 90


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trace]:
    """A second between rows, a segment of fourteen, the end unsealed; two of three are log lines or notes."""
    small = SmallTrace(tmp_path_factory.mktemp("long") / "long.trace")
    for seq in range(ROWS):
        if seq % 3 == 0:
            small.observe(seq, "MODIFIED", claim(f"claim-{seq % 4}", seq))
        elif seq % 9 == 1:
            small.note(seq, "gap")
        else:
            small.log(seq, "hello")
        if seq % 14 == 13:
            small.writer.seal()
    with open_trace(small.crashed()) as trace:
        yield trace


HISTORY = [seq for seq in range(ROWS) if seq % 3 == 0 or seq % 9 == 1]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, ROWS - 1), st.integers(1, 40))
def test_the_rows_around_any_place_are_those_before_it_and_after_it(long, seq, rows):
    before, after = [each for each in HISTORY if each <= seq], [each for each in HISTORY if each > seq]
    assert [row.seq for row in History(long).around(seq, rows)] == before[-rows:] + after[:rows]


@settings(max_examples=15, deadline=None)
@given(st.floats(-10, ROWS + 10))
def test_any_instant_leads_to_the_last_row_that_had_arrived(long, seconds):
    arrived = [seq for seq in HISTORY if instant(seq) <= instant(seconds)]
    assert History(long).at(instant(seconds)) == (arrived[-1] if arrived else 0)


@settings(max_examples=15, deadline=None)
@given(st.tuples(st.integers(-5, ROWS + 5), st.integers(-5, ROWS + 5)))
def test_a_stretch_of_the_trace_has_its_rows_alone(long, between):
    asked = "select seq from objects union all select seq from logs union all select seq from streams order by seq"
    first, last = between
    found = long.sql(asked, between=between)["seq"].to_list()
    assert found == [seq for seq in range(ROWS) if first <= seq <= last]
    assert long.sql(asked).height == ROWS


def test_a_change_is_told_against_the_last_version_that_has_an_object(small, ask):
    small.observe(1, "ADDED", claim(version=1))
    for second in range(2, 120):
        small.observe(second, "MODIFIED", claim(version=1), object=None)
    history = History(ask(small.observe(120, "MODIFIED", claim(version=3)).ended()))
    (row,) = history.around(119, 1)[-1:]
    assert [(each.before, each.after) for each in history.change(row).differences] == [('"1"', '"3"')]


def test_the_rows_around_a_place_come_in_order_with_gaps_among_them(small, ask):
    small.note(0, "synced").observe(1, "ADDED", claim("a")).note(2, "gap", "410").observe(3, "ADDED", claim("b"))
    history = History(ask(small.ended()))
    rows = history.around(2, 10)
    assert [(row.type, row.name, row.detail) for row in rows] == [
        ("ADDED", "a", None),
        ("GAP", None, "410"),
        ("ADDED", "b", None),
    ]
    assert [row.seq for row in history.around(2, 1)] == [2, 3]


def test_an_instant_leads_to_the_last_row_that_had_arrived(small, ask):
    small.observe(1, "ADDED", claim("a")).observe(3, "ADDED", claim("b"))
    history = History(ask(small.ended()))
    assert [history.at(instant(second)) for second in (0, 1, 2.9, 3, 99)] == [0, 0, 0, 1, 1]


def test_a_change_is_told_against_the_version_before(small, ask):
    small.observe(1, "ADDED", claim(version=1)).observe(2, "ADDED", claim("other", 9))
    small.observe(3, "MODIFIED", claim(version=2, phase="Bound"))
    history = History(ask(small.ended()))
    change = history.change(history.around(2, 1)[0])
    assert change.headline == "2 changes to the version before"
    assert [each.path for each in change.differences] == ["metadata.resourceVersion", "status.phase"]


def test_what_has_no_object_says_why(small, ask):
    small.observe(1, "ADDED", claim()).vanish(2, claim()).note(3, "gap", "410 Gone")
    history = History(ask(small.ended()))
    added, vanished, gap = (history.change(row).headline for row in history.around(0, 5))
    assert added == "the first version of it in this trace"
    assert "when it was deleted is not known" in vanished
    assert "410 Gone" in gap


def test_fields_are_new_gone_or_changed():
    assert differences('{"a":{"b":1,"c":[1]},"x":true}', '{"a":{"b":2,"c":[1]},"y":null}') == [
        Difference("a.b", "1", "2"),
        Difference("y", None, "null"),
        Difference("x", "true", None),
    ]


def test_items_of_a_list_are_told_apart_by_what_they_are():
    before = '{"conditions":[{"type":"Ready","status":"False"}]}'
    after = '{"conditions":[{"type":"Resizing","status":"True"},{"type":"Ready","status":"True"}]}'
    assert [each.path for each in differences(before, after)] == [
        "conditions[Resizing].type",
        "conditions[Resizing].status",
        "conditions[Ready].status",
    ]


def test_keys_with_dots_are_one_step():
    (difference,) = differences(
        '{"metadata":{"annotations":{"a.b/c":"v"}}}', '{"metadata":{"annotations":{"a.b/c":"w"}}}'
    )
    assert difference.path == "metadata.annotations[a.b/c]"


def test_managed_fields_are_left_out():
    assert differences('{"metadata":{"managedFields":[1]}}', '{"metadata":{"managedFields":[2]}}') == []


def test_an_object_nested_without_end_is_compared_all_the_same():
    deep = '{"a":' * 500 + "1" + "}" * 500
    assert len(differences(None, deep)) == 1
