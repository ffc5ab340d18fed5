"""Secrets do not reach the disk: planted wherever they may stand, looked for in every byte of the trace."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from fake_api import CLAIMS, CLASSES, CRDS, EVENTS, PODS, VOLUMES, FakeApi
from recording_run import observations, recording, stream_of

from tracer.trace import open_trace

ATTACHMENTS = "/apis/storage.k8s.io/v1/volumeattachments"
STATEFUL_SETS = "/apis/apps/v1/statefulsets"
SNAPSHOTS = "/apis/snapshot.storage.k8s.io/v1/volumesnapshots"
PATHS = (CLAIMS, VOLUMES, PODS, EVENTS, CLASSES, ATTACHMENTS, STATEFUL_SETS, SNAPSHOTS, CRDS)
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
KEPT = "kept-name-of-a-secret"


class Planted:
    """Gives out secrets that are like nothing else."""

    def __init__(self) -> None:
        self.all: list[str] = []

    def __call__(self) -> str:
        self.all.append(f"hunter{len(self.all):03d}squeamish")
        return self.all[-1]


def container(secret: Planted) -> dict[str, Any]:
    return {
        "name": "app",
        "image": "app:1",
        "env": [
            {"name": "DB_PASSWORD", "value": secret()},
            {"name": "HARMLESS", "value": secret()},
            {"name": "FROM", "valueFrom": {"secretKeyRef": {"name": KEPT, "key": "k"}}},
        ],
        "command": ["serve", f"--token={secret()}", "--password", secret()],
        "args": [f"--dsn=host=db password={secret()} port=1", f'{{"apiKey": "{secret()}"}}'],
        "livenessProbe": {
            "httpGet": {"path": "/", "httpHeaders": [{"name": "Authorization", "value": f"Bearer {secret()}"}]},
        },
        "readinessProbe": {"exec": {"command": ["probe", f"--secret={secret()}"]}},
        "lifecycle": {"preStop": {"exec": {"command": ["stop", "--access-key", secret()]}}},
    }


def pod_spec(secret: Planted) -> dict[str, Any]:
    return {
        "containers": [container(secret)],
        "initContainers": [container(secret)],
        "ephemeralContainers": [container(secret)],
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
            {
                "name": "inline",
                "csi": {
                    "driver": "d",
                    "volumeAttributes": {"accountKey": secret(), "options": f"user=x,password={secret()}"},
                    "nodePublishSecretRef": {"name": KEPT},
                },
            },
        ],
    }


def plant(api: FakeApi, secret: Planted) -> None:
    """An object of each kind, with a secret in each place where people are known to put them."""

    def metadata() -> dict[str, Any]:
        return {"annotations": {LAST_APPLIED: f'{{"data":"{secret()}"}}'}}

    def options() -> dict[str, str]:
        return {
            "password": secret(),
            "secretKey": secret(),
            "csi.storage.k8s.io/node-stage-secret-name": KEPT,
            "mountOptions": f"vers=3,username=u,password={secret()}",
        }

    csi = {"driver": "d", "volumeHandle": "h", "volumeAttributes": options(), "nodeStageSecretRef": {"name": KEPT}}
    volume = {"csi": csi, "mountOptions": [f"password={secret()}", "ro"]}
    said = {"message": f"rpc error: mount failed: -o password={secret()} dev /mnt", "time": "2026-11-20T10:00:00Z"}
    for path, namespace in ((CLAIMS, "shop"), (SNAPSHOTS, "shop")):
        api.put(path, "a", namespace, metadata=metadata())
    api.put(VOLUMES, "a", metadata=metadata(), spec=volume, status={"phase": "Failed", "message": said["message"]})
    api.put(VOLUMES, "b", spec={"flexVolume": {"driver": "f", "options": options()}})
    api.put(PODS, "a", "shop", metadata=metadata(), spec=pod_spec(secret), status={"message": f"token={secret()}"})
    api.put(STATEFUL_SETS, "a", "shop", metadata=metadata(), spec=stateful_set(metadata(), secret))
    api.put(CLASSES, "a", metadata=metadata(), parameters=options(), mountOptions=[f"password={secret()}"])
    api.put(
        ATTACHMENTS,
        "a",
        metadata=metadata(),
        spec={"attacher": "d", "source": {"inlineVolumeSpec": volume | {"mountOptions": [f"password={secret()}"]}}},
        status={
            "attached": False,
            "attachmentMetadata": options(),
            "attachError": {**said, "message": f"login failed, secret={secret()}"},
            "detachError": {**said, "message": f"login failed, api_key={secret()}"},
        },
    )
    api.put(EVENTS, "a", "shop", reason="FailedMount", message=f"mount -o username=u,password={secret()} failed")
    api.put(CRDS, "volumesnapshots.snapshot.storage.k8s.io", metadata=metadata())
    for status in ({"conditions": [{"type": "Resizing", "message": f"token={secret()}"}]},):
        api.put(CLAIMS, "a", "shop", status=status)
    api.put(SNAPSHOTS, "a", "shop", status={"error": {"message": f"denied: password={secret()}"}})


def stateful_set(metadata: dict[str, Any], secret: Planted) -> dict[str, Any]:
    return {"template": {"metadata": metadata, "spec": pod_spec(secret)}}


async def test_no_planted_secret_is_in_any_byte_of_the_trace(tmp_path: Path) -> None:
    secret, trace = Planted(), tmp_path / "t.trace"
    async with FakeApi(*PATHS) as api:
        plant(api, secret)  # to be listed
        async with recording(api, trace, crash=True) as run:
            for path in PATHS:
                await run.synced(path)
            plant(api, secret)  # to be watched
            await run.certain(SNAPSHOTS, api.revision)
            await run.until(lambda: durable(trace) == sent(api))
        assert_clean(trace, secret)  # the journal
        async with recording(api, trace, resume=True) as run:
            plant(api, secret)
            await run.certain(SNAPSHOTS, api.revision)
            await run.until(lambda: durable(trace) == sent(api))
    assert len(secret.all) > 100
    assert_clean(trace, secret)
    assert any(KEPT.encode() in text for text in texts(trace))
    assert any(b"(removed by volreel)" in text for text in texts(trace))


def sent(api: FakeApi) -> dict[str, int]:
    return {stream_of(path): found.history[-1].revision for path, found in api.collections.items()}


def durable(trace: Path) -> dict[str, int]:
    return {stream_of(path): max((row[2] for row in observations(trace, path)), default=0) for path in PATHS}


def assert_clean(trace: Path, secret: Planted) -> None:
    for text in texts(trace):
        for each in secret.all:
            at = text.find(each.encode())
            assert at < 0, text[max(0, at - 200) : at + 50]


def texts(trace: Path) -> Iterator[bytes]:
    """Every byte of the trace: the files as they are, and every column uncompressed."""
    for file in sorted(trace.rglob("*")):
        if file.is_file():
            yield file.read_bytes()
        if file.suffix == ".parquet":
            yield uncompressed(pq.read_table(file))
            metadata = pq.read_metadata(file)
            yield str([metadata.row_group(index).to_dict() for index in range(metadata.num_row_groups)]).encode()
    opened = open_trace(trace)
    for table in ("objects", "streams"):
        yield uncompressed(opened.tail(table))


def uncompressed(table: pa.Table) -> bytes:
    """The values of a table, buffer by buffer."""
    arrays = [chunk for column in table.columns for chunk in column.chunks]
    buffers = itertools.chain.from_iterable(array.buffers() for array in arrays)
    return b"".join(buffer.to_pybytes() for buffer in buffers if buffer is not None)
