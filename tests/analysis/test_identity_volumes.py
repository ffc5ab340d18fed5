"""Which volumes there are, and whose."""

from __future__ import annotations

import pytest
from small_trace import instant
from volume_story import DRIVER, Story, attachment, bound, claim, pod, static, volume

VOLUMES = "select volume_id, kind, claim_uid from _volumes order by all"
CLAIMS = "select volume_id, claim_uid, occurrence from volume_claims order by all"


def test_a_bound_claim_and_its_volume_are_one(rows):
    assert rows(bound(Story()), VOLUMES) == [("v1", "dynamic", "c1")]


def test_a_claim_without_a_volume_is_one_itself_until_it_binds(rows):
    assert rows(Story().added(claim()), VOLUMES) == [("c1", "pending", "c1")]


def test_a_volume_that_the_provisioner_made_is_the_claim_s_before_it_is_bound(rows):
    assert rows(Story().added(claim(), volume(claimed_by=("data", "c1"))), VOLUMES) == [("v1", "dynamic", "c1")]


def test_a_claim_made_again_under_its_name_has_another_volume(rows):
    story = bound(Story())
    story.deleted(claim(phase="Bound", volume="pv-1"), volume(phase="Released", claimed_by=("data", "c1")))
    bound(story, uid="c2", of="pv-2", of_uid="v2")
    assert rows(story, VOLUMES) == [("v1", "dynamic", "c1"), ("v2", "dynamic", "c2")]


def test_a_kept_volume_has_its_claims_one_after_the_other(rows):
    story = bound(Story()).changed(claim(phase="Bound", volume="pv-1")).deleted(claim(phase="Bound", volume="pv-1"))
    story.changed(volume(phase="Released", claimed_by=("data", "c1")), volume(phase="Available"))
    story.added(claim("again", "c2")).changed(volume(phase="Bound", claimed_by=("again", "c2")))
    query = """
        select volume_id, claims.claim_uid, from_at, to_at, _volumes.claim_uid as latest
        from volume_claims as claims join _volumes using (volume_id) order by occurrence
    """
    assert rows(story, query) == [("v1", "c1", instant(2), instant(7), "c2"), ("v1", "c2", instant(11), None, "c2")]


def test_a_claim_that_asks_for_another_s_volume_is_not_that_volume(rows):
    story = bound(Story()).added(claim("late", "c2", volume="pv-1"))
    assert rows(story, VOLUMES) == [("c2", "pending", "c2"), ("v1", "dynamic", "c1")]


def test_a_volume_reserved_for_a_claim_is_its_own_until_they_are_bound(rows):
    reserved = static(claimed_by=("data", None), phase="Available")
    story = Story().added(static(claimed_by=("data", None)), claim()).changed(reserved)
    assert rows(story, VOLUMES) == [("c1", "pending", "c1"), ("v1", "static", None)]
    story.changed(static(phase="Available", claimed_by=("data", "c1")))
    assert rows(story, VOLUMES) == [("c1", "pending", "c1"), ("v1", "static", None)]
    story.changed(static(phase="Bound", claimed_by=("data", "c1")), claim(phase="Bound", volume="pv-1"))
    assert rows(story, VOLUMES) == [("v1", "static", "c1")]


def test_a_volume_made_in_vain_for_a_claim_that_found_another_is_not_the_claim_s(rows):
    story = bound(Story().added(volume("pv-2", "v2", claimed_by=("data", "c1"))))
    story.changed(volume("pv-2", "v2", "Released", ("data", "c1")))
    assert rows(story, CLAIMS) == [("v1", "c1", 1)]


def test_a_lost_claim_that_is_bound_again_has_two_volumes(rows):
    story = bound(Story()).deleted(volume(phase="Bound", claimed_by=("data", "c1")))
    story.changed(claim(phase="Lost", volume="pv-1")).added(volume(uid="v2", claimed_by=("data", "c1")))
    story.changed(volume(uid="v2", phase="Bound", claimed_by=("data", "c1")), claim(phase="Bound", volume="pv-1"))
    assert rows(story, CLAIMS) == [("v1", "c1", 1), ("v2", "c1", 1)]


@pytest.mark.parametrize("phase", ["Bound", "Lost"])
def test_of_a_bound_claim_without_its_volume_in_the_trace_nobody_knows_the_kind(rows, phase):
    story = Story().listed(claim(phase=phase, volume="pv-1"))
    assert rows(story, "select volume_id, kind, pv_name from _volumes") == [("c1", None, "pv-1")]


def test_a_volume_first_seen_released_still_tells_its_claim(rows):
    story = Story().listed(volume(phase="Released", claimed_by=("data", "c0")))
    query = "select volume_id, claim_uid, claim_name, from_at from volume_claims"
    assert rows(story, query) == [("v1", "c0", "data", None)]


def test_a_bound_claim_whose_volume_names_no_claim_is_joined_by_name(rows):
    story = Story().listed(volume(phase="Available"), claim(phase="Bound", volume="pv-1"))
    assert rows(story, CLAIMS) == [("v1", "c1", 1)]


def test_a_name_means_nothing_after_its_object_is_gone(rows):
    story = Story().added(volume()).deleted(volume()).added(claim()).changed(claim(phase="Bound", volume="pv-1"))
    assert rows(story, CLAIMS) == []


def test_what_vanished_in_a_gap_has_ended(rows):
    story = bound(Story()).vanished(claim(), volume())
    ends = "select ended_by, ended_at, to_at from _volumes join volume_claims using (volume_id)"
    assert rows(story, ends) == [("VANISHED", instant(7), instant(6))]


def test_an_inline_volume_is_keyed_by_its_pod(rows):
    story = Story().added(pod(volumes=[{"name": "scratch", "csi": {"driver": DRIVER}}]))
    query = "select volume_id, kind, driver, unique_name from _volumes"
    assert rows(story, query) == [("p1/scratch", "inline", DRIVER, "kubernetes.io/csi/p1-scratch")]


PLUGINS = [
    ({"csi": {"driver": "d", "volumeHandle": "h"}}, "d", "h", "kubernetes.io/csi/d^h"),
    ({"nfs": {"server": "s", "path": "/x"}}, "kubernetes.io/nfs", "s:/x", None),
    ({"local": {"path": "/x"}}, "kubernetes.io/local-volume", "/x", "kubernetes.io/local-volume/pv-1"),
    (
        {"iscsi": {"targetPortal": "1.2.3.4:3260", "iqn": "iqn.a", "lun": 0}},
        "kubernetes.io/iscsi",
        "1.2.3.4:3260:iqn.a:0",
        "kubernetes.io/iscsi/1.2.3.4:3260:iqn.a:0",
    ),
    (
        {"awsElasticBlockStore": {"volumeID": "aws://zone-a/vol-1"}},
        "kubernetes.io/aws-ebs",
        "aws://zone-a/vol-1",
        "kubernetes.io/aws-ebs/aws://zone-a/vol-1",
    ),
    ({"fc": {"targetWWNs": ["1"], "lun": 2}}, "kubernetes.io/fc", None, None),
]
NAMES = "select driver, volume_handle, unique_name, migrated from _volumes"


@pytest.mark.parametrize(("source", "driver", "handle", "unique_name"), PLUGINS, ids=lambda value: str(value)[:20])
def test_each_plugin_names_its_volumes_its_own_way(rows, source, driver, handle, unique_name):
    assert rows(Story().added(static(source=source)), NAMES) == [(driver, handle, unique_name, False)]


MIGRATED = [
    ({"awsElasticBlockStore": {"volumeID": "aws://zone-a/vol-1"}}, None, "vol-1"),
    ({"awsElasticBlockStore": {"volumeID": "vol-1"}}, None, "vol-1"),
    ({"gcePersistentDisk": {"pdName": "disk"}}, "us-east1-b", "projects/UNSPECIFIED/zones/us-east1-b/disks/disk"),
    ({"gcePersistentDisk": {"pdName": "disk"}}, None, "projects/UNSPECIFIED/zones/UNSPECIFIED/disks/disk"),
    (
        {"gcePersistentDisk": {"pdName": "disk"}},
        "us-east1-b__us-east1-c",
        "projects/UNSPECIFIED/regions/us-east1/disks/disk",
    ),
    ({"azureFile": {"secretName": "s", "shareName": "share"}}, None, None),
]


@pytest.mark.parametrize(("source", "zone", "handle"), MIGRATED, ids=str)
def test_a_migrated_volume_is_named_as_its_csi_driver_does(rows, source, zone, handle):
    metadata = {"annotations": {"pv.kubernetes.io/migrated-to": "csi.example.com"}}
    if zone:
        metadata["labels"] = {"topology.kubernetes.io/zone": zone}
    unique_name = f"kubernetes.io/csi/csi.example.com^{handle}" if handle else None
    story = Story().added(volume(source=source, metadata=metadata))
    assert rows(story, NAMES) == [("csi.example.com", handle, unique_name, True)]


def test_an_in_tree_volume_that_a_csi_driver_attached_is_migrated(rows):
    story = Story().added(static(source={"awsElasticBlockStore": {"volumeID": "vol-1"}}))
    story.added(attachment(driver="ebs.csi.aws.com"))
    assert rows(story, NAMES) == [("ebs.csi.aws.com", "vol-1", "kubernetes.io/csi/ebs.csi.aws.com^vol-1", True)]


def test_a_class_in_the_annotation_of_old_comes_first(rows):
    old = {"annotations": {"volume.beta.kubernetes.io/storage-class": "old"}}
    assert rows(Story().added(claim(metadata=old)), "select storage_class from _volumes") == [("old",)]


def test_a_restored_cluster_counts_its_revisions_anew(rows):
    """The old object's revisions are the higher ones, yet the name means the new one."""
    story = bound(Story()).vanished(claim(), volume()).restored()
    bound(story, uid="c2", of_uid="v2").added(attachment())
    assert rows(story, VOLUMES) == [("v1", "dynamic", "c1"), ("v2", "dynamic", "c2")]
    assert rows(story, "select volume_id from _attachments") == [("v2",)]
