"""Laws that hold for every life, however much or little of it a trace shows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_trace import instant
from typed_lives import LOGS, Lives

CLAIM = {
    "first_consumer": "wait_consumer",
    "node_selected": "select_node",
    "provision_requested": "hand_over",
    "create_called": "provision_queue",
    "create_answered": "create",
    "pv_created": "save_pv",
    "claim_bound": "bind",
}
POD = {
    "pod_scheduled": "schedule",
    "attachment_created": "attach_request",
    "publish_called": "attach_queue",
    "publish_answered": "controller_publish",
    "attached": "attach_report",
    "node_lists_attached": "node_report",
    "kubelet_accepted": "kubelet_wait",
    "staged": "stage",
    "published": "publish",
    "containers_started": "container_start",
}
POD_END = {
    "containers_stopped": "container_stop",
    "unpublished": "node_unpublish",
    "unstaged": "node_unstage",
    "no_longer_in_use": "node_release",
    "attachment_deletion_asked": "detach_request",
    "unpublish_called": "detach_queue",
    "unpublish_answered": "controller_unpublish",
    "attachment_gone": "detach_report",
}
CLAIM_END = {
    "claim_gone": "claim_protection",
    "pv_released": "release_pv",
    "delete_called": "delete_queue",
    "delete_answered": "delete_volume",
    "pv_gone": "pv_removal",
}
STEPS = CLAIM | POD | POD_END | CLAIM_END
"""Milestone -> the step that leads to it."""
SHOWN_BY_LOG = {
    "csi-provisioner": {"create_called", "create_answered", "delete_called", "delete_answered"},
    "csi-attacher": {"publish_called", "publish_answered", "unpublish_called", "unpublish_answered"},
    "kubelet": {"kubelet_accepted", "staged", "published", "unpublished", "unstaged"},
}
DELAYED_ONLY = {"first_consumer", "node_selected"}
END = 2_000.0

gaps = st.integers(0, 20_000_000).map(lambda us: us / 1_000_000) | st.just(0.0)
delays = st.sampled_from([0.0, 0.000_1, 0.2, 1.0])


@dataclass
class Life:
    """A volume and the use of it as it truly was."""

    is_delayed: bool
    truth: dict[str, float] = field(default_factory=dict)
    """Milestone -> second, in the order in which they caused each other."""
    seen: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    """Milestone -> earliest, estimate, latest, as a trace shows it."""
    cut: float = END
    """The trace ends there."""


@st.composite
def lives_of_volumes(draw: st.DrawFn) -> Life:
    life = Life(draw(st.booleans()), cut=draw(st.sampled_from([END, 20.0, 60.0])))
    now = draw(gaps)
    pod_first = now

    def go(milestone: str, *after: float) -> None:
        life.truth[milestone] = round(max(after, default=0.0) + draw(gaps), 6)

    life.truth["claim_created"] = now
    if life.is_delayed:
        go("pod_created", now)
        life.truth["first_consumer"] = life.truth["pod_created"]
    else:
        life.truth["pod_created"] = pod_first + draw(gaps)
    before = "claim_created"
    for milestone in CLAIM:
        if milestone != "first_consumer" and (life.is_delayed or milestone not in DELAYED_ONLY):
            go(milestone, life.truth[before], life.truth.get("first_consumer", 0.0))
            before = milestone
    before = "pod_created"
    for milestone in POD:
        go(milestone, life.truth[before], life.truth["claim_bound"])
        before = milestone
    if draw(st.booleans()):
        go("pod_deletion_asked", life.truth[before])
        before = "pod_deletion_asked"
        for milestone in POD_END:
            go(milestone, life.truth[before])
            before = milestone
        go("pod_gone", life.truth["unpublished"])
        if draw(st.booleans()):
            go("claim_deletion_asked", life.truth["containers_started"])
            go("claim_gone", life.truth["claim_deletion_asked"], life.truth["pod_gone"])
            go("pv_released", life.truth["claim_gone"])
            go("delete_called", life.truth["pv_released"], life.truth["attachment_gone"])
            go("delete_answered", life.truth["delete_called"])
            go("pv_gone", life.truth["delete_answered"])
    for milestone, at in life.truth.items():
        earliest, latest = at - draw(delays), at + draw(delays)
        life.seen[milestone] = (earliest, draw(st.sampled_from([earliest, at, latest])), latest)
    return life


def told(of: list[Life], logs: set[str]) -> Lives:
    """What the models are given of some lives when these logs are in the trace."""
    lives = Lives().csi_driver().watched(END, logs=logs)
    lives.storage_class("now", "Immediate").storage_class("later", "WaitForFirstConsumer")
    hidden = set().union(*(SHOWN_BY_LOG[log] for log in LOGS.keys() - logs))
    for number, life in enumerate(of):
        volume, pod = f"v{number}", f"p{number}"
        has = {milestone for milestone, at in life.truth.items() if at <= life.cut}
        kind = "dynamic" if "pv_created" in has else "pending"
        lives.volume(volume, kind, storage_class="later" if life.is_delayed else "now")
        lives.pod(pod, deletion_requested_at=instant(0) if "pod_deletion_asked" in has else None)
        attachment = f"va-{pod}" if "attachment_created" in has else None
        lives.use(
            f"{pod}/d",
            volume,
            node="n1" if "pod_scheduled" in has else None,
            attachment_uid=attachment,
            caused_attach=attachment is not None,
            ended_attach=attachment is not None and "pod_deletion_asked" in has,
        )
        for milestone, (earliest, at, latest) in life.seen.items():
            if milestone in has and milestone not in hidden:
                of_use = milestone in POD or milestone in POD_END or milestone.startswith("pod_")
                use = f"{pod}/d" if of_use else None
                lives.milestone(milestone, at, volume=volume, use=use, earliest=earliest, latest=latest)
    return lives


def seconds(instant_: Any) -> float:
    return float((instant_ - instant(0)).total_seconds())


def chains(rows: list[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The rows of each subject in each direction, in their order."""
    found = defaultdict(list)
    for row in rows:
        found[row["use_id"] or row["volume_id"], row["direction"]].append(row)
    return found


def life_of(row: dict[str, Any], of: list[Life]) -> Life:
    return of[int((row["volume_id"])[1:])]


some_lives = st.lists(lives_of_volumes(), min_size=1, max_size=6)
some_logs = st.sets(st.sampled_from(sorted(LOGS)))
few = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
ORDERED = "order by begins_at, ends_at nulls last, evidence_from"


@few
@given(of=some_lives, logs=some_logs)
def test_phases_are_true_and_follow_each_other(of, logs):
    [rows] = told(of, logs).ask(f"from phases {ORDERED}")
    assert {row["state"] for row in rows} <= {"done", "open", "abandoned"}
    for chain in chains(rows).values():
        for row, following in pairwise(chain):
            assert row["ends_at"] <= following["begins_at"]
    for row in rows:
        truth = life_of(row, of).truth
        if row["duration_us"] is not None:
            assert 0 <= row["shortest_us"] <= row["duration_us"] <= row["longest_us"]
        if row["state"] == "done":
            took = round((truth[row["to_milestone"]] - truth[row["from_milestone"]]) * 1_000_000)
            assert row["shortest_us"] - 2 <= took <= row["longest_us"] + 2
            between = list(truth)[list(truth).index(row["from_milestone"]) + 1 : list(truth).index(row["to_milestone"])]
            if row["phase"] in STEPS.values():
                assert row["phase"] == STEPS[row["to_milestone"]]
                assert not chain_of(row["to_milestone"]).keys() & set(between)
        if row["state"] == "open" and row["phase"] in STEPS.values():
            assert row["phase"] == STEPS[next_of(row["from_milestone"], life_of(row, of))]


def chain_of(milestone: str) -> dict[str, str]:
    return next(chain for chain in (CLAIM, POD, POD_END, CLAIM_END) if milestone in chain)


def next_of(milestone: str, life: Life) -> str:
    """What truly comes after it."""
    starts = {
        "claim_created": CLAIM,
        "pod_created": POD,
        "pod_deletion_asked": POD_END,
        "claim_deletion_asked": CLAIM_END,
    }
    chain = starts.get(milestone) or chain_of(milestone)
    left = [step for step in chain if life.is_delayed or step not in DELAYED_ONLY]
    return left[left.index(milestone) + 1 if milestone in left else 0]


@few
@given(of=some_lives, logs=some_logs)
def test_blame_sums_to_the_whole_without_a_hole(of, logs):
    whole, pieces = told(of, logs).ask(
        "select use_id, direction, min(begins_at) as begins_at, max(seen_until) as ends_at from phases"
        " where use_id is not null group by all having max(seen_until) > min(begins_at)",
        "from blame order by position",
    )
    parts = chains(pieces)
    assert {(row["use_id"], row["direction"]) for row in whole} == parts.keys()
    for row in whole:
        way = parts[row["use_id"], row["direction"]]
        assert [each["position"] for each in way] == list(range(1, len(way) + 1))
        assert way[0]["begins_at"] == row["begins_at"]
        assert (
            way[-1]["ends_at"] >= row["ends_at"] if row["direction"] == "down" else way[-1]["ends_at"] == row["ends_at"]
        )
        for each, following in pairwise(way):
            assert each["ends_at"] == following["begins_at"]
            assert (each["owner"], each["phase"]) != (following["owner"], following["phase"])
        spans = [(each["ends_at"] - each["begins_at"]).total_seconds() for each in way]
        assert [each["duration_us"] for each in way] == [round(span * 1_000_000) for span in spans]
        assert all(each["duration_us"] > 0 for each in way)


@few
@given(of=some_lives, logs=some_logs)
def test_a_log_less_only_widens_and_joins(of, logs):
    [every] = told(of, set(LOGS)).ask(f"from phases {ORDERED}")
    [fewer] = told(of, logs).ask(f"from phases {ORDERED}")
    known = chains(every)
    for subject, rows in chains(fewer).items():
        ends = {(row["from_milestone"], row["to_milestone"]) for row in known[subject]}
        starts, stops = {start for start, _ in ends}, {stop for _, stop in ends}
        for row in rows:
            if row["state"] == "done":
                assert row["from_milestone"] in starts and row["to_milestone"] in stops
            if row["phase"] in STEPS.values() and row["state"] == "done":
                (same,) = [
                    each
                    for each in known[subject]
                    if (each["from_milestone"], each["to_milestone"]) == (row["from_milestone"], row["to_milestone"])
                ]
                assert same["owner"] == row["owner"]
                assert row["longest_us"] >= same["longest_us"] and row["shortest_us"] <= same["shortest_us"]
