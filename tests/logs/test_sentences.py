"""The sentences of the kubelet and the attach/detach controller; all examples are from the capture."""

from __future__ import annotations

import pytest
from log_reading import fields

CSI = {"driver": "hostpath.csi.k8s.io", "volume_handle": "82c7"}
UNIQUE = "kubernetes.io/csi/hostpath.csi.k8s.io^82c7"
MOUNTED = f'for volume "pvc-1" (UniqueName: "{UNIQUE}") pod "data" (UID: "ecb1") '
ON_POD = CSI | {"pv": "pvc-1", "pod": "data", "pod_uid": "ecb1"}
ON_NODE = CSI | {"pv": "pvc-1", "node": "lab-node-1"}


def line(text: str) -> dict[str, str]:
    return fields(f"I1123 07:44:54.639896   14715 operation_generator.go:214] {text}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"operationExecutor.MountVolume started {MOUNTED}", ON_POD | {"verb": "MountVolume", "outcome": "started"}),
        (
            f"Starting operationExecutor.MountVolume {MOUNTED}",
            ON_POD | {"verb": "MountVolume", "outcome": "started"},
        ),
        (
            f"MountVolume.WaitForAttach entering {MOUNTED}",
            ON_POD | {"verb": "MountVolume.WaitForAttach", "outcome": "entering"},
        ),
        (
            f'MountVolume.MountDevice succeeded {MOUNTED}device mount path "/var/lib/g"',
            ON_POD | {"verb": "MountVolume.MountDevice", "outcome": "succeeded"},
        ),
        (f"Controller attach succeeded {MOUNTED}", ON_POD | {"verb": "Controller attach", "outcome": "succeeded"}),
        (
            f'UnmountVolume.TearDown succeeded for volume "{UNIQUE}" pod "ecb1" (UID: "ecb1").'
            ' InnerVolumeSpecName "pvc-1". PluginName "kubernetes.io/csi", VolumeGIDValue ""',
            CSI | {"pv": "pvc-1", "pod_uid": "ecb1", "verb": "UnmountVolume.TearDown", "outcome": "succeeded"},
        ),
        (
            f'UnmountDevice succeeded for volume "pvc-1" (UniqueName: "{UNIQUE}") on node "lab-node-1" ',
            ON_NODE | {"verb": "UnmountDevice", "outcome": "succeeded"},
        ),
        (
            f'AttachVolume.Attach succeeded for volume "pvc-1" (UniqueName: "{UNIQUE}") from node "lab-node-1" ',
            ON_NODE | {"verb": "AttachVolume.Attach", "outcome": "succeeded"},
        ),
        (
            f'Volume detached for volume "pvc-1" (UniqueName: "{UNIQUE}") on node "lab-node-1" DevicePath ""',
            ON_NODE | {"verb": "Volume", "outcome": "detached"},
        ),
        (
            f'Verified volume is safe to detach for volume "pvc-1" (UniqueName: "{UNIQUE}") on node "lab-node-1" ',
            ON_NODE | {"verb": "Verified volume", "outcome": "is safe to detach"},
        ),
    ],
)
def test_a_sentence_tells_verb_outcome_volume_and_where(text, expected):
    assert line(text) == expected


def test_inside_quotes_the_lines_own_pod_has_its_namespace():
    quoted = f"MountVolume.SetUp succeeded {MOUNTED}".replace('"', r"\"")
    assert line(f'"{quoted}" pod="s11/data"') == ON_POD | {
        "verb": "MountVolume.SetUp",
        "outcome": "succeeded",
        "pod": "s11/data",
    }


def test_an_operation_that_is_put_off_tells_its_error_and_how_long():
    text = (
        f'Operation for "{{volumeName:{UNIQUE} podName:ecb1 nodeName:}}" failed. No retries permitted until '
        "2026-11-23 07:41:51.270868278 +0000 UTC m=+577.464732627 (durationBeforeRetry 500ms). Error: "
        f"MountVolume.SetUp failed {MOUNTED}: rpc error: code = Unknown desc = failed to mount device: /csi-data-dir/1"
    )
    assert line(text) == ON_POD | {
        "verb": "MountVolume.SetUp",
        "outcome": "failed",
        "retry_after": "500ms",
        "error": "rpc error: code = Unknown desc = failed to mount device: /csi-data-dir/1",
        "rpc.code": "Unknown",
        "rpc.error": "failed to mount device: /csi-data-dir/1",
    }


@pytest.mark.parametrize("behind", ['on node "n"', 'pod "data" (UID: "ecb1")', 'InnerVolumeSpecName "pvc-1"'])
def test_a_sentence_that_is_cut_off_tells_what_is_left(behind):
    text = f'UnmountVolume.TearDown succeeded for volume "pvc-1" (UniqueName: "{UNIQUE}") {behind}'
    whole = line(text)
    told = [line(text[:end]).items() for end in range(text.index(" (") + 1, len(text))]
    assert all(each <= whole.items() for each in told)
    assert told[-1] >= CSI.items()


def test_other_plugins_volumes_have_no_driver_and_no_handle():
    text = 'MountVolume.SetUp succeeded for volume "kube-api-access" (UniqueName: "kubernetes.io/projected/u-k") pod "a" (UID: "u") '  # noqa: E501
    assert line(text) == {
        "verb": "MountVolume.SetUp",
        "outcome": "succeeded",
        "pv": "kube-api-access",
        "pod": "a",
        "pod_uid": "u",
    }
