"""What belongs to a controller's world and what does not, and what a gap does to it."""

from __future__ import annotations

from typing import Any

import pytest
from small_trace import SmallTrace, instant
from volume_story import DRIVER, STREAMS, Object, Story, attachment, bound, made, node, pod

KEEPS = "volumes.kubernetes.io/keep-terminated-pod-volumes"
MANAGED = "volumes.kubernetes.io/controller-managed-attach-detach"
HANDLE = f"kubernetes.io/csi/{DRIVER}^handle-pv-1"


def driver(*, attaches: bool = True) -> Object:
    return made("CSIDriver", DRIVER, "driver", None, spec={"attachRequired": attaches})


def running(**parts: Any) -> Object:
    placed = pod(node="n1", phase="Running", **parts)
    placed["status"]["containerStatuses"] = [{"name": "app", "state": {"running": {}}}]
    return placed


def placed_on(*first: Object) -> Story:
    """A pod with a bound claim is placed; rows 2 to 7 after what is given."""
    return bound(Story().added(*first)).added(pod()).changed(pod(node="n1"))


def test_a_volume_is_wanted_from_placement_until_the_pod_has_ended(rows):
    story = placed_on(driver()).changed(running(), pod(node="n1", phase="Succeeded")).deleted(pod(node="n1"))
    assert rows(story, "select node, volume_id, use_id, valid_from, valid_to from attach_desired") == [
        ("n1", "v1", "p1/d", instant(8), instant(10))
    ]


def test_a_node_may_keep_the_volumes_of_pods_that_have_ended(rows):
    keeping = node(annotations={KEEPS: "true", MANAGED: "true"})
    story = placed_on(driver(), keeping).changed(pod(node="n1", phase="Succeeded")).deleted(pod(node="n1"))
    assert rows(story, "select valid_from, valid_to from attach_desired") == [(instant(9), instant(11))]
    assert rows(story, "select valid_from, valid_to from mount_desired") == [(instant(9), instant(11))]


def test_a_node_that_attaches_its_own_volumes_is_not_in_the_controllers_world(rows):
    story = placed_on(driver(), node(annotations={"some": "thing"}))
    assert rows(story, "from attach_desired") == []
    assert len(rows(story, "from mount_desired")) == 1


def test_what_needs_no_attaching_is_only_to_be_mounted(rows):
    story = placed_on(driver(attaches=False))
    assert rows(story, "from attach_desired") == []
    assert len(rows(story, "from mount_desired")) == 1


def test_of_a_driver_that_nobody_watched_nothing_is_said(rows):
    assert rows(placed_on(node()), "from attach_desired") == []


def test_a_pod_that_is_being_deleted_counts_while_a_container_runs(rows):
    going = {"metadata": {"deletionTimestamp": "2026-11-23T07:30:00Z"}}
    story = placed_on(driver()).changed(running(), running(**going), pod(node="n1", **going))
    assert rows(story, "select valid_from, valid_to from attach_desired") == [(instant(8), instant(11))]


def test_the_kubelet_waits_for_what_the_node_does_not_list(rows):
    story = placed_on(driver(), node()).added(attachment()).changed(attachment(status={"attached": True}))
    story.changed(node(attached=[HANDLE]))
    query = "select turn, from_at, to_at, since from drift where world = 'mount' order by from_at"
    assert rows(story, query) == [
        ("A/D controller", instant(9), instant(10), instant(9)),
        ("attacher", instant(10), instant(11), instant(9)),
        ("A/D controller", instant(11), instant(12), instant(9)),
        ("kubelet", instant(12), None, instant(9)),
    ]


def test_a_volume_that_is_in_use_is_the_kubelets_to_let_go(rows):
    story = placed_on(driver(), node()).added(attachment()).changed(attachment(status={"attached": True}))
    story.changed(node(attached=[HANDLE], in_use=[HANDLE])).deleted(pod(node="n1"))
    story.changed(node(attached=[HANDLE]), node())
    leaving = attachment(status={"attached": True}, metadata={"deletionTimestamp": "2026-11-23T07:30:00Z"})
    story.changed(leaving).deleted(leaving)
    query = "select turn, from_at, to_at, use_id from drift where kind = 'left over' order by from_at"
    assert rows(story, query) == [
        ("kubelet", instant(13), instant(14), "p1/d"),
        ("A/D controller", instant(14), instant(16), "p1/d"),
        ("attacher", instant(16), instant(17), "p1/d"),
    ]


def test_drift_says_the_error_that_the_attachment_shows(rows):
    failing = attachment(
        status={"attached": False, "attachError": {"message": "no room", "time": "2026-11-23T07:00:11Z"}}
    )
    story = placed_on(driver(), node()).added(attachment()).changed(failing)
    assert rows(story, "select last_error from attach_actual order by valid_from") == [(None,), ("no room",)]
    assert rows(story, "select turn, why from drift where world = 'attach' and to_at is null") == [
        ("attacher", "no room")
    ]


NEEDED = ("Pod", "PersistentVolumeClaim", "PersistentVolume", "VolumeAttachment", "Node", "CSIDriver")


def recorded(small: SmallTrace, story: Story, without: tuple[str, ...] = ()) -> SmallTrace:
    """A story as a recorder tells it that was in sync with all streams, but for some that it never followed."""
    for kind in NEEDED:
        if kind not in without:
            small.note(0, "synced", stream=STREAMS[kind])
    for at, told in enumerate(story.told, start=1):
        if told.value["kind"] not in without:
            small.observe(at, told.type, told.value, told.stream)
    return small


def attached_story() -> Story:
    story = placed_on(driver(), node()).added(attachment()).changed(attachment(status={"attached": True}))
    return story.changed(node(attached=[HANDLE], in_use=[HANDLE])).deleted(pod(node="n1"))


def test_drift_is_cut_where_a_gap_begins(small, ask):
    recorded(small, attached_story()).note(16, "bookmark", stream=STREAMS["VolumeAttachment"])
    small.note(20, "gap", "history is gone", stream=STREAMS["VolumeAttachment"])
    small.observe(30, "ADDED", made("PersistentVolume", "other", "v9", None), STREAMS["PersistentVolume"])
    trace = ask(small.ended())
    (row,) = trace.drift(instant(14)).filter(world="attach", kind="left over").rows(named=True)
    assert (row["to_at"], row["evidence_to"]) == (instant(16), None)
    assert trace.drift(instant(25)).is_empty()


@pytest.mark.parametrize("kind", ["Pod", "PersistentVolumeClaim", "PersistentVolume", "VolumeAttachment"])
def test_what_was_never_watched_is_held_against_nothing(small, ask, kind):
    trace = ask(recorded(small, attached_story(), without=(kind,)).ended())
    assert trace.sql("from drift").is_empty()


def test_without_the_kubelets_log_a_mount_is_only_inferred(rows):
    started = running()
    state = {"running": {"startedAt": "2026-11-23T07:00:11Z"}}
    started["status"]["containerStatuses"] = [{"name": "app", "restartCount": 0, "state": state}]
    story = placed_on(driver(attaches=False), node()).added(attachment(of="none")).changed(started)
    query = "select kind, turn, certain, to_at is null from drift where world = 'mount'"
    assert rows(story, query) == [("missing", "kubelet", False, False)]
    assert rows(story, "select standing, inferred from mount_actual") == [("published", True)]
