"""What lines of each driver and sidecar say about a call, in one vocabulary."""

from __future__ import annotations

import pytest
from log_reading import fields

from tracer.logs.calls import VOCABULARY

I = "I1123 07:32:17.001245       1 x.go:1] "  # noqa: E741 - as klog writes it
E = "E1123 07:32:17.001245       1 x.go:1] "


def told(text: str) -> dict[str, str]:
    """The derived fields of a line."""
    return {name: value for name, value in fields(text).items() if name in VOCABULARY}


def rpc(**values: str) -> dict[str, str]:
    return {f"rpc.{name}": value for name, value in values.items()}


CASES = {
    "csi-lib-utils: call": (
        I + r'"GRPC call" driver="d" VolumeAttachment="csi-1f" method="/csi.v1.Controller/ControllerPublishVolume"'
        r' request="{\"node_id\":\"n1\",\"volume_id\":\"82c7\",\"volume_capability\":{\"AccessType\":{\"Mount\":{}}}}"',
        rpc(method="ControllerPublishVolume", phase="call", volume_id="82c7", node_id="n1")
        | {"driver": "d", "va": "csi-1f"},
    ),
    "csi-lib-utils: create from a snapshot": (
        I
        + r'"GRPC call" method="/csi.v1.Controller/CreateVolume" request="{\"capacity_range\":{\"required_bytes\":1073741824},'  # noqa: E501
        r"\"name\":\"pvc-cabd\",\"volume_content_source\":{\"Type\":{\"Snapshot\":{\"snapshot_id\":\"s-1\"}}}}" + '"',
        rpc(method="CreateVolume", phase="call", name="pvc-cabd", bytes="1073741824", source_snapshot_id="s-1"),
    ),
    "csi-lib-utils: response": (
        I + r'"GRPC response" response="{\"volume\":{\"capacity_bytes\":1073741824,\"volume_id\":\"82c7\"}}" err=null',
        rpc(phase="response", code="OK", result="volume", volume_id="82c7", bytes="1073741824"),
    ),
    "csi-lib-utils: failure": (
        I + '"GRPC response" response="{}" err="rpc error: code = ResourceExhausted desc = limit of 2 reached"',
        rpc(phase="response", code="ResourceExhausted", error="limit of 2 reached", result="{}"),
    ),
    "csi-lib-utils 0.17: call": (I + "GRPC call: /csi.v1.Identity/Probe", rpc(method="Probe", phase="call")),
    "csi-lib-utils 0.17: request": (I + 'GRPC request: {"volume_id":"v"}', rpc(phase="request", volume_id="v")),
    "csi-lib-utils 0.17: response": (
        I + 'GRPC response: {"snapshot":{"snapshot_id":"s","source_volume_id":"v","ready_to_use":true}}',
        rpc(phase="response", result="snapshot", snapshot_id="s", source_volume_id="v"),
    ),
    "csi-lib-utils 0.17: no error": (I + "GRPC error: <nil>", rpc(phase="error", code="OK")),
    "hostpath: whole": (
        I
        + 'gRPCCall: {"Method":"/csi.v1.Node/NodeStageVolume","Request":{"volume_id":"82c7","staging_target_path":"/p/g"},'  # noqa: E501
        '"Response":{},"Error":"","FullError":null}',
        rpc(method="NodeStageVolume", phase="whole", volume_id="82c7", staging_path="/p/g", code="OK", result="{}"),
    ),
    "hostpath: failed": (
        I + 'gRPCCall: {"Method":"/csi.v1.Controller/CreateVolume","Request":{"name":"pvc-1"},"Response":null,'
        '"Error":"rpc error: code = OutOfRange desc = too large","FullError":{"code":11,"message":"too large"}}',
        rpc(method="CreateVolume", phase="whole", name="pvc-1", code="OutOfRange", error="too large"),
    ),
    "hostpath: error": (
        E + "GRPC error: rpc error: code = NotFound desc = volume id x does not exist",
        rpc(phase="error", code="NotFound", error="volume id x does not exist"),
    ),
    "ceph-csi: call": (
        I + "ID: 17 Req-ID: 0001-0009-rook-ceph-01 GRPC call: /csi.v1.Controller/ControllerExpandVolume",
        rpc(id="17", method="ControllerExpandVolume", phase="call", volume_id="0001-0009-rook-ceph-01"),
    ),
    "ceph-csi: request": (
        I + 'ID: 18 Req-ID: pvc-6ba3 GRPC request: {"name":"pvc-6ba3","secrets":"***stripped***"}',
        rpc(id="18", phase="request", name="pvc-6ba3"),
    ),
    "ceph-csi: inner line": (
        E + "ID: 18 Req-ID: pvc-6ba3 failed to create volume: rbd: not found",
        rpc(id="18", name="pvc-6ba3"),
    ),
    "ceph-csi: error": (
        E
        + "ID: 19 GRPC error: rpc error: code = Aborted desc = an operation with the given Volume ID v already exists",
        rpc(id="19", phase="error", code="Aborted", error="an operation with the given Volume ID v already exists"),
    ),
    "ceph-csi: slow": (
        "W1123 07:32:17.001245       1 x.go:1] Slow GRPC call /csi.v1.Controller/CreateVolume (30.5s)",
        rpc(method="CreateVolume", elapsed="30.5s"),
    ),
    "aws-ebs: called": (
        I
        + r'"ControllerPublishVolume: called" args="volume_id:\"vol-1\" node_id:\"i-1\" volume_capability:{mount:{fs_type:\"ext4\"}}"',  # noqa: E501
        rpc(method="ControllerPublishVolume", phase="call", volume_id="vol-1", node_id="i-1"),
    ),
    "aws-ebs: attached": (
        I + '"ControllerPublishVolume: attached" volumeID="vol-1" nodeID="i-1" devicePath="/dev/xvdaa"',
        rpc(method="ControllerPublishVolume", phase="response", volume_id="vol-1", node_id="i-1"),
    ),
    "aws-ebs: waiting": (
        I + '"Waiting for volume state" volumeID="vol-1" actual="attaching" desired="attached"',
        rpc(volume_id="vol-1"),
    ),
    "aws-ebs: error": (
        E
        + '"GRPC error" err="rpc error: code = Aborted desc = An operation with the given Volume vol-1 already exists"',
        rpc(phase="error", code="Aborted", error="An operation with the given Volume vol-1 already exists"),
    ),
    "gcp-pd: called": (
        I
        + '/csi.v1.Node/NodePublishVolume called with request: volume_id:"projects/p/zones/z/disks/d" target_path:"/t" ',  # noqa: E501
        rpc(method="NodePublishVolume", phase="call", volume_id="projects/p/zones/z/disks/d", target_path="/t"),
    ),
    "gcp-pd: error": (
        E + "/csi.v1.Controller/CreateVolume returned with error: rpc error: code = Unavailable desc = backoff",
        rpc(method="CreateVolume", phase="error", code="Unavailable", error="backoff"),
    ),
    "gcp-pd: response": (
        I + "/csi.v1.Node/NodePublishVolume returned with response: ",
        rpc(method="NodePublishVolume", phase="response", result="{}"),
    ),
    "azuredisk: call": (I + "GRPC call: /csi.v1.Controller/DeleteVolume", rpc(method="DeleteVolume", phase="call")),
    "vsphere: called": (
        '{"level":"info","time":"2026-08-11T09:12:13.1Z","caller":"a/b.go:1","msg":"ControllerPublishVolume: called with args'  # noqa: E501
        ' {VolumeId:v-1 NodeId:node-1 VolumeCapability:mount:<fs_type:\\"ext4\\" > Readonly:false}","TraceId":"t-1"}',
        rpc(method="ControllerPublishVolume", phase="call", id="t-1", volume_id="v-1", node_id="node-1"),
    ),
    "longhorn: request": (
        r'time="2026-08-11T09:12:13Z" level=info msg="NodePublishVolume: req: {\"target_path\":\"/t\",\"volume_id\":\"pvc-1\"}"',  # noqa: E501
        rpc(method="NodePublishVolume", phase="call", volume_id="pvc-1", target_path="/t"),
    ),
    "longhorn: response": (
        'time="2026-08-11T09:12:13Z" level=info msg="NodePublishVolume: rsp: {}"',
        rpc(method="NodePublishVolume", phase="response", result="{}"),
    ),
    "longhorn: error": (
        'time="2026-08-11T09:12:13Z" level=error msg="NodeStageVolume: err: rpc error: code = Internal desc = no"',
        rpc(method="NodeStageVolume", phase="error", code="Internal", error="no"),
    ),
    "openebs: call": (
        I + 'GRPC call: /csi.v1.Node/NodePublishVolume requests {"target_path":"/t","volume_id":"pvc-1"}',
        rpc(method="NodePublishVolume", phase="call", volume_id="pvc-1", target_path="/t"),
    ),
    "topolvm: called": (
        '{"level":"info","ts":"2026-08-11T09:12:13Z","logger":"driver","msg":"CreateVolume called","name":"pvc-1","required":5}',  # noqa: E501
        rpc(method="CreateVolume", phase="call", name="pvc-1", bytes="5"),
    ),
    "topolvm: failed": (
        '{"level":"error","ts":"2026-08-11T09:12:13Z","msg":"DeleteVolume failed","volume_id":"v","error":"no such"}',
        rpc(method="DeleteVolume", phase="error", volume_id="v", error="no such") | {"error": "no such"},
    ),
    "kubelet: calling": (
        I
        + '"kubernetes.io/csi: calling NodePublishVolume rpc" volID="84be" targetPath="/var/lib/kubelet/pods/6/mount"',
        rpc(method="NodePublishVolume", phase="call", volume_id="84be", target_path="/var/lib/kubelet/pods/6/mount"),
    ),
    "kubelet: attachment": (
        I + f"kubernetes.io/csi: attachment [csi-{'ab' * 32}] for volume [84be] created successfully",
        {"va": f"csi-{'ab' * 32}", "volume_handle": "84be"},
    ),
    "attach/detach controller": (
        I + '"attacherDetacher.DetachVolume started" node="n" volumeName="kubernetes.io/csi/ebs.csi.aws.com^vol-1"',
        {"driver": "ebs.csi.aws.com", "volume_handle": "vol-1", "node": "n"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_call_is_told_in_one_vocabulary(case):
    text, expected = CASES[case]
    assert told(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        '"Probe succeeded" probeType="Readiness" pod="a/b"',
        "GRPC is slow today",
        "GRPC call: nonsense",
        "gRPCCall: {torn",
        "NodeStageVolume: everything is fine",
        "ID: none",
        'waiting for volume "x"',
    ],
)
def test_what_only_looks_like_a_call_tells_none(text):
    assert not [name for name in told(I + text) if name.startswith("rpc.") or name == "verb"]


def test_a_request_that_is_cut_off_is_still_a_call():
    text = I + r'"GRPC call" method="/csi.v1.Node/NodeGetInfo" request="{\"volume_id\":\"a... [request body too large]"'
    assert told(text) == rpc(method="NodeGetInfo", phase="call")


def test_values_that_are_not_what_they_should_be_are_left_out():
    text = I + 'GRPC request: {"volume_id":7,"capacity_range":[]}'
    assert told(text) == rpc(phase="request")
