"""Pods with a sidecar whose log is scripted, and the lines that a trace has of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fake_api import PODS, FakeApi
from fake_logs import FakeLog, stamp

from tracer.trace import open_trace
from tracer.trace.lines import LINE_PARTS, raw_lines

IMAGE = "registry.k8s.io/sig-storage/csi-attacher:v4.9.0"
CONTAINER = "csi-attacher"
NAMESPACE = "kube-system"


class SidecarPod:
    """One pod with one CSI sidecar, on the scripted server."""

    def __init__(
        self,
        api: FakeApi,
        name: str = "csi-0",
        image: str = IMAGE,
        labels: dict[str, str] | None = None,
        container: str = CONTAINER,
    ) -> None:
        self.api = api
        self.name = name
        self.container = container
        self.log = FakeLog()
        spec = {"nodeName": "n1", "containers": [{"name": container, "image": image}]}
        api.put(PODS, name, NAMESPACE, spec=spec, metadata={"labels": labels or {}})
        self.uid = str(api.collections[PODS].objects[(NAMESPACE, name)]["metadata"]["uid"])
        api.logs[self.uid, container] = self.log
        self._ended: list[dict[str, Any]] = []

    def stream(self, restart: int = 0) -> str:
        return f"log/{NAMESPACE}/{self.name}/{self.uid}/{self.container}/{restart}"

    def waits(self) -> SidecarPod:
        """The pod's status says that the container has not started yet."""
        return self._status({"waiting": {"reason": "ContainerCreating"}})

    def runs(self) -> SidecarPod:
        """The pod's status says that the container is running."""
        return self._status({"running": {"startedAt": stamp(self.log.now_ns)[:19] + "Z"}})

    def restarts(self) -> SidecarPod:
        """The container ends and runs again; the pod's status says so."""
        self.log.restart()
        return self.runs()

    def ends(self) -> SidecarPod:
        """The container ends; the pod's status says so."""
        self.log.end()
        return self._status({"terminated": {"startedAt": stamp(self.log.now_ns)[:19] + "Z"}})

    def _status(self, state: dict[str, Any]) -> SidecarPod:
        restarts = len(self.log.runs) - 1
        last = {"terminated": {"startedAt": "2026-11-18T10:00:00Z"}} if restarts else {}
        found = {"name": self.container, "restartCount": restarts, "state": state, "lastState": last}
        self.api.put(PODS, self.name, NAMESPACE, status={"containerStatuses": [found]})
        return self

    def delete(self) -> None:
        self.log.end()
        self.api.delete(PODS, self.name, NAMESPACE)


def lines(trace: Path, stream: str | None = None) -> list[str | None]:
    """The raw lines of a trace, or of one of its streams, in order."""
    found: list[str | None] = []
    for batch in open_trace(trace).batches("logs", ("stream", *LINE_PARTS)):
        streams = batch["stream"].to_pylist()
        found += [
            line for each, line in zip(streams, raw_lines(batch), strict=True) if stream is None or each == stream
        ]
    return found


def log_notes(trace: Path, stream: str, *without: str) -> list[str]:
    """What the trace says of a log, bookmarks left out."""
    rows = [row for batch in open_trace(trace).batches("streams") for row in batch.to_pylist()]
    return [row["what"] for row in rows if row["stream"] == stream and row["what"] not in ("bookmark", *without)]


def log_detail(trace: Path, stream: str, what: str) -> str:
    rows = [row for batch in open_trace(trace).batches("streams") for row in batch.to_pylist()]
    return str([row["detail"] for row in rows if row["stream"] == stream and row["what"] == what][-1])


def columns(trace: Path, *names: str) -> list[tuple[Any, ...]]:
    found = list(open_trace(trace).batches("logs", names))
    return [row for batch in found for row in zip(*(batch[name].to_pylist() for name in names), strict=True)]


def numbered(first: int, count: int) -> Sequence[str]:
    return [
        f'I1120 10:00:00.{number:06d}       1 main.go:1] "Line" number={number}'
        for number in range(first, first + count)
    ]
