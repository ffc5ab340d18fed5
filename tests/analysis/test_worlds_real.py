"""The worlds of real clusters, against what their scripts did and when (marks.ndjson, kubelet.log)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from log_trace import REAL, add_logs, captured_kubelet

from analysis import Trace, open_trace
from tracer.ndjson.importing import import_ndjson

SAMPLES = Path(__file__).parents[2] / "sample_traces"
HEALTHY = ("s01", "s02", "s03", "s04", "s05", "s07", "s08", "s09", "s15")
"""Scenarios in which nothing but the usual is waited for."""
USUAL = timedelta(seconds=12)


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-23T{clock}").replace(tzinfo=UTC)


def differing(trace: Trace, clock: str, node: str | None = None) -> set[tuple[Any, ...]]:
    return set(trace.drift(at(clock), node=node).select("pod", "world", "kind", "turn").rows())


@pytest.fixture(scope="module")
def stuck() -> Iterator[Trace]:
    with open_trace(SAMPLES / "stuck-attach.trace") as trace:
        yield trace


@pytest.fixture(scope="module")
def capture(tmp_path_factory) -> Iterator[Trace]:
    if not REAL.exists():
        pytest.skip("the captures are not here")
    path = tmp_path_factory.mktemp("worlds") / "text.trace"
    import_ndjson([str(REAL / "text" / "events.ndjson.gz")], path)
    with open_trace(add_logs(path, captured_kubelet("text"))) as trace:
        yield trace


def test_while_the_driver_is_away_one_pod_waits_for_the_attacher_and_one_for_the_kubelet(stuck):
    assert differing(stuck, "07:42:30") == {
        ("d2", "attach", "missing", "attacher"),
        ("d2", "mount", "missing", "attacher"),
        ("d1", "attach", "left over", "kubelet"),
        ("d1", "mount", "left over", "kubelet"),
    }


def test_before_the_driver_went_and_after_it_came_back_nothing_differs(stuck):
    assert differing(stuck, "07:41:47") == set()
    assert differing(stuck, "07:44:05") == set()


def test_the_drift_lasts_as_long_as_the_driver_was_away(stuck):
    missing = stuck.drift(at("07:42:30")).filter(pod="d2", world="attach")
    begin, end, why = missing.select("from_at", "to_at", "why").row(0)
    # The driver was scaled away at 07:41:48 and its pod ran again at 07:43:49; the attach took until 07:43:52.
    assert at("07:41:48") < begin < at("07:41:50")
    assert at("07:43:49") < end < at("07:43:54")
    assert why.endswith("CSINode lab-node-1 does not contain driver hostpath.csi.k8s.io")


def test_what_of_another_node_is_asked_for_is_nothing(stuck):
    assert differing(stuck, "07:42:30", "another") == set()
    assert stuck.state(at("07:42:30"), node="another").is_empty()


def test_the_state_names_what_is_wanted_and_how_it_stands(stuck):
    state = stuck.state(at("07:42:30"), node="lab-node-1").filter(world="attach")
    assert set(state.select("volume", "side", "standing", "attached", "listed").rows()) == {
        ("s10/d1", "actual", "attached", True, True),
        ("s10/d2", "desired", "wanted", None, None),
        ("s10/d2", "actual", "attaching", False, False),
        ("s10/l2", "desired", "wanted", None, None),
        ("s10/l2", "actual", "attached", True, True),
        ("s10/l3", "desired", "wanted", None, None),
        ("s10/l3", "actual", "attached", True, True),
    }


def test_healthy_volumes_drift_for_seconds_only():
    with open_trace(SAMPLES / "first-volumes.trace") as trace:
        drift = trace.sql("from drift")
    assert drift["to_at"].is_not_null().all()
    assert (drift["to_at"] - drift["since"]).max() < USUAL


def test_healthy_scenarios_drift_for_seconds_only(capture):
    drift = capture.drift(at("07:33:10"), at("07:55:00")).filter(pl.col("namespace").is_in(HEALTHY))
    assert set(drift["namespace"]) >= {"s03", "s08", "s09", "s15"}
    assert (drift["to_at"] - drift["since"]).max() < USUAL


def test_a_pod_that_was_forced_away_leaves_its_mount_to_the_kubelet(capture):
    # Deleted by force at 07:40:36; the kubelet unmounted at 07:40:38 and reported it at 07:40:45.
    assert differing(capture, "07:40:37") == {
        ("f", "mount", "left over", "kubelet"),
        ("f", "attach", "left over", "kubelet"),
    }
    assert differing(capture, "07:40:40") == {("f", "attach", "left over", "kubelet")}


def test_a_pod_on_a_silent_node_is_still_wanted_there(capture):
    # The kubelet was away from 07:52:52 to 07:54:05, and the pod was to be deleted from 07:53:49 on: as nobody says
    # that its containers have ended, both controllers go on wanting its volume.
    assert differing(capture, "07:54:00") == set()
    state = capture.state(at("07:54:00")).filter(namespace="s16", side="desired")
    assert set(state.select("pod", "world").rows()) == {("a", "attach"), ("a", "mount")}
    assert differing(capture, "07:54:12") == {("a", "attach", "left over", "kubelet")}


def test_what_changed_names_the_driver_that_went_and_came_back(stuck):
    changed = stuck.changes(at("07:41:45"), at("07:43:55")).filter(topic="registration")
    assert changed.select("subject", "what", "before", "after").rows() == [
        ("lab-node-1", "hostpath.csi.k8s.io", "limit 100", None),
        ("lab-node-1", "hostpath.csi.k8s.io", None, "limit 100"),
    ]
    counts = stuck.changes(at("07:41:45"), at("07:42:30")).filter(topic="volumes").select("subject", "what", "after")
    assert ("VolumeAttachments", "attaching", "1") in counts.rows()


def test_a_killed_driver_shows_as_restarts_and_the_silent_node_as_unknown(capture):
    changes = capture.changes(at("07:52:40"), at("07:55:00")).select("topic", "what", "before", "after").rows()
    assert ("program", "restarts of hostpath", "0", "1") in changes
    assert ("node", "ready", "true", "unknown") in changes
    assert ("node", "ready", "unknown", "true") in changes


def test_nothing_changes_in_no_time(stuck):
    assert stuck.changes(at("07:42:30"), at("07:42:30")).is_empty()
