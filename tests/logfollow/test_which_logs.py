"""Which containers' logs are followed: storage's own, and what the user adds or removes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_api import CSINODES, DRIVERS, PODS, FakeApi
from log_pods import NAMESPACE, SidecarPod, lines
from recording_run import recording

from tracer.components import components
from tracer.errors import VolreelError
from tracer.logfollow.selection import Selection

HOST = {"name": "v", "hostPath": {"path": "/var/lib/kubelet/plugins/x"}}
EMPTY = {"name": "v", "emptyDir": {}}
MOUNT = [{"name": "v", "mountPath": "/csi"}]


@pytest.mark.parametrize(
    ("container", "volume", "component"),
    [
        ({"image": "registry.k8s.io/sig-storage/csi-provisioner:v6.0.0"}, EMPTY, "csi-provisioner"),
        ({"image": "mirror.local/x@sha256:0", "name": "csi-resizer"}, EMPTY, "csi-resizer"),
        ({"image": "registry.k8s.io/sig-storage/snapshot-controller:v8.3.0"}, EMPTY, "snapshot-controller"),
        ({"image": "registry.k8s.io/kube-controller-manager:v1.36.0"}, EMPTY, "kube-controller-manager"),
        ({"name": "kube-scheduler"}, EMPTY, "kube-scheduler"),
        ({"image": "vendor/own-sidecar:1", "args": ["--csi-address=/csi/csi.sock"]}, EMPTY, "driver"),
        ({"image": "vendor/plugin:1", "volumeMounts": MOUNT}, HOST, "driver"),
        ({"image": "vendor/plugin:1", "args": ["-endpoint=unix:///csi/csi.sock"]}, EMPTY, "driver"),
        ({"image": "vendor/controller:1", "args": ["--name=disk.vendor.io"]}, EMPTY, "driver"),
        ({"image": "vendor/controller:1", "env": [{"name": "DRIVER", "value": "disk.vendor.io"}]}, EMPTY, "driver"),
        ({"image": "nginx:1", "volumeMounts": MOUNT}, EMPTY, None),
        ({"image": "nginx:1", "args": ["--name=web"]}, EMPTY, None),
    ],
)
def test_a_component_is_told_by_what_it_is(
    container: dict[str, Any], volume: dict[str, Any], component: str | None
) -> None:
    found = components([{"name": "c", **container}], [volume], {"disk.vendor.io"})
    assert list(found.values()) == ([component] if component else [])


def test_what_shares_its_socket_folder_with_a_sidecar_is_the_driver() -> None:
    sidecar = {
        "name": "attacher",
        "image": "registry.k8s.io/sig-storage/csi-attacher:v4",
        "args": ["--csi-address=$(ADDRESS)"],
        "env": [{"name": "ADDRESS", "value": "/csi/csi.sock"}],
        "volumeMounts": [*MOUNT, {"name": "config", "mountPath": "/etc/config"}],
    }
    driver = {"name": "controller", "image": "vendor/controller:1", "volumeMounts": [{"name": "v", "mountPath": "/x"}]}
    other = {"name": "metrics", "image": "proxy:1", "volumeMounts": [{"name": "config", "mountPath": "/etc/config"}]}
    assert components([sidecar, driver, other], [EMPTY]) == {"attacher": "csi-attacher", "controller": "driver"}


async def test_labels_add_pods_and_remove_them(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        sidecar = SidecarPod(api, "sidecar").runs()
        left_out = SidecarPod(api, "left-out", labels={"tier": "test"}).runs()
        added = SidecarPod(api, "added", image="db:1", labels={"app": "db"}, container="server").runs()
        other = SidecarPod(api, "other", image="web:1", labels={"app": "web"}, container="server").runs()
        for pod in (sidecar, left_out, added, other):
            pod.log.write("a line")
        selection = Selection(added=("app in (db, cache)",), removed=("tier=test",))
        async with recording(api, tmp_path / "t.trace", selection=selection) as run:
            logs = run.recorder.logs
            assert logs is not None
            await run.until(lambda: logs.counts.lines == 2)
        assert lines(run.trace, sidecar.stream()) == sidecar.log.texts
        assert lines(run.trace, added.stream()) == added.log.texts


async def test_a_selector_that_is_none_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        with pytest.raises(VolreelError, match="is no label selector"):
            async with recording(api, tmp_path / "t.trace", selection=Selection(added=("a in (",))):
                pass
    assert not (tmp_path / "t.trace").exists()


@pytest.mark.parametrize(
    ("path", "name", "spec"),
    [
        (DRIVERS, "disk.vendor.io", {"attachRequired": True}),
        (CSINODES, "n1", {"drivers": [{"name": "disk.vendor.io", "nodeID": "n1"}]}),
    ],
)
async def test_what_is_told_a_drivers_name_is_followed_also_after_a_restart_of_the_recorder(
    tmp_path: Path, path: str, name: str, spec: dict[str, Any]
) -> None:
    async with FakeApi(PODS, path) as api:
        api.put(path, name, spec=spec)
        first = told_a_driver(api, "first")
        async with recording(api, tmp_path / "t.trace") as run:
            await run.until(lambda: run.recorder.log_counts.lines == 1)
        later = told_a_driver(api, "later")
        async with recording(api, tmp_path / "t.trace", resume=True) as run:
            await run.until(lambda: run.recorder.log_counts.lines == 1)
        assert lines(run.trace, first.stream()) == first.log.texts
        assert lines(run.trace, later.stream()) == later.log.texts


def told_a_driver(api: FakeApi, name: str) -> SidecarPod:
    """A pod whose container is known as a driver by an argument alone."""
    pod = SidecarPod(api, name, container="controller")
    spec = {"containers": [{"name": "controller", "image": "vendor/own:1", "args": ["--name=disk.vendor.io"]}]}
    api.put(PODS, name, NAMESPACE, spec=spec)
    pod.log.write("a line")
    return pod.runs()
