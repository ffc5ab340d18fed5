"""What the lines of each kind of log tell of a call."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from log_trace import KUBELET, Gap, Said, add_logs

from analysis import open_trace

AT = 1_795_419_000_000_000
PROVISIONER = "log/default/csi-0/uid-csi/csi-provisioner/0"
DRIVER = "log/default/csi-0/uid-csi/csi-rbdplugin/0"
PATH = "/var/lib/kubelet/pods/uid-pod/volumes/kubernetes.io~csi/pvc-1/mount"


def line(second: int, text: str, stream: str = PROVISIONER) -> Said:
    clock = f"07:30:{second:02}.000000"
    stamp = "" if stream == KUBELET else f"2026-11-23T{clock}000Z "
    return Said(AT + second * 1_000_000, stream, f"{stamp}I1123 {clock}       1 x.go:1] {text}")


def call(second: int, method: str, **request: str) -> Said:
    body = json.dumps(json.dumps(request))
    return line(second, f'"GRPC call" method="/csi.v1.Controller/{method}" request={body}')


def answer(second: int, response: str = "{}", error: str | None = None) -> Said:
    failure = "null" if error is None else json.dumps(error)
    return line(second, f'"GRPC response" response={json.dumps(response)} err={failure}')


def begun() -> list[Said]:
    """What a sidecar asks when it starts: before it there is no call whose answer could still come."""
    path, response = "/csi.v1.Identity/GetPluginInfo", json.dumps('{"name":"d.example.com"}')
    return [
        line(0, f'"GRPC call" method="{path}" request="{{}}"'),
        line(0, f'"GRPC response" response={response} err=null'),
    ]


@pytest.fixture
def operations(tmp_path: Path):
    """The operations of a trace with these lines, and whatever notes of the recorder, behind the sidecar's start."""

    def of(*lines: Said | Gap, before: Iterable[Said] | None = None) -> list[dict[str, Any]]:
        path = add_logs(tmp_path / "lines.trace", [*(begun() if before is None else before), *lines])
        with open_trace(path) as trace:
            query = "from operations where method != 'GetPluginInfo' order by requested_seq, seq"
            return trace.sql(query).to_dicts()

    return of


def outcomes(operations: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(each["volume_handle"], each["pairing"], each["code"], each["duration_ms"]) for each in operations]


def test_one_call_at_a_time_is_inferred(operations):
    found = operations(call(1, "DeleteVolume", volume_id="vol-a"), answer(3))
    assert outcomes(found) == [("vol-a", "inferred", "OK", 2000.0)]


def test_two_calls_with_equal_answers_have_bounds_and_their_common_outcome(operations):
    found = operations(
        call(1, "DeleteVolume", volume_id="vol-a"), call(2, "DeleteVolume", volume_id="vol-b"), answer(4), answer(8)
    )
    assert outcomes(found) == [("vol-a", "ambiguous", "OK", None), ("vol-b", "ambiguous", "OK", None)]
    assert [(each["duration_min_ms"], each["duration_max_ms"]) for each in found] == [
        (3000.0, 7000.0),
        (2000.0, 6000.0),
    ]


def test_an_error_that_names_its_volume_settles_both(operations):
    failure = "rpc error: code = NotFound desc = no volume vol-b"
    found = operations(
        call(1, "DeleteVolume", volume_id="vol-a"),
        call(2, "DeleteVolume", volume_id="vol-b"),
        answer(4, error=failure),
        answer(8),
    )
    assert outcomes(found) == [("vol-a", "inferred", "OK", 7000.0), ("vol-b", "exact", "NotFound", 2000.0)]


def test_the_shape_of_an_answer_tells_methods_apart(operations):
    found = operations(
        call(1, "CreateVolume", name="pvc-1"),
        call(2, "DeleteVolume", volume_id="vol-b"),
        answer(3),
        answer(4, '{"volume":{"volume_id":"vol-a"}}'),
    )
    assert outcomes(found) == [("vol-a", "inferred", "OK", 3000.0), ("vol-b", "inferred", "OK", 1000.0)]


def test_what_a_sidecar_says_afterwards_tells_which_answer_was_its_own(operations):
    found = operations(
        call(1, "CreateVolume", name="pvc-1"),
        call(2, "CreateVolume", name="pvc-2"),
        answer(3, '{"volume":{"volume_id":"vol-b"}}'),
        line(3, "successfully created PV pvc-2 for PVC data and csi volume name vol-b"),
        answer(5, '{"volume":{"volume_id":"vol-a"}}'),
    )
    assert outcomes(found) == [("vol-a", "inferred", "OK", 4000.0), ("vol-b", "inferred", "OK", 1000.0)]


def test_a_call_that_is_still_open_has_no_outcome(operations):
    found = operations(call(1, "DeleteVolume", volume_id="vol-a"))
    assert outcomes(found) == [("vol-a", None, None, None)]


def test_an_answer_whose_call_was_not_seen_makes_the_others_doubtful(operations):
    found = operations(call(1, "DeleteVolume", volume_id="vol-a"), answer(2), answer(3))
    assert outcomes(found) == [("vol-a", "ambiguous", None, None)]


def test_a_drivers_own_number_joins_its_lines(operations):
    def rbd(second: int, number: int, text: str) -> Said:
        return line(second, f"ID: {number} Req-ID: vol-{number} {text}", DRIVER)

    found = operations(
        rbd(1, 1, "GRPC call: /csi.v1.Controller/DeleteVolume"),
        rbd(1, 1, 'GRPC request: {"volume_id":"vol-1"}'),
        rbd(2, 2, "GRPC call: /csi.v1.Controller/DeleteVolume"),
        rbd(2, 2, 'GRPC request: {"volume_id":"vol-2"}'),
        rbd(3, 2, "GRPC response: {}"),
        rbd(5, 1, "GRPC error: rpc error: code = Aborted desc = an operation with the given Volume ID already exists"),
    )
    told = [(each["volume_handle"], each["pairing"], each["code"], each["driver_ms"], each["echo"]) for each in found]
    assert told == [("vol-1", "exact", "Aborted", 4000.0, True), ("vol-2", "exact", "OK", 1000.0, False)]


def test_caller_and_driver_are_one_operation_and_the_rest_is_queueing(operations):
    whole = {
        "Method": "/csi.v1.Controller/DeleteVolume",
        "Request": {"volume_id": "vol-a"},
        "Response": {},
        "Error": "",
    }
    (found,) = operations(
        line(0, "GRPC call: /csi.v1.Identity/GetPluginInfo", DRIVER),
        line(0, "GRPC request: {}", DRIVER),
        call(1, "DeleteVolume", volume_id="vol-a"),
        line(3, "GRPC call: /csi.v1.Controller/DeleteVolume", DRIVER),
        line(3, 'GRPC request: {"volume_id":"vol-a"}', DRIVER),
        line(7, f"gRPCCall: {json.dumps({**whole, 'FullError': None})}", DRIVER),
        answer(8),
    )
    assert (found["duration_ms"], found["driver_ms"], found["queue_ms"]) == (7000.0, 4000.0, 3000.0)
    assert found["component"] == "csi-provisioner"


def test_a_kubelets_call_without_an_answer_was_interrupted(operations):
    said = f'"kubernetes.io/csi: calling NodePublishVolume rpc" volID="vol-a" targetPath="{PATH}"'
    done = f"kubernetes.io/csi: mounter.SetUp successfully requested NodePublish [{PATH}]"
    found = operations(line(1, said, KUBELET), line(5, said, KUBELET), line(6, done, KUBELET))
    assert outcomes(found) == [("vol-a", None, None, None), ("vol-a", "exact", "OK", 1000.0)]
    assert found[1]["pod_uid"] == "uid-pod"


def test_a_kubelets_error_belongs_to_its_call(operations):
    failed = (
        'Operation for "{volumeName:kubernetes.io/csi/d.example.com^vol-a podName: nodeName:}" failed. No retries'
        " permitted until 2026-11-23 07:30:07 +0000 UTC m=+1.0 (durationBeforeRetry 500ms). Error:"
        ' MountVolume.MountDevice failed for volume "pvc-1" (UniqueName: "kubernetes.io/csi/d.example.com^vol-a")'
        ' pod "p" (UID: "uid-pod") :'
        " rpc error: code = Internal desc = no such device"
    )
    said = '"kubernetes.io/csi: calling NodeStageVolume rpc" volID="vol-a" stagingTargetPath="/staging/globalmount"'
    found = operations(line(1, said, KUBELET), line(2, failed, KUBELET))
    assert outcomes(found) == [("vol-a", "exact", "Internal", 1000.0)]
    assert found[0]["error"] == "no such device"


def gap(second: int, stream: str = PROVISIONER) -> Gap:
    return Gap(AT + second * 1_000_000, stream)


def test_no_pair_crosses_a_gap(operations):
    found = operations(call(1, "DeleteVolume", volume_id="vol-a"), gap(2), answer(3))
    assert outcomes(found) == [("vol-a", None, None, None)]
    assert found[0]["unknown_because"] == "its answer may lie in a gap of the log"


def test_behind_a_gap_an_answer_may_be_that_of_a_call_in_it(operations):
    found = operations(gap(1), call(2, "DeleteVolume", volume_id="vol-a"), answer(3))
    assert outcomes(found) == [("vol-a", "ambiguous", None, None)]
    assert (found[0]["duration_min_ms"], found[0]["duration_max_ms"]) == (1000.0, None)
    assert found[0]["unknown_because"] == "an answer may be its own or another call's"


def test_behind_a_gap_an_answer_that_names_its_volume_is_certain(operations):
    failure = "rpc error: code = NotFound desc = no volume vol-a"
    found = operations(gap(1), call(2, "DeleteVolume", volume_id="vol-a"), answer(3, error=failure))
    assert outcomes(found) == [("vol-a", "exact", "NotFound", 1000.0)]


def test_the_next_try_of_a_call_behind_a_gap_tells_that_it_was_answered(operations):
    found = operations(
        gap(1),
        call(2, "DeleteVolume", volume_id="vol-a"),
        answer(3, error="rpc error: code = Internal desc = no"),
        call(4, "DeleteVolume", volume_id="vol-a"),
        answer(5),
        call(6, "DeleteVolume", volume_id="vol-b"),
    )
    assert outcomes(found)[0] == ("vol-a", "inferred", "Internal", 1000.0)
    assert found[1]["pairing"] == "ambiguous"


def test_a_log_that_begins_in_the_middle_of_calls_makes_no_pair_of_what_names_nothing(operations):
    found = operations(call(1, "DeleteVolume", volume_id="vol-a"), answer(3), before=[])
    assert outcomes(found) == [("vol-a", "ambiguous", None, None)]


def test_a_container_that_has_a_later_run_ended_before_the_answer(operations):
    later = line(5, "Starting", PROVISIONER.removesuffix("0") + "1")
    (found,) = operations(call(1, "DeleteVolume", volume_id="vol-a"), later)
    assert (found["answered_at"], found["unknown_because"]) == (None, "its caller ended before an answer")
