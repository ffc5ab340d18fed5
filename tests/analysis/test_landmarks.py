from __future__ import annotations

import pytest
from small_trace import SmallTrace, claim, instant

from analysis.landmarks import Landmarks, Spot
from analysis.overview import STRETCHES, read_found, read_overview

EVENTS = "v1/events"


def event(name: str, kind: str) -> dict[str, object]:
    return {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "shop", "uid": name},
        "type": kind,
        "reason": "ProvisioningFailed",
        "involvedObject": {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "data", "uid": "uid-data"},
    }


@pytest.fixture
def landmarks(small: SmallTrace, ask) -> Landmarks:
    """Rows 0 to 6: a gap, a claim, a Warning, another claim, an Event that warns of nothing, a Warning, a gap."""
    small.note(0, "gap").observe(1, "ADDED", claim()).observe(2, "ADDED", event("w1", "Warning"), EVENTS)
    small.observe(3, "ADDED", claim("other")).observe(4, "ADDED", event("n1", "Normal"), EVENTS)
    small.observe(5, "ADDED", event("w2", "Warning"), EVENTS).note(6, "gap")
    return Landmarks(ask(small.ended()))


def spot(row: int) -> Spot:
    return Spot(instant(row), row)


@pytest.mark.parametrize(
    ("landmark", "origin", "steps", "expected"),
    [
        ("gap", spot(1), 1, spot(6)),
        ("gap", spot(1), -1, spot(0)),
        ("gap", spot(0), -1, None),
        ("gap", spot(6), 1, None),
        ("error", spot(0), 1, spot(2)),
        ("error", spot(0), 2, spot(5)),
        ("error", spot(0), 9, spot(5)),
        ("error", spot(6), -2, spot(2)),
        ("error", Spot(instant(2.5), None), -1, spot(2)),
        ("error", Spot(instant(2.5), None), 1, spot(5)),
        ("operation", spot(0), 1, None),
    ],
)
def test_a_landmark_is_so_many_after_a_spot_or_before_it(landmarks, landmark, origin, steps, expected):
    assert landmarks.beside(landmark, origin, steps) == expected


@pytest.mark.parametrize(
    ("origin", "steps", "expected"),
    [(spot(1), 1, spot(2)), (spot(1), -1, spot(0)), (spot(1), 99, spot(6)), (spot(0), -1, None), (spot(6), 1, None)],
)
def test_rows_are_stepped_through_one_by_one(landmarks, origin, steps, expected):
    assert landmarks.row_beside(origin, steps) == expected


def test_from_an_instant_the_row_before_is_that_before_the_last_that_had_arrived(landmarks):
    assert landmarks.row_beside(Spot(instant(2.5), None), -1) == spot(1)
    assert landmarks.row_beside(Spot(instant(2.5), None), 1) == spot(3)


def test_a_volume_is_its_objects_and_the_events_about_them(landmarks):
    steps = [landmarks.row_of_volume_beside("uid-data", spot(0), number) for number in (1, 2, 3, 4, 5)]
    assert steps == [spot(1), spot(2), spot(4), spot(5), spot(5)]


def test_a_row_of_any_table_is_found_by_its_seq(landmarks):
    assert [landmarks.row(seq) for seq in (0, 1, 7)] == [spot(0), spot(1), None]


def test_several_rows_of_one_instant_are_each_a_step(small, ask):
    for name in ("a", "b", "c"):
        small.note(1, "gap", name)
    beside = Landmarks(ask(small.ended())).beside
    assert beside("gap", Spot(instant(1), 0), 1) == Spot(instant(1), 1)
    assert beside("gap", Spot(instant(1), 2), -2) == Spot(instant(1), 0)


def test_the_overview_counts_every_row_in_its_stretch_and_knows_the_gaps(small, ask):
    small.note(0, "synced").observe(0, "ADDED", claim()).observe(5, "ADDED", claim("b")).log(10, "hello")
    small.note(6, "gap").note(8, "relisted")
    trace = ask(small.ended())
    overview = read_overview(trace, instant(0), instant(10))
    assert {stretch: rows for stretch, rows in enumerate(overview.rows) if rows} == {0: 1, 240: 1, STRETCHES - 1: 1}
    assert overview.gaps == [(instant(5), instant(8))]
    assert read_found(trace) == []


def test_a_trace_of_one_instant_has_an_overview(small, ask):
    overview = read_overview(ask(small.observe(1, "ADDED", claim()).ended()), instant(1), instant(1))
    assert overview.rows[0] == 1
    assert sum(overview.rows) == 1
