from __future__ import annotations

from typing import Any

import pytest
from small_trace import instant
from typed_lives import LOGS, Lives, us

UP = (
    "pod_created",
    "pod_scheduled",
    "attachment_created",
    "publish_called",
    "publish_answered",
    "attached",
    "node_lists_attached",
    "kubelet_accepted",
    "staged",
    "published",
    "containers_started",
)
SHOWN_BY_LOGS = {"publish_called", "publish_answered", "kubelet_accepted", "staged", "published"}


@pytest.fixture
def lives() -> Lives:
    """A volume and its pod, in a trace of 1000 seconds of which everything was watched."""
    return Lives().storage_class().csi_driver().volume().use().pod().watched(1000)


def names(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["phase"], row["owner"], row["state"], row["duration_us"]) for row in rows]


def at_seconds(lives: Lives, milestones: dict[str, float], use: str | None = None) -> Lives:
    for milestone, second in milestones.items():
        lives.milestone(milestone, second, use=use)
    return lives


def test_each_step_of_a_use_has_its_owner(lives):
    for second, milestone in enumerate(UP):
        lives.milestone(milestone, second, use="p/d")
    assert names(lives.phases("p/d")) == [
        ("schedule", "scheduler", "done", us(1)),
        ("attach_request", "A/D controller", "done", us(1)),
        ("attach_queue", "attacher queue", "done", us(1)),
        ("controller_publish", "driver", "done", us(1)),
        ("attach_report", "attacher", "done", us(1)),
        ("node_report", "A/D controller", "done", us(1)),
        ("kubelet_wait", "kubelet wait", "done", us(1)),
        ("stage", "stage", "done", us(1)),
        ("publish", "publish", "done", us(1)),
        ("container_start", "container start", "done", us(1)),
    ]


def test_without_logs_a_link_is_one_phase_and_what_spans_links_is_nobodys():
    lives = Lives().storage_class().csi_driver().volume().use().pod().watched(1000, logs=())
    for second, milestone in enumerate(UP):
        if milestone not in SHOWN_BY_LOGS:
            lives.milestone(milestone, second, use="p/d")
    rows = lives.phases("p/d")
    assert names(rows)[2:] == [
        ("attach", "unknown", "done", us(3)),
        ("node_report", "A/D controller", "done", us(1)),
        ("attach+stage+publish+start", "unknown", "done", us(4)),
    ]
    assert [row["link"] for row in rows[2:]] == ["attach", "attach", None]


def test_a_claim_that_waits_for_its_consumer_waits_for_the_user():
    lives = Lives().storage_class(binding="WaitForFirstConsumer").volume(kind="pending").watched(1000)
    lives.milestone("claim_created", 10)
    (row,) = lives.phases()
    assert (row["phase"], row["owner"], row["state"]) == ("wait_consumer", "user", "open")
    assert (row["ends_at"], row["seen_until"], row["shortest_us"], row["longest_us"]) == (
        None,
        instant(1000),
        us(990),
        None,
    )


def test_an_immediate_claim_waits_for_no_consumer(lives):
    at_seconds(lives, {"claim_created": 10, "provision_requested": 11, "create_called": 13})
    assert names(lives.phases()) == [
        ("hand_over", "PV controller", "done", us(1)),
        ("provision_queue", "provisioner queue", "done", us(2)),
        ("create", "driver", "open", None),
    ]


def test_what_waits_has_a_fine_name_only_where_its_end_would_have_been_shown():
    lives = Lives().storage_class().volume(kind="pending").watched(1000, logs=())
    at_seconds(lives, {"claim_created": 10, "provision_requested": 11})
    row = lives.phases()[-1]
    assert (row["phase"], row["link"], row["owner"], row["state"]) == ("provision", "provision", "unknown", "open")


def test_a_log_that_begins_later_shows_nothing_of_before():
    lives = Lives().storage_class().volume(kind="pending").watched(1000, logs=())
    lives.add(
        "_watched",
        source="csi-provisioner",
        place=LOGS["csi-provisioner"],
        begins_at=instant(50),
        ends_at=instant(1000),
    )
    at_seconds(lives, {"claim_created": 10, "provision_requested": 11})
    assert lives.phases()[-1]["phase"] == "provision"


def test_a_claim_of_a_class_that_nobody_watched_may_wait_for_anything():
    lives = Lives().volume(kind="pending").watched(1000, resources=["persistentvolumeclaims", "pods"])
    lives.milestone("claim_created", 10)
    (row,) = lives.phases()
    assert (row["phase"], row["link"], row["owner"]) == ("provision+bind", None, "unknown")


def test_a_static_volume_is_only_bound():
    lives = Lives().volume(kind="static", storage_class="manual").watched(1000)
    at_seconds(lives, {"pv_created": 1, "claim_created": 10, "claim_bound": 12})
    assert names(lives.phases()) == [("bind", "PV controller", "done", us(2))]


def test_a_volume_bound_to_a_second_claim_is_bound_twice_and_deleted_once():
    lives = Lives().storage_class().volume().watched(1000)
    lives.add("volume_claims", volume_id="v", claim_uid="c2", occurrence=2)
    first = {"claim_created": 1, "claim_bound": 3, "claim_deletion_asked": 10, "claim_gone": 11, "pv_released": 12}
    second = {"claim_created": 20, "claim_bound": 22, "claim_deletion_asked": 30, "claim_gone": 31, "pv_released": 32}
    at_seconds(lives, first)
    for milestone, second_ in second.items():
        lives.milestone(milestone, second_, occurrence=2)
    at_seconds(lives, {"delete_called": 40, "delete_answered": 41, "pv_gone": 42})
    down = [(row["phase"], row["occurrence"], row["state"]) for row in lives.phases() if row["direction"] == "down"]
    assert down == [
        ("claim_protection", 1, "done"),
        ("release_pv", 1, "done"),
        ("claim_protection", 2, "done"),
        ("release_pv", 2, "done"),
        ("delete_queue", 2, "done"),
        ("delete_volume", 2, "done"),
        ("pv_removal", 2, "done"),
    ]


def test_a_retained_volume_is_released_and_waits_for_nothing():
    lives = Lives().storage_class().volume(reclaim_policy="Retain").watched(1000)
    at_seconds(lives, {"claim_deletion_asked": 10, "claim_gone": 11, "pv_released": 12})
    assert [row["state"] for row in lives.phases()] == ["done", "done"]


def test_a_pod_that_is_deleted_before_it_starts_abandons_its_wait(lives):
    at_seconds(lives, {"pod_created": 1, "pod_scheduled": 2, "attachment_created": 3, "pod_deletion_asked": 50}, "p/d")
    row = lives.phases("p/d")[2]
    assert (row["phase"], row["state"], row["ends_at"]) == ("attach_queue", "abandoned", instant(50))
    assert (row["duration_us"], row["right_censored"]) == (us(47), True)


def test_a_pod_that_waits_for_a_claim_that_never_was(lives):
    lives.use("q/d", volume=None, node=None, attachment_uid=None).pod("q")
    lives.milestone("pod_created", 5, volume=None, use="q/d")
    assert names(lives.phases("q/d")) == [("schedule", "scheduler", "open", None)]


def test_bounds_that_allow_no_order_are_a_contradiction_with_both_rows(lives):
    lives.milestone("attached", 10, use="p/d", earliest=9.5, latest=10)
    lives.milestone("node_lists_attached", 7, use="p/d", earliest=6.5, latest=7)
    (row,) = [each for each in lives.phases("p/d") if each["state"] == "contradiction"]
    assert (row["duration_us"], row["shortest_us"], row["longest_us"]) == (None, None, None)
    assert (row["evidence_from"], row["evidence_to"]) == (1, 2)


def test_bounds_that_overlap_allow_zero(lives):
    lives.milestone("attached", 10, use="p/d", earliest=9, latest=10)
    lives.milestone("node_lists_attached", 9.5, use="p/d", earliest=9.2, latest=9.9)
    row = lives.phases("p/d")[0]
    assert (row["state"], row["duration_us"], row["shortest_us"], row["longest_us"]) == ("done", 0, 0, us(0.9))


def test_what_began_before_the_recording_is_left_censored(lives):
    lives.milestone("pod_scheduled", None, use="p/d", latest=5)
    lives.milestone("attachment_created", 9, use="p/d")
    row = lives.phases("p/d")[0]
    assert (row["begins_at"], row["ends_at"], row["left_censored"]) == (None, instant(9), True)
    assert (row["duration_us"], row["shortest_us"], row["longest_us"]) == (None, us(4), None)


def test_an_end_inside_a_gap_is_done_at_no_known_instant(lives):
    lives.milestone("attachment_deletion_asked", 5, use="p/d")
    lives.milestone("attachment_gone", None, use="p/d", earliest=10, latest=40)
    row = lives.phases("p/d")[-1]
    assert (row["phase"], row["state"], row["ends_at"], row["right_censored"]) == ("detach", "done", None, True)
    assert (row["duration_us"], row["shortest_us"], row["longest_us"]) == (None, us(5), us(35))


def test_a_pod_that_completed_is_unmounted_without_being_deleted(lives):
    done = {"containers_stopped": 10, "unpublished": 12, "unstaged": 13, "no_longer_in_use": 14}
    detached = {
        "attachment_deletion_asked": 15,
        "unpublish_called": 16,
        "unpublish_answered": 17,
        "attachment_gone": 18,
    }
    at_seconds(lives, {**done, **detached, "pod_deletion_asked": 600, "pod_gone": 601}, "p/d")
    rows = lives.phases("p/d")
    assert rows[0]["phase"] == "node_unpublish"
    assert {row["state"] for row in rows} == {"done"}
    assert rows[-1]["ends_at"] == instant(18)


def test_a_forced_detach_did_not_wait_for_the_node(lives):
    at_seconds(lives, {"pod_deletion_asked": 10, "attachment_deletion_asked": 370, "attachment_gone": 371}, "p/d")
    at_seconds(lives, {"unpublished": 700, "unstaged": 701, "no_longer_in_use": 702}, "p/d")
    rows = lives.phases("p/d")
    assert rows[0]["to_milestone"] == "attachment_deletion_asked"
    assert "contradiction" not in {row["state"] for row in rows}


def test_a_pod_that_was_never_placed_has_nothing_to_unmount(lives):
    lives.use("q/d", node=None, attachment_uid=None, caused_attach=False, ended_attach=False)
    lives.pod("q", deletion_requested_at=instant(9))
    at_seconds(lives, {"pod_created": 5, "pod_deletion_asked": 9, "pod_gone": 9}, "q/d")
    assert names(lives.phases("q/d")) == [("schedule", "scheduler", "abandoned", us(4))]


def test_who_asks_for_another_size_waits_no_longer_for_the_first(lives):
    lives.milestone("expand_asked", 10)
    lives.milestone("expand_asked", 30, occurrence=2).milestone("expand_controller_done", 31, occurrence=2)
    beside = [row for row in lives.phases() if row["direction"] == "beside"]
    assert names(beside) == [
        ("controller_expand", "driver", "abandoned", us(20)),
        ("controller_expand", "driver", "done", us(1)),
        ("node_expand", "kubelet wait", "open", None),
    ]


def test_a_volume_that_nobody_needs_to_attach_is_published_at_once():
    lives = Lives().storage_class().csi_driver(attach_required=False).volume().pod().watched(1000)
    lives.use(attachment_uid=None, caused_attach=False, ended_attach=False)
    at_seconds(lives, {"pod_created": 1, "pod_scheduled": 2, "published": 5, "containers_started": 6}, "p/d")
    assert [row["phase"] for row in lives.phases("p/d")] == ["schedule", "publish", "container_start"]


def test_tries_and_the_last_error_are_those_of_the_phase(lives):
    at_seconds(lives, {"claim_created": 1, "provision_requested": 2, "create_called": 3, "create_answered": 40})
    for second, error in ((3, "no room"), (10, "still no room"), (39, None)):
        lives.add(
            "operations",
            method="CreateVolume",
            claim_uid="c-v",
            requested_at=instant(second),
            error=error,
            echo=False,
        )
    tried = {row["phase"]: (row["attempts"], row["last_error"]) for row in lives.phases()}
    assert tried["create"] == (3, "still no room")
    assert tried["hand_over"] == (None, None)


def test_without_logs_events_tell_of_tries():
    lives = Lives().storage_class().volume(kind="pending").watched(1000, logs=())
    at_seconds(lives, {"claim_created": 1, "provision_requested": 2})
    for seq, (second, count) in enumerate(((5, 1), (30, 4)), start=10):
        lives.add(
            "objects",
            kind="Event",
            type="ADDED" if count == 1 else "MODIFIED",
            uid="e1",
            seq=seq,
            observed_at=instant(second),
            involved_kind="PersistentVolumeClaim",
            involved_uid="v",
            reason="ProvisioningFailed",
            message=f"no room ({count})",
            event_count=count,
        )
    row = lives.phases()[-1]
    assert (row["phase"], row["attempts"], row["last_error"]) == ("provision", 4, "no room (4)")


def test_a_static_volume_that_someone_had_to_make_first_was_the_users(lives):
    lives = Lives().volume(kind="static", storage_class="manual").watched(1000)
    at_seconds(lives, {"claim_created": 10, "pv_created": 34, "claim_bound": 39})
    assert names(lives.phases()) == [
        ("wait_volume", "user", "done", us(24)),
        ("bind", "PV controller", "done", us(5)),
    ]


@pytest.mark.parametrize("storage_class", ["never-made", ""])
def test_a_claim_that_nobody_makes_a_volume_for_waits_to_be_bound(storage_class):
    lives = Lives().storage_class().volume(kind="pending", storage_class=storage_class).watched(1000)
    lives.milestone("claim_created", 10)
    assert names(lives.phases()) == [("bind", "PV controller", "open", None)]


def test_a_claim_that_names_its_volume_waits_to_be_bound():
    lives = Lives().storage_class().volume(kind="pending").add("_claims", claim_uid="c-v", volume_name="theirs")
    lives.watched(1000).milestone("claim_created", 10)
    assert names(lives.phases()) == [("bind", "PV controller", "open", None)]


def test_a_volume_that_nobody_claims_waits_for_nothing():
    lives = Lives().volume(kind="static", storage_class="manual").watched(1000)
    lives.milestone("pv_created", 10)
    assert lives.phases() == []


def test_a_pod_that_was_forced_away_leaves_its_volume_to_be_unmounted(lives):
    lives = Lives().csi_driver().volume(kind="inline", volume_handle="h").watched(1000)
    lives.use(attachment_uid=None, caused_attach=False, ended_attach=False, source="inline")
    lives.pod(deletion_requested_at=instant(40), ended_at=instant(41))
    at_seconds(lives, {"pod_created": 1, "pod_scheduled": 2, "pod_deletion_asked": 40, "pod_gone": 41}, "p/d")
    lives.add(
        "operations",
        method="NodeUnpublishVolume",
        driver="csi.example.com",
        volume_handle="h",
        pod_uid="p",
        node="n1",
        requested_at=instant(500),
        error="busy",
        echo=False,
    )
    row = lives.phases("p/d")[-1]
    assert (row["phase"], row["state"], row["attempts"], row["last_error"]) == ("node_unpublish", "open", 1, "busy")


def test_what_was_last_seen_waiting_before_a_gap_is_known_up_to_there():
    lives = Lives().storage_class().volume(kind="pending").watched(400)
    at_seconds(lives, {"claim_created": 10, "provision_requested": 11, "create_called": 13})
    row = lives.phases()[-1]
    assert (row["phase"], row["seen_until"], row["shortest_us"]) == ("create", instant(400), us(387))


def test_what_nobody_could_have_seen_the_end_of_is_not_called_open():
    lives = Lives().storage_class().volume(kind="pending").watched(12)
    at_seconds(lives, {"claim_created": 10, "provision_requested": 11, "create_called": 13})
    assert {row["state"] for row in lives.phases()} == {"done"}
