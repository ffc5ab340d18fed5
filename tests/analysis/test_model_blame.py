from __future__ import annotations

from typing import Any

from typed_lives import Lives, us

CLAIM = {"claim_created": 0, "provision_requested": 5, "create_called": 6, "create_answered": 26, "pv_created": 27}
ATTACH = {
    "attachment_created": 41,
    "publish_called": 42,
    "publish_answered": 45,
    "attached": 46,
    "node_lists_attached": 47,
}


def story() -> Lives:
    return Lives().storage_class().csi_driver().volume().use().pod().watched(1000)


def told(lives: Lives, milestones: dict[str, float], volume: str | None = "v", use: str | None = None) -> Lives:
    for milestone, second in milestones.items():
        lives.milestone(milestone, second, volume=volume, use=use)
    return lives


def blame(lives: Lives, use: str = "p/d", direction: str = "up") -> list[tuple[Any, ...]]:
    [rows] = lives.ask("from blame order by position")
    mine = [row for row in rows if (row["use_id"], row["direction"]) == (use, direction)]
    return [(row["owner"], row["phase"], row["duration_us"]) for row in mine]


def test_a_pod_waits_for_its_claim_before_it_waits_for_the_scheduler():
    lives = told(story(), {**CLAIM, "claim_bound": 29})
    told(lives, {"pod_created": 2, "pod_scheduled": 40, **ATTACH}, use="p/d")
    assert blame(lives)[:7] == [
        ("PV controller", "hand_over", us(3)),
        ("provisioner queue", "provision_queue", us(1)),
        ("driver", "create", us(20)),
        ("provisioner", "save_pv", us(1)),
        ("PV controller", "bind", us(2)),
        ("scheduler", "schedule", us(11)),
        ("A/D controller", "attach_request", us(1)),
    ]


def test_a_second_pod_waits_for_the_attach_that_the_first_asked_for():
    lives = told(story(), {"pod_created": 30, "pod_scheduled": 40, **ATTACH}, use="p/d")
    lives.use("q/d", attachment_uid="va-p", caused_attach=False).pod("q")
    told(lives, {"pod_created": 43, "pod_scheduled": 44, "kubelet_accepted": 60}, use="q/d")
    assert blame(lives, "q/d")[:5] == [
        ("scheduler", "schedule", us(1)),
        ("driver", "controller_publish", us(1)),
        ("attacher", "attach_report", us(1)),
        ("A/D controller", "node_report", us(1)),
        ("kubelet wait", "kubelet_wait", us(13)),
    ]


def test_a_volume_that_moves_is_first_taken_off_its_node():
    lives = story().use("q/d", node="n2", caused_attach=True).pod("q")
    told(lives, {"pod_deletion_asked": 10, "containers_stopped": 12, "unpublished": 13, "unstaged": 14}, use="p/d")
    told(lives, {"no_longer_in_use": 15, "attachment_deletion_asked": 16, "attachment_gone": 20}, use="p/d")
    told(lives, {"pod_created": 11, "pod_scheduled": 11, "attachment_created": 21}, use="q/d")
    assert blame(lives, "q/d")[:7] == [
        ("container stop", "container_stop", us(1)),
        ("unpublish", "node_unpublish", us(1)),
        ("unstage", "node_unstage", us(1)),
        ("kubelet wait", "node_release", us(1)),
        ("A/D controller", "detach_request", us(1)),
        ("unknown", "detach", us(4)),
        ("A/D controller", "attach_request", us(1)),
    ]


def test_a_pod_with_two_volumes_starts_with_the_slower_one():
    lives = story().volume("w").use("p/e", "w")
    mounted = {"pod_created": 0, "pod_scheduled": 1, **{name: at - 39 for name, at in ATTACH.items()}}
    told(lives, {**mounted, "kubelet_accepted": 9, "staged": 10, "published": 11, "containers_started": 32}, use="p/d")
    told(lives, {**mounted, "kubelet_accepted": 9, "staged": 10, "published": 30, "containers_started": 32}, "w", "p/e")
    assert blame(lives)[-2:] == [
        ("other volume", "other_volume", us(19)),
        ("container start", "container_start", us(2)),
    ]


def test_the_way_down_goes_on_to_the_volumes_end_where_that_was_asked_for_meanwhile():
    lives = story()
    gone = {"no_longer_in_use": 15, "attachment_deletion_asked": 16, "unpublish_called": 17, "unpublish_answered": 18}
    told(lives, {"pod_deletion_asked": 10, "unpublished": 13, "unstaged": 14, **gone, "attachment_gone": 20}, use="p/d")
    claim_end = {"claim_deletion_asked": 12, "claim_gone": 13, "pv_released": 14, "delete_called": 22}
    told(lives, {**claim_end, "delete_answered": 25, "pv_gone": 26})
    assert blame(lives, direction="down")[-4:] == [
        ("attacher", "detach_report", us(2)),
        ("provisioner queue", "delete_queue", us(2)),
        ("driver", "delete_volume", us(3)),
        ("provisioner", "pv_removal", us(1)),
    ]


def test_what_a_user_asks_for_later_is_not_the_way_down():
    lives = told(story(), {"pod_deletion_asked": 10, "attachment_deletion_asked": 16, "attachment_gone": 20}, use="p/d")
    told(lives, {"claim_deletion_asked": 500, "claim_gone": 501, "pv_released": 502})
    assert sum(duration for _, _, duration in blame(lives, direction="down")) == us(10)


def test_what_contradicts_itself_is_nobodys():
    lives = story()
    lives.milestone("pod_created", 10, use="p/d").milestone("pod_scheduled", 20, use="p/d", earliest=19, latest=20)
    lives.milestone("attachment_created", 15, use="p/d", earliest=14, latest=15)
    lives.milestone("publish_called", 30, use="p/d")
    assert [owner for owner, _, _ in blame(lives)][:2] == ["scheduler", "attacher queue"]
    assert sum(duration for _, _, duration in blame(lives)) == us(990)
