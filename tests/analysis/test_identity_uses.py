"""Which pod uses which volume, and which attachment serves it."""

from __future__ import annotations

from hashlib import sha256

import pytest
from volume_story import DRIVER, Story, attachment, bound, claim, pod, static, volume

USES = "select use_id, volume_id, claim_uid, node from uses order by all"
SERVED = "select pod_uid, attachment_uid, caused_attach, ended_attach from uses order by all"
GENERIC = [{"name": "d", "ephemeral": {}}]
OWNED = {"ownerReferences": [{"kind": "Pod", "name": "db", "uid": "p1", "controller": True}]}


def deleting(value):
    """The same object with its deletion asked for."""
    return {**value, "metadata": {**value["metadata"], "deletionTimestamp": "2026-11-23T08:00:00Z"}}


def test_a_pod_uses_the_volume_of_its_claim(rows):
    story = bound(Story()).added(pod()).changed(pod(node="n1"))
    assert rows(story, USES) == [("p1/d", "v1", "c1", "n1")]


def test_a_claim_named_twice_is_used_once_and_inline_volumes_each(rows):
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": "data"}} for name in ("z", "a")]
    volumes += [{"name": name, "csi": {"driver": DRIVER}} for name in ("x", "y")]
    story = bound(Story()).added(pod(volumes=volumes))
    query = "select use_id, volume_id, source from uses order by all"
    assert rows(story, query) == [
        ("p1/x", "p1/x", "inline"),
        ("p1/y", "p1/y", "inline"),
        ("p1/z", "v1", "claim"),
    ]


def test_a_claim_that_never_was_has_no_volume(rows):
    assert rows(Story().added(pod()), USES) == [("p1/d", None, None, None)]


def test_a_pod_that_came_before_its_claim_uses_it(rows):
    assert rows(bound(Story().added(pod())), USES) == [("p1/d", "v1", "c1", None)]


def test_a_claim_bound_only_after_its_pod_was_gone_is_still_the_pod_s(rows):
    story = Story().added(claim(), pod()).deleted(pod()).added(volume(claimed_by=("data", "c1")))
    assert rows(story, USES) == [("p1/d", "v1", "c1", None)]


def test_a_claim_of_before_or_after_the_pod_is_not_the_pod_s(rows):
    story = Story().added(claim(uid="c0")).deleted(claim(uid="c0")).added(pod()).deleted(pod())
    story.added(claim(uid="c2"))
    assert rows(story, USES) == [("p1/d", None, None, None)]


def test_of_claims_of_one_name_a_pod_uses_the_one_that_was_there_when_it_was_placed(rows):
    story = Story().added(claim(uid="c0"), pod()).deleted(claim(uid="c0"))
    bound(story).changed(pod(node="n1")).deleted(claim(phase="Bound", volume="pv-1")).added(claim(uid="c2"))
    assert rows(story, USES) == [("p1/d", "v1", "c1", "n1")]


def test_a_pod_that_skips_the_scheduler_uses_the_claim_that_comes(rows):
    assert rows(bound(Story().added(pod(node="n1"))), USES) == [("p1/d", "v1", "c1", "n1")]


@pytest.mark.parametrize(("metadata", "found"), [(OWNED, "c1"), ({}, None)], ids=["the pod's", "another's"])
def test_an_ephemeral_volume_is_the_claim_that_the_pod_owns(rows, metadata, found):
    story = Story().added(pod(volumes=GENERIC), claim("db-d", metadata=metadata))
    assert rows(story, USES) == [("p1/d", found, found, None)]


def test_each_plugin_calls_a_use_its_own_way(rows):
    story = Story().added(static(source={"nfs": {"server": "s", "path": "/x"}}, claimed_by=("data", "c1")))
    story.changed(static(source={"nfs": {"server": "s", "path": "/x"}}, claimed_by=("data", "c1"), phase="Bound"))
    assert rows(story.added(claim(), pod()), "select unique_name from uses") == [("kubernetes.io/nfs/p1-pv-1",)]


def test_an_attachment_is_caused_by_the_first_use_and_ended_by_the_last(rows):
    story = bound(Story()).added(pod()).changed(pod(node="n1")).added(attachment())
    story.added(pod("late", "p2")).changed(pod("late", "p2", "n1")).deleted(pod(node="n1"))
    assert rows(story, SERVED) == [("p1", "a1", True, False), ("p2", "a1", False, False)]
    story.deleted(pod("late", "p2", "n1")).changed(deleting(attachment()))
    assert rows(story, SERVED) == [("p1", "a1", True, False), ("p2", "a1", False, True)]


def test_a_pod_that_has_run_to_its_end_needs_its_volumes_no_longer(rows):
    story = bound(Story()).added(pod()).changed(pod(node="n1")).added(attachment())
    story.changed(pod(node="n1", phase="Succeeded"))
    story.added(pod("late", "p2")).changed(pod("late", "p2", "n1")).deleted(pod("late", "p2", "n1"))
    assert rows(story, SERVED) == [("p1", "a1", True, False), ("p2", "a1", False, True)]


def test_an_attachment_that_is_being_taken_away_serves_no_new_pod(rows):
    story = bound(Story()).added(pod()).changed(pod(node="n1")).added(attachment()).deleted(pod(node="n1"))
    story.changed(deleting(attachment())).added(pod(uid="p2")).changed(pod(uid="p2", node="n1"))
    assert rows(story, SERVED) == [("p1", "a1", True, True), ("p2", None, False, False)]
    story.deleted(attachment()).added(attachment(uid="a2"))
    assert rows(story, SERVED) == [("p1", "a1", True, True), ("p2", "a2", True, False)]


def test_an_attachment_to_another_node_serves_another_pod(rows):
    story = (
        bound(Story()).added(pod()).changed(pod(node="n1")).added(attachment(), attachment("csi-b", "a2", node="n2"))
    )
    assert rows(story, SERVED) == [("p1", "a1", True, False)]


def own_name(handle):
    return "csi-" + sha256(f"{handle}{DRIVER}n1".encode()).hexdigest()


def test_an_attachment_s_own_name_proves_its_volume_after_the_pv_is_gone(rows):
    story = bound(Story()).deleted(volume(phase="Bound", claimed_by=("data", "c1")))
    story.added(attachment(own_name("handle-pv-1")), attachment("by-hand", "a2"))
    query = "select attachment_uid, volume_id from _attachments order by all"
    assert rows(story, query) == [("a1", "v1"), ("a2", None)]


def test_an_attachment_whose_own_name_says_otherwise_is_not_of_the_volume(rows):
    story = bound(Story()).added(attachment(own_name("another")))
    assert rows(story, "select volume_id from _attachments") == [(None,)]
