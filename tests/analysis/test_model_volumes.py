from __future__ import annotations

from typing import Any

from small_trace import instant
from typed_lives import Lives, us


def only_volume(lives: Lives) -> dict[str, Any]:
    [[row]] = lives.ask("from volumes")
    return row


def story(phase: str | None = "Bound", kind: str = "dynamic", **columns: Any) -> Lives:
    lives = Lives().storage_class().csi_driver().watched(1000).volume(kind=kind, **columns)
    lives.add("_claims", claim_uid="c-v", phase=phase or "Pending")
    return lives.add("_pvs", pv_uid="v", phase=phase) if kind != "pending" else lives


def test_a_bound_volume_that_nobody_uses_is_not_stuck():
    row = only_volume(story().milestone("claim_created", 1).milestone("claim_bound", 3))
    assert (row["standing"], row["phase"], row["stuck_since"], row["waiting_us"]) == ("bound", None, None, None)
    assert (row["uses"], row["slowest_phase"]) == (0, "provision+bind")


def test_a_volume_that_nobody_claims_is_not_stuck():
    row = only_volume(story("Available", "static").milestone("pv_created", 1))
    assert (row["standing"], row["phase"], row["stuck_since"]) == ("available", None, None)


def test_a_claim_that_waits_for_its_consumer_is_not_stuck():
    lives = Lives().storage_class(binding="WaitForFirstConsumer").watched(1000).volume(kind="pending")
    row = only_volume(lives.add("_claims", claim_uid="c-v", phase="Pending").milestone("claim_created", 10))
    assert (row["standing"], row["phase"], row["owner"]) == ("pending", "wait_consumer", "user")
    assert (row["stuck_since"], row["waiting_us"]) == (None, us(990))


def test_a_volume_that_cannot_be_attached_is_stuck_with_its_error():
    lives = story().use(ended_attach=False).pod()
    lives.add("_attachments", attachment_uid="va-p", volume_id="v", attached=False)
    for second, milestone in enumerate(("pod_created", "pod_scheduled", "attachment_created", "publish_called"), 10):
        lives.milestone(milestone, second, use="p/d")
    lives.add(
        "operations",
        method="ControllerPublishVolume",
        driver="csi.example.com",
        volume_handle="h",
        node="n1",
        requested_at=instant(20),
        error="no room",
        echo=False,
    )
    lives.rows["_volumes"] = [{**lives.rows["_volumes"][0], "volume_handle": "h"}]
    row = only_volume(lives)
    assert (row["standing"], row["phase"], row["owner"]) == ("bound", "controller_publish", "driver")
    assert (row["stuck_since"], row["waiting_us"]) == (instant(13), us(987))
    assert (row["uses"], row["attempts"], row["last_error"]) == (1, 1, "no room")


def test_what_was_given_up_counts_among_the_slowest():
    lives = story(None, "pending", ended_at=instant(60))
    lives.milestone("claim_created", 1).milestone("provision_requested", 2).milestone("create_called", 3)
    row = only_volume(lives.milestone("claim_deletion_asked", 50).milestone("claim_gone", 51))
    assert (row["standing"], row["phase"], row["stuck_since"]) == ("deleted", None, None)
    assert (row["slowest_phase"], row["slowest_us"]) == ("create", us(47))


def test_a_claim_that_lost_its_volume_is_lost():
    assert only_volume(story("Lost", "pending"))["standing"] == "lost"


def test_a_volume_whose_containers_run_is_in_use():
    lives = story().use(ended_attach=False).pod().milestone("pod_created", 1, use="p/d")
    assert only_volume(lives.milestone("containers_started", 9, use="p/d"))["standing"] == "in use"
