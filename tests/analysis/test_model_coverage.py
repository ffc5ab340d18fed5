from __future__ import annotations

from typing import Any

from small_trace import CLAIMS, claim, instant

from analysis import Trace


def stretches(trace: Trace) -> list[tuple[Any, ...]]:
    return trace.coverage().select("begins_at", "ends_at", "state", "why").rows()


def test_a_stream_is_covered_from_the_end_of_its_list(small, ask):
    small.note(0, "opened").observe(1, "LISTED", claim()).note(2, "synced").note(9, "closed")
    assert stretches(ask(small.ended())) == [
        (instant(0), instant(2), "unobserved", "opened"),
        (instant(2), instant(9), "synced", None),
    ]


def test_a_recording_that_goes_on_is_covered_to_the_end_of_the_trace(small, ask):
    small.note(0, "opened").note(0, "synced").observe(4, "ADDED", claim())
    assert stretches(ask(small.crashed())) == [(instant(0), None, "synced", None)]


def test_a_gap_begins_where_the_stream_was_last_certain(small, ask):
    small.note(0, "synced").observe(3, "ADDED", claim()).note(10, "gap", "410 Gone").note(11, "relisted")
    assert stretches(ask(small.crashed())) == [
        (instant(0), instant(3), "synced", None),
        (instant(3), instant(10 + 1), "gap", "gap: 410 Gone"),
        (instant(11), None, "synced", None),
    ]


def test_a_bookmark_makes_a_gap_shorter(small, ask):
    small.note(0, "synced").note(8, "bookmark").note(10, "gap", "410 Gone").note(11, "relisted")
    assert stretches(ask(small.crashed()))[1] == (instant(8), instant(11), "gap", "gap: 410 Gone")


def test_an_interruption_that_is_resumed_missed_nothing(small, ask):
    small.note(0, "synced").note(5, "failed", "connection refused").note(7, "resumed")
    small.note(8, "closed").note(60, "opened").note(61, "resumed")
    assert stretches(ask(small.crashed())) == [(instant(0), None, "synced", None)]


def test_an_interruption_that_ends_in_a_gap_belongs_to_it(small, ask):
    small.note(0, "synced").note(5, "closed").note(60, "opened").note(61, "gap", "history is gone").note(62, "relisted")
    assert stretches(ask(small.crashed())) == [
        (instant(0), instant(5), "synced", None),
        (instant(5), instant(62), "gap", "gap: history is gone"),
        (instant(62), None, "synced", None),
    ]


def test_what_is_forbidden_is_unobserved(small, ask):
    small.note(0, "opened").note(1, "forbidden", "needs list on persistentvolumeclaims")
    assert stretches(ask(small.crashed())) == [
        (instant(0), None, "unobserved", "forbidden: needs list on persistentvolumeclaims")
    ]


def test_a_rewound_history_is_a_gap(small, ask):
    small.note(0, "synced").note(5, "rewound", "from 900 to 20").note(6, "relisted")
    assert stretches(ask(small.crashed()))[0] == (instant(0), instant(6), "gap", "rewound: from 900 to 20")


def test_rows_without_notes_prove_no_coverage(small, ask):
    small.observe(2, "LISTED", claim()).observe(3, "ADDED", claim("b"))
    (row,) = ask(small.ended()).coverage().to_dicts()
    assert (row["stream"], row["begins_at"], row["ends_at"], row["state"]) == (CLAIMS, instant(2), None, "unobserved")


def test_a_log_needs_no_list(small, ask):
    log = "log/default/csi-0/uid-csi/csi-attacher/0"
    small.note(0, "opened", stream=log).log(1, "hello").note(2, "closed", stream=log)
    assert stretches(ask(small.ended())) == [(instant(0), instant(2), "synced", None)]


def test_streams_do_not_mix(small, ask):
    small.note(0, "synced").note(1, "synced", stream="v1/pods").note(5, "gap", "x").note(6, "relisted")
    pods = ask(small.crashed()).coverage().filter(stream="v1/pods")
    assert pods.select("begins_at", "ends_at", "state").rows() == [(instant(1), None, "synced")]
