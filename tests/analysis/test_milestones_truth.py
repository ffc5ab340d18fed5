"""Milestones of real captures, held against what no model reads: the audit log, and the driver's log of its calls."""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from analysis import open_trace
from tracer.ndjson.importing import import_ndjson

CAPTURES = Path(__file__).parents[3] / "shared" / "real"
SAMPLES = Path(__file__).parents[2] / "sample_traces"
WRITTEN = """
select milestones.*, objects.uid, objects.resource_version, objects.type
from milestones
join objects on objects.seq = milestones.evidence
where milestone != 'snapshot_cut'
    and not starts_with(source, 'Event')
    and not starts_with(source, 'Pod')
    and not starts_with(source, 'Node')
"""
DRIVER = """
select regexp_extract(message, 'gRPCCall: (.*)', 1) as call, logged_at as ended_at
from logs
where component = 'driver'
    and starts_with(message, 'gRPCCall: ')
    and ended_at >= (select min(observed_at) from objects)
"""
REAL_ONLY = pytest.mark.skipif(not CAPTURES.exists(), reason="the captures are not here")


class Write(NamedTuple):
    """A request that changed an object: while it was worked on, the object changed."""

    received_at: datetime
    answered_at: datetime


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The milestones that API objects tell of, without any log."""
    path = tmp_path_factory.mktemp("truth") / "text.trace"
    import_ndjson([str(CAPTURES / "text" / "events.ndjson.gz")], path)
    with open_trace(path) as trace:
        return trace.sql(WRITTEN).to_dicts()


def writes() -> Iterator[tuple[str, str, Write]]:
    """Of each request that changed an object: its UID, the version that it made, and when."""
    with gzip.open(CAPTURES / "text" / "audit.log.gz", "rt") as lines:
        for line in lines:
            entry = json.loads(line)
            answer = entry.get("responseObject") or {}
            # What is gone at once is answered by a Status.
            about = {**answer.get("metadata", {}), **answer.get("details", {})}
            if entry["responseStatus"]["code"] < 300 and "uid" in about:
                at = Write(
                    *(datetime.fromisoformat(entry[key]) for key in ("requestReceivedTimestamp", "stageTimestamp"))
                )
                yield about["uid"], about.get("resourceVersion", ""), at


@REAL_ONLY
def test_the_server_s_own_time_of_each_write_lies_within_the_bounds(written):
    by_version: dict[tuple[str, str], Write] = {}
    last: dict[str, Write] = {}
    for uid, version, at in writes():
        # A request that changes nothing is answered with the version that there is.
        by_version[uid, version] = min(by_version.get((uid, version), at), at)
        last[uid] = max(last.get(uid, at), at)
    judged: dict[str, int] = defaultdict(int)
    for row in written:
        # What deletes an object is the last write to it: that of its last finalizer, or the deletion itself.
        at = last.get(row["uid"]) if row["type"] == "DELETED" else by_version.get((row["uid"], row["resource_version"]))
        if at is not None:
            judged[row["milestone"]] += 1
            assert row["earliest"] <= at.answered_at, row
            assert row["latest"] >= at.received_at, row
    expected = {
        "claim_created": 120,
        "claim_bound": 107,
        "claim_deletion_asked": 120,
        "claim_gone": 120,
        "provision_requested": 102,
        "node_selected": 37,
        "pv_created": 107,
        "pv_bound": 107,
        "pv_released": 105,
        "pv_gone": 107,
        "attachment_created": 94,
        "attached": 90,
        "attachment_deletion_asked": 92,
        "attachment_gone": 94,
        "expand_asked": 4,
        "expand_done": 3,
        "snapshot_asked": 2,
        "modify_asked": 4,
    }
    assert {milestone: judged[milestone] for milestone in expected} == expected


@REAL_ONLY
def test_the_signals_of_a_real_cluster_agree(written):
    assert [row for row in written if row["disagreement"] is not None] == []


@REAL_ONLY
def test_what_arrives_live_is_known_to_less_than_a_second(written):
    live = [row for row in written if row["clock"] == "recorder"]
    assert len(live) > 1000
    assert max(row["precision_us"] for row in live) < 250_000


# --- the driver's own log, in the sample that holds it

METHODS = {
    "CreateVolume": ("create_called", "create_answered"),
    "DeleteVolume": ("delete_called", "delete_answered"),
    "ControllerPublishVolume": ("publish_called", "publish_answered"),
    "ControllerUnpublishVolume": ("unpublish_called", "unpublish_answered"),
}


@pytest.fixture(scope="module")
def sample(kept_models: None) -> Mapping[str, list[dict[str, Any]]]:
    """Tables of the sample with a whole capture: the driver's calls, milestones, volumes."""
    with open_trace(SAMPLES / "first-volumes.trace") as trace:
        queries = {"calls": DRIVER, "milestones": "from milestones", "volumes": "from _volumes"}
        return {name: trace.sql(query).to_dicts() for name, query in queries.items()}


def test_the_driver_s_own_end_of_each_call_lies_between_question_and_answer(sample):
    handles = {row["volume_id"]: row["volume_handle"] for row in sample["volumes"]}
    ends: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for call in sample["calls"]:
        told = json.loads(call["call"])
        if not told["Error"]:
            volume = told["Response"].get("volume") or told["Request"]
            ends[told["Method"].rpartition("/")[2], volume.get("volume_id")].append(call["ended_at"])
    asked = {(row["milestone"], row["volume_id"], row["attachment_uid"]): row for row in sample["milestones"]}
    judged = 0
    for method, (question, answer) in METHODS.items():
        for row in sample["milestones"]:
            if row["milestone"] == answer:
                begin = asked[question, row["volume_id"], row["attachment_uid"]]
                # It may call again what has been done: the first answer counts.
                (end, *_) = [at for at in ends[method, handles[row["volume_id"]]] if at >= begin["earliest"]]
                assert begin["earliest"] <= end <= row["latest"], row
                judged += 1
    assert judged == 4 * 11


def test_log_lines_are_placed_by_the_clock_of_their_node(sample):
    rows = [row for row in sample["milestones"] if re.match(r"csi-\w+ ", row["source"])]
    assert {row["clock"] for row in rows} == {"node/lab-node-1"}
    assert {row["precision_us"] for row in rows if row["milestone"] != "snapshot_cut"} == {rows[0]["precision_us"]}
