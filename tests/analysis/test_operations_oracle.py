"""Real captures, judged by the hostpath driver's own log: each of its `gRPCCall` lines holds a whole call."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from log_trace import REAL, Said, add_logs, captured, captured_kubelet

from analysis import open_trace
from tracer.ndjson.importing import import_ndjson

pytestmark = pytest.mark.skipif(not REAL.exists(), reason="the captures are not here")

CONTROLLER = {
    "CreateVolume",
    "DeleteVolume",
    "ControllerPublishVolume",
    "ControllerUnpublishVolume",
    "ControllerExpandVolume",
    "ControllerModifyVolume",
    "CreateSnapshot",
    "DeleteSnapshot",
}
NODE = {"NodeStageVolume", "NodePublishVolume", "NodeUnpublishVolume", "NodeUnstageVolume", "NodeExpandVolume"}
Call = tuple[str, str, str | None, str, str]
"""Method, what it is about, where on the node, code, when it was done (by the driver)."""


def true_calls(lines: Iterable[Said], methods: set[str]) -> list[Call]:
    """What the driver's log says, read without any of the project's parsers."""
    calls = []
    for said in lines:
        if said.container != "hostpath" or "gRPCCall: " not in said.line:
            continue
        time = re.search(r"\b(\d\d:\d\d:\d\d\.\d{6})\b", said.line.split("] gRPCCall")[0].split(" ", 1)[1])
        assert time
        call = json.loads(said.line.split("gRPCCall: ")[1])
        method = call["Method"].rpartition("/")[2]
        if method in methods:
            calls.append((method, subject(method, call["Request"]), place(call["Request"]), outcome(call), time[1]))
    return calls


def subject(method: str, request: dict[str, Any]) -> str:
    return str(request.get("name") or request.get("snapshot_id") or request["volume_id"])


def place(request: dict[str, Any]) -> str | None:
    return (
        request.get("target_path")
        or request.get("volume_path")
        or request.get("staging_target_path")
        or request.get("node_id")
    )


def outcome(call: dict[str, Any]) -> str:
    match = re.match(r"rpc error: code = (\w+)", call["Error"])
    return match[1] if match else "Unknown" if call["Error"] else "OK"


@pytest.fixture(scope="module", params=["text", "json"])
def folder(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def lines(folder: str) -> list[Said]:
    kubelet = captured_kubelet(folder) if (REAL / folder / "kubelet.log.gz").exists() else ()
    return [*captured(folder), *kubelet]


@pytest.fixture(scope="module")
def operations(
    folder: str, lines: list[Said], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., list[dict[str, Any]]]:
    """The operations of the capture, with and without the driver's log."""
    found: dict[bool, list[dict[str, Any]]] = {}

    def get(*, with_driver: bool) -> list[dict[str, Any]]:
        if with_driver not in found:
            path: Path = tmp_path_factory.mktemp(folder) / "capture.trace"
            import_ndjson([str(REAL / folder / "events.ndjson.gz")], path)
            add_logs(path, [said for said in lines if with_driver or said.container != "hostpath"])
            with open_trace(path) as trace:
                query = "select *, strftime(answered_at, '%H:%M:%S.%f') as told_at from operations"
                found[with_driver] = trace.sql(query).to_dicts()
        return found[with_driver]

    return get


def told(operation: dict[str, Any]) -> tuple[str, str, str | None, str]:
    method = operation["method"]
    about = {"CreateVolume": "pv", "DeleteSnapshot": "snapshot_handle"}.get(method, "volume_handle")
    where = operation["node"] if "ublishVolume" in method and method.startswith("Controller") else operation["path"]
    return method, operation[about], where, operation["code"]


def test_every_controller_call_is_found_without_the_drivers_log(lines, operations):
    found = [each for each in operations(with_driver=False) if each["method"] in CONTROLLER]
    truth = true_calls(lines, CONTROLLER - {"CreateSnapshot"})
    assert len(truth) > 50
    assert Counter(told(each) for each in found if each["method"] != "CreateSnapshot") == Counter(
        call[:4] for call in truth
    )
    snapshots = true_calls(lines, {"CreateSnapshot"})
    assert [each["code"] for each in found if each["method"] == "CreateSnapshot"] == [call[3] for call in snapshots]


def test_every_node_call_is_found_in_the_kubelets_log(folder, lines, operations):
    if folder == "json":
        pytest.skip("the capture has no kubelet's log")
    found = Counter(told(each) for each in operations(with_driver=False) if each["method"] in NODE)
    truth = Counter(call[:4] for call in true_calls(lines, NODE))
    for call, count in truth.items():
        assert found[call] >= count, call
    # The kubelet's log goes on for a while after the driver's has ended.
    assert sum((found - truth).values()) < 0.05 * sum(truth.values())


def test_no_answer_is_another_calls(lines, operations):
    """An answer comes after the driver's own end of the call."""
    ends: dict[tuple[str, str, str | None, str], list[str]] = {}
    for *call, at in true_calls(lines, CONTROLLER | NODE):
        ends.setdefault(tuple(call), []).append(at)  # type: ignore[arg-type]
    judged = 0
    for operation in operations(with_driver=False):
        if operation["method"] in CONTROLLER | NODE - {"CreateSnapshot"} and operation["answered_at"] is not None:
            begin = operation["requested_at"]
            soon = f"{begin + timedelta(seconds=5):%H:%M:%S.%f}"
            near = [end for end in ends.get(told(operation), []) if f"{begin:%H:%M:%S.%f}" <= end <= soon]
            if near:
                assert near[0] <= operation["told_at"], operation
                assert operation["duration_ms"] < 2_000, operation
            judged += bool(near)  # the capture lacks the log of one of the driver's pods
    assert judged > 50


def test_what_is_inferred_without_the_driver_stays_so_with_it(operations):
    def pairs(*, with_driver: bool) -> dict[Any, Any]:
        found = operations(with_driver=with_driver)
        return {
            (each["component"], each["method"], each["requested_at"], each["volume_handle"]): each["answered_at"]
            for each in found
            if each["method"] in CONTROLLER | NODE and each["requested_at"] is not None
        }

    alone, together = pairs(with_driver=False), pairs(with_driver=True)
    assert alone.keys() == together.keys()
    assert all(together[key] == at for key, at in alone.items() if at is not None)


def test_caller_and_driver_tell_of_one_operation(folder, lines, operations):
    methods = CONTROLLER if folder == "json" else CONTROLLER | NODE
    found = [each for each in operations(with_driver=True) if each["method"] in methods]
    both = [each for each in found if each["requested_seq"] is not None and each["driver_answered_seq"] is not None]
    assert len(both) == len(true_calls(lines, methods))
    assert [each for each in found if each["requested_seq"] is None] == []
    for each in both:
        assert each["requested_at"] <= each["driver_answered_at"]
        if each["driver_requested_at"] is not None and each["answered_at"] is not None:
            assert each["requested_at"] <= each["driver_requested_at"] <= each["driver_answered_at"]
            assert each["driver_answered_at"] <= each["answered_at"]
            assert each["queue_ms"] >= 0


def test_nothing_of_the_capture_is_ambiguous(operations):
    assert {each["pairing"] for each in operations(with_driver=False) if each["method"] in CONTROLLER} <= {
        "exact",
        "inferred",
    }


def test_operations_know_their_claim_and_their_retries(folder, operations):
    if folder == "json":
        pytest.skip("the scenario is in the longer capture")
    failed = [each for each in operations(with_driver=False) if each["code"] == "OutOfRange"]
    created = [each for each in failed if each["method"] == "CreateVolume"]
    assert [each["attempt"] for each in sorted(created, key=lambda each: each["requested_at"])] == [1, 2, 3, 4, 5, 6]
    assert {each["claim_namespace"] for each in created} == {"s06"}
    assert all(each["claim"] and each["claim_uid"] and each["driver"] == "hostpath.csi.k8s.io" for each in created)
    assert all("exceeds maximum allowed" in each["error"] for each in failed)
