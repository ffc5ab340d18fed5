from __future__ import annotations

from small_trace import claim, instant

from analysis.differences import Difference, differences
from analysis.history import History


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


def test_gaps_are_found_on_both_sides(small, ask):
    small.note(0, "gap").observe(1, "ADDED", claim()).note(2, "gap")
    history = History(ask(small.ended()))
    assert (history.previous_gap(1), history.next_gap(1)) == (0, 2)
    assert (history.previous_gap(0), history.next_gap(2)) == (None, None)


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
