"""What a volume was restored or cloned from."""

from __future__ import annotations

from volume_story import Story, bound, claim, content, snapshot, volume

SOURCES = "select volume_id, source_kind, source_name, source_volume_id from _volumes where source_kind is not null"
CLONE = ("PersistentVolumeClaim", "data")
RESTORE = ("VolumeSnapshot", "s")


def made_of(story, source):
    """A claim `copy` that gets a volume of its own out of the source."""
    story.added(claim("copy", "c9", source=source), volume("pv-9", "v9", claimed_by=("copy", "c9")))
    return story.changed(
        volume("pv-9", "v9", "Bound", ("copy", "c9")), claim("copy", "c9", "Bound", "pv-9", source=source)
    )


def test_a_clone_comes_from_the_claim_s_volume(rows):
    assert rows(made_of(bound(Story()), CLONE), SOURCES) == [("v9", *CLONE, "v1")]


def test_a_restored_volume_comes_from_the_one_that_the_snapshot_was_taken_of(rows):
    assert rows(made_of(bound(Story()).added(snapshot()), RESTORE), SOURCES) == [("v9", *RESTORE, "v1")]


def test_a_claim_that_waits_for_its_content_knows_its_source(rows):
    story = bound(Story()).added(claim("copy", "c9", source=RESTORE))
    assert rows(story, SOURCES) == [("c9", *RESTORE, None)]
    assert rows(story.added(snapshot()), SOURCES) == [("c9", *RESTORE, "v1")]


def test_what_is_made_later_under_the_source_s_name_is_not_the_source(rows):
    story = made_of(bound(Story()).added(snapshot()), RESTORE)
    story.deleted(snapshot(), claim(phase="Bound", volume="pv-1"))
    bound(story, uid="c2", of="pv-2", of_uid="v2").added(snapshot(uid="s2"))
    assert rows(story, SOURCES) == [("v9", *RESTORE, "v1")]


def test_a_snapshot_is_of_the_claim_that_was_there_when_it_was_taken(rows):
    story = bound(Story()).added(snapshot()).deleted(claim(phase="Bound", volume="pv-1"))
    bound(story, uid="c2", of="pv-2", of_uid="v2")
    assert rows(made_of(story, RESTORE), SOURCES) == [("v9", *RESTORE, "v1")]


def test_a_snapshot_whose_claim_is_gone_is_known_by_the_handle_in_its_content(rows):
    story = Story().listed(volume(phase="Released", claimed_by=("data", "c0")), snapshot())
    story.listed(content("content", "k1", "s1", "handle-pv-1"))
    assert rows(made_of(story, RESTORE), SOURCES) == [("v9", *RESTORE, "v1")]


def test_a_volume_that_was_there_before_its_claim_has_no_source(rows):
    there = {"metadata": {}}
    story = bound(Story()).added(volume("pv-9", "v9", **there), claim("copy", "c9", source=CLONE))
    story.changed(volume("pv-9", "v9", "Bound", ("copy", "c9"), **there))
    assert rows(story, SOURCES) == []
