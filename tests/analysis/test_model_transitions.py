"""Changes of phase, judged by the PV controller's state machine."""

from __future__ import annotations

import pytest
from volume_story import Story, bound, claim, volume

CHANGES = "select kind, from_phase, to_phase, legal from transitions order by seq"
JUDGED = "select from_phase, to_phase, controller, reason, legal from transitions order by seq desc limit 1"
PV, PVC = "PersistentVolume", "PersistentVolumeClaim"


def test_a_healthy_life_is_legal(rows):
    story = bound(Story()).deleted(claim(phase="Bound", volume="pv-1"))
    story.changed(volume(phase="Released", claimed_by=("data", "c1"))).deleted(volume(phase="Released"))
    assert rows(story, CHANGES) == [
        (PVC, None, "Pending", True),
        (PV, None, "Pending", True),
        (PV, "Pending", "Bound", True),
        (PVC, "Pending", "Bound", True),
        (PV, "Bound", "Released", True),
    ]


VOLUME_CHANGES = [
    ("Available", "Released", "PV controller", "the claim in claimRef does not exist", True),
    ("Bound", "Available", "PV controller", "the claim is bound to another volume", True),
    ("Released", "Available", "PV controller", "claimRef was removed, or it was recycled", True),
    ("Released", "Failed", "PV controller", "deleting or recycling it failed", True),
    ("Failed", "Released", None, None, False),
    ("Bound", "Failed", None, None, False),
    ("Available", "Pending", None, None, False),
]
CLAIM_CHANGES = [
    ("Bound", "Lost", "PV controller", "the volume is gone or has another claim", True),
    ("Lost", "Bound", "PV controller", "the volume is there again", True),
    ("Pending", "Lost", "PV controller", "made as a bound claim, but its volume is not", True),
    ("Bound", "Pending", "PV controller", "bind-completed was removed by hand", False),
    ("Bound", "Sideways", None, None, False),
]


@pytest.mark.parametrize("change", VOLUME_CHANGES, ids=lambda change: f"{change[0]}-{change[1]}")
def test_each_change_of_a_volume_is_judged(rows, change):
    assert rows(Story().listed(volume(phase=change[0])).changed(volume(phase=change[1])), JUDGED) == [change]


@pytest.mark.parametrize("change", CLAIM_CHANGES, ids=lambda change: f"{change[0]}-{change[1]}")
def test_each_change_of_a_claim_is_judged(rows, change):
    assert rows(Story().listed(claim(phase=change[0])).changed(claim(phase=change[1])), JUDGED) == [change]


def test_what_the_object_says_of_a_failure_is_told(rows):
    failed = volume(phase="Failed")
    failed["status"]["message"] = "no deleter"
    story = Story().listed(volume(phase="Released")).changed(failed)
    assert rows(story, "select reason from transitions") == [("deleting or recycling it failed: no deleter",)]


def test_a_change_across_a_gap_is_not_judged(rows):
    story = Story().listed(volume(phase="Available")).listed(volume(phase="Failed"))
    assert rows(story, CHANGES) == [(PV, "Available", "Failed", None)]


def test_the_first_sight_of_an_object_is_no_change_unless_it_was_made(rows):
    assert rows(Story().listed(claim()).added(volume(phase="Bound")), CHANGES) == []


def test_a_change_belongs_to_the_volume_of_that_time(rows):
    story = bound(Story()).deleted(volume(phase="Bound", claimed_by=("data", "c1")))
    story.changed(claim(phase="Lost", volume="pv-1")).added(volume(uid="v2", claimed_by=("data", "c1")))
    story.changed(volume(uid="v2", phase="Bound", claimed_by=("data", "c1")), claim(phase="Bound", volume="pv-1"))
    query = "select to_phase, volume_id from transitions where kind = 'PersistentVolumeClaim' order by seq"
    assert rows(story, query) == [("Pending", "v1"), ("Bound", "v1"), ("Lost", "v1"), ("Bound", "v2")]


def test_a_claim_that_never_bound_is_its_own_volume(rows):
    assert rows(Story().added(claim()), "select volume_id from transitions") == [("c1",)]
