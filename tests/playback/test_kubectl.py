"""A real kubectl against a served trace."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest
import yaml
from served import SAMPLES, Api, rows, served

STUCK = SAMPLES / "stuck-attach.trace"
FIRST = SAMPLES / "first-volumes.trace"

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")


async def kubectl(api: Api, home: Path, *arguments: str) -> tuple[int, str, str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "KUBECONFIG": str(api.server.kubeconfig)}
    process = await asyncio.create_subprocess_exec(
        "kubectl", *arguments, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def lines(api: Api, home: Path, *arguments: str) -> list[list[str]]:
    """What it prints, in words."""
    code, out, err = await kubectl(api, home, *arguments)
    assert code == 0, err
    return [line.split() for line in out.splitlines()]


async def test_get_prints_the_columns_of_a_live_cluster(tmp_path):
    async with served(STUCK, at="50%") as api:
        printed = await lines(api, tmp_path, "get", "pvc,pv,volumeattachments", "-A", "-o", "wide")
        headers = [words for words in printed if words[:2] == ["NAMESPACE", "NAME"] or words[:1] == ["NAME"]]
        claims, volumes, attachments = (" ".join(words) for words in headers)
        assert claims == (
            "NAMESPACE NAME STATUS VOLUME CAPACITY ACCESS MODES STORAGECLASS VOLUMEATTRIBUTESCLASS AGE VOLUMEMODE"
        )
        assert volumes.endswith(
            "NAME CAPACITY ACCESS MODES RECLAIM POLICY STATUS CLAIM STORAGECLASS VOLUMEATTRIBUTESCLASS REASON AGE"
            " VOLUMEMODE"
        )
        assert attachments.endswith("NAME ATTACHER PV NODE ATTACHED AGE")
        served_claims = (await api.get("/api/v1/persistentvolumeclaims"))["items"]
        names = {
            words[1].split("/")[-1] for words in printed if len(words) > 1 and "persistentvolumeclaim/" in words[1]
        }
        assert names == {item["metadata"]["name"] for item in served_claims} != set()


async def test_get_as_yaml_is_the_recorded_object(tmp_path):
    async with served(STUCK, at="50%") as api:
        item = (await api.get("/api/v1/persistentvolumeclaims"))["items"][0]
        meta = item["metadata"]
        arguments = ("get", "pvc", meta["name"], "-n", meta["namespace"], "-o", "yaml", "--show-managed-fields")
        code, out, _ = await kubectl(api, tmp_path, *arguments)
        assert code == 0
        assert yaml.load(out, yaml.BaseLoader)["metadata"]["uid"] == meta["uid"]
        assert yaml.safe_load(out)["spec"] == item["spec"]


async def test_describe_tells_a_claims_story(tmp_path):
    async with served(STUCK, at="50%") as api:
        meta = (await api.get("/api/v1/persistentvolumeclaims"))["items"][0]["metadata"]
        code, out, err = await kubectl(api, tmp_path, "describe", "pvc", meta["name"], "-n", meta["namespace"])
        assert code == 0, err
        assert "Used By:" in out
        assert "Provisioning" in out.split("Events:")[1]


async def test_describe_works_for_pods_volumes_and_nodes(tmp_path):
    async with served(STUCK, at="50%") as api:
        for kind, path in (("pod", "pods"), ("pv", "persistentvolumes"), ("node", "nodes")):
            meta = (await api.get(f"/api/v1/{path}"))["items"][0]["metadata"]
            code, out, err = await kubectl(
                api, tmp_path, "describe", kind, meta["name"], "-n", meta.get("namespace", "default")
            )
            assert code == 0, err
            assert meta["name"] in out


async def test_selectors_reach_the_server(tmp_path):
    async with served(STUCK, at="50%") as api:
        pods = (await api.get("/api/v1/pods"))["items"]
        running = {pod["metadata"]["name"] for pod in pods if pod["status"]["phase"] == "Running"}
        printed = await lines(
            api, tmp_path, "get", "pods", "-A", "--field-selector=status.phase=Running", "--no-headers"
        )
        assert {words[1] for words in printed} == running
        code, _, err = await kubectl(api, tmp_path, "get", "pods", "--field-selector=spec.color=red")
        assert (code, "field label not supported: spec.color" in err) == (1, True)


async def test_chunks_join(tmp_path):
    async with served(STUCK, at="50%") as api:
        whole = await lines(api, tmp_path, "get", "events", "-A")
        assert await lines(api, tmp_path, "get", "events", "-A", "--chunk-size=7") == whole


async def test_writes_and_what_is_missing_are_told_apart(tmp_path):
    async with served(STUCK) as api:
        code, _, err = await kubectl(api, tmp_path, "create", "namespace", "x")
        assert (code, "MethodNotAllowed" in err, "read-only" in err) == (1, True, True)
        code, _, err = await kubectl(api, tmp_path, "get", "pvc", "x", "-n", "default")
        assert (code, err) == (1, 'Error from server (NotFound): persistentvolumeclaims "x" not found\n')


async def test_a_watch_sees_the_history_happen(tmp_path):
    expected = [row["name"] for row in rows(FIRST, "v1/persistentvolumeclaims")]
    async with served(FIRST, speed="max") as api:
        watching = asyncio.create_task(kubectl(api, tmp_path, "get", "pvc", "-A", "-w", "--no-headers"))
        await asyncio.wait_for(api.server.playing, 20)
        api.server.world.close()
        code, out, err = await watching
        assert code == 0, err
        assert [line.split()[1] for line in out.splitlines()] == expected
