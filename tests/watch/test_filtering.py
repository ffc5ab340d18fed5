"""Only storage matters: what is kept, what is left out, and that nothing is left out in silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fake_api import CRDS, EVENTS, LEASES, NODES, PODS, FakeApi
from recording_run import observations, recording

CLAIM_VOLUME = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
EPHEMERAL = {"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}
INLINE = {"name": "v", "csi": {"driver": "d"}}
OTHER_VOLUME = {"name": "v", "emptyDir": {}}


def pod(api: FakeApi, name: str, volume: dict[str, Any], image: str = "app:1") -> str:
    """Make a pod; its uid."""
    containers = [{"name": "c", "image": image}]
    api.put(PODS, name, "shop", spec={"containers": containers, "volumes": [volume]})
    return str(api.collections[PODS].objects[("shop", name)]["metadata"]["uid"])


def event(api: FakeApi, name: str, reason: str, kind: str = "Pod", uid: str = "") -> None:
    api.put(EVENTS, name, "shop", reason=reason, involvedObject={"kind": kind, "name": "x", "uid": uid})


def filtered(trace: Path) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = json.loads((trace / "trace.json").read_text())["filtered"]
    return found


def kept(trace: Path, path: str) -> list[str]:
    return [row[1] for row in observations(trace, path)]


async def test_pods_that_storage_touches_are_kept_and_the_others_counted(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod(api, "claim", CLAIM_VOLUME)
        pod(api, "ephemeral", EPHEMERAL)
        pod(api, "other", OTHER_VOLUME)
        async with recording(api, tmp_path / "t.trace") as run:
            await run.synced(PODS)
            pod(api, "inline", INLINE)
            pod(api, "sidecar", OTHER_VOLUME, image="registry.k8s.io/sig-storage/csi-provisioner:v6.3.0")
            pod(api, "another", OTHER_VOLUME)
            await run.certain(PODS, api.delete(PODS, "another", "shop"))
    assert kept(run.trace, PODS) == ["claim", "ephemeral", "inline", "sidecar"]
    assert filtered(run.trace) == {"v1/pods": {"pods without claims, CSI volumes or CSI components": 3}}


async def events_of_all_sorts(api: FakeApi, trace: Path, **options: Any) -> list[str]:
    ours, other = pod(api, "ours", CLAIM_VOLUME), pod(api, "other", OTHER_VOLUME)
    async with recording(api, trace, **options) as run:
        await run.synced(EVENTS)
        event(api, "about-ours", "Pulled", uid=ours)
        event(api, "about-other", "Pulled", uid=other)
        event(api, "scheduling", "FailedScheduling", uid=other)
        event(api, "claim", "Whatever", kind="PersistentVolumeClaim")
        event(api, "unknown-pod", "Pulled", uid="not-seen-yet")
        event(api, "deployment", "ScalingReplicaSet", kind="Deployment")
        await run.certain(EVENTS, api.revision)
    return kept(trace, EVENTS)


async def test_events_follow_what_they_are_about_and_why(tmp_path: Path) -> None:
    async with FakeApi(PODS, EVENTS) as api:
        names = await events_of_all_sorts(api, tmp_path / "t.trace")
    assert names == ["about-ours", "scheduling", "claim", "unknown-pod"]
    assert filtered(tmp_path / "t.trace")["v1/events"] == {"Events about other objects": 2}


async def test_all_events_are_kept_when_asked_for(tmp_path: Path) -> None:
    async with FakeApi(PODS, EVENTS) as api:
        names = await events_of_all_sorts(api, tmp_path / "t.trace", all_events=True)
    assert len(names) == 6


async def test_leases_of_components_are_kept_and_heartbeats_of_nodes_are_not(tmp_path: Path) -> None:
    async with FakeApi(PODS, LEASES) as api:
        pod(api, "storage-0", OTHER_VOLUME, image="csi-attacher:v4")
        api.put(LEASES, "strange-name", "shop", spec={"holderIdentity": "storage-0_77"})
        api.put(LEASES, "external-resizer-d", "shop", spec={"holderIdentity": "x"})
        api.put(LEASES, "kube-scheduler", "kube-system", spec={"holderIdentity": "x"})
        api.put(LEASES, "node-1", "kube-node-lease", spec={"holderIdentity": "node-1"})
        api.put(LEASES, "ingress", "shop", spec={"holderIdentity": "ingress-0"})
        async with recording(api, tmp_path / "t.trace") as run:
            await run.synced(LEASES)
            # What was kept once stays kept: its holder may be another now.
            await run.certain(LEASES, api.put(LEASES, "strange-name", "shop", spec={"holderIdentity": "y"}))
    assert sorted(kept(run.trace, LEASES)) == ["external-resizer-d", "kube-scheduler", "strange-name", "strange-name"]
    assert filtered(run.trace)["coordination.k8s.io/v1/leases"] == {
        "node heartbeats": 1,
        "Leases of other components": 1,
    }


async def test_only_definitions_of_snapshots_are_kept(tmp_path: Path) -> None:
    async with FakeApi(CRDS) as api:
        api.put(CRDS, "volumesnapshots.snapshot.storage.k8s.io", spec={"versions": [{"schema": "long"}]})
        api.put(CRDS, "gateways.gateway.networking.k8s.io")
        async with recording(api, tmp_path / "t.trace") as run:
            await run.synced(CRDS)
    assert kept(run.trace, CRDS) == ["volumesnapshots.snapshot.storage.k8s.io"]
    assert filtered(run.trace)["apiextensions.k8s.io/v1/customresourcedefinitions"] == {"other definitions": 1}


async def test_a_heartbeat_of_a_node_keeps_its_row_but_not_the_object(tmp_path: Path) -> None:
    def status(heard: str, ready: str) -> dict[str, Any]:
        return {"conditions": [{"type": "Ready", "status": ready, "lastHeartbeatTime": heard}]}

    async with FakeApi(NODES) as api:
        api.put(NODES, "n", status=status("10:00", "True"))
        async with recording(api, tmp_path / "t.trace") as run:
            await run.synced(NODES)
            api.put(NODES, "n", status=status("10:05", "True"))
            await run.certain(NODES, api.put(NODES, "n", status=status("10:10", "False")))
    rows = observations(run.trace, NODES, "object")
    assert [(row[0], row[3] is None) for row in rows] == [("LISTED", False), ("MODIFIED", True), ("MODIFIED", False)]


async def test_counts_go_on_after_a_restart(tmp_path: Path) -> None:
    async with FakeApi(PODS) as api:
        pod(api, "a", OTHER_VOLUME)
        async with recording(api, tmp_path / "t.trace") as run:
            await run.synced(PODS)
        pod(api, "b", OTHER_VOLUME)
        async with recording(api, run.trace, resume=True) as run:
            await run.certain(PODS, api.revision)
    assert sum(filtered(run.trace)["v1/pods"].values()) == 2


async def test_events_go_on_after_a_restart(tmp_path: Path) -> None:
    async with FakeApi(PODS, EVENTS) as api:
        async with recording(api, tmp_path / "t.trace") as run:
            await run.synced(EVENTS)
        event(api, "meanwhile", "FailedMount")
        async with recording(api, run.trace, resume=True) as run:
            await run.certain(EVENTS, api.revision)
    assert kept(run.trace, EVENTS) == ["meanwhile"]


async def test_which_pods_matter_is_known_again_after_a_restart(tmp_path: Path) -> None:
    async with FakeApi(PODS, EVENTS, LEASES) as api:
        other = pod(api, "other", OTHER_VOLUME)
        pod(api, "storage-0", OTHER_VOLUME, image="csi-attacher:v4")
        async with recording(api, tmp_path / "t.trace") as run:
            await run.synced(PODS)
            await run.synced(EVENTS)
            await run.synced(LEASES)
        async with recording(api, run.trace, resume=True) as run:
            event(api, "about-other", "Pulled", uid=other)
            api.put(LEASES, "strange-name", "shop", spec={"holderIdentity": "storage-0_77"})
            await run.certain(EVENTS, api.revision - 1)
            await run.certain(LEASES, api.revision)
    assert kept(run.trace, EVENTS) == []
    assert kept(run.trace, LEASES) == ["strange-name"]
    assert filtered(run.trace)["v1/pods"] == {"pods without claims, CSI volumes or CSI components": 1}
