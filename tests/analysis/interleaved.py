"""Logs of sidecars with many workers, made by a simulation that knows which answer belongs to which call."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from log_trace import Said

BEGIN_US = 1_795_419_000_000_000
ERRORS = (
    "rpc error: code = Internal desc = the backend said no",
    "rpc error: code = ResourceExhausted desc = no room",
    "rpc error: code = Aborted desc = An operation with the given Volume {id} already exists",
)


START_US = 10_000_000
"""A sidecar has begun so long before its first call about a volume."""


@dataclass(slots=True)
class Truth:
    """A call as it was: when it was asked and answered, in µs, and how."""

    method: str
    id: str
    asked_at: int
    answered_at: int | None
    code: str


class Cluster:
    """A driver with one sidecar, csi-provisioner or an attacher, whose workers call it at the same time."""

    def __init__(self, seed: int, *, workers: int, calls: int, old: bool = False, driver: str | None = None) -> None:
        self._random = random.Random(seed)
        self._workers = workers
        self._calls = calls
        self._old = old
        self._driver = driver
        self._lines: list[tuple[int, int, str, str]] = []
        self._numbers = itertools.count()
        self.truths: list[Truth] = []

    def lines(self, component: str = "csi-provisioner", ends_at: float = 1.0) -> list[Said]:
        """The logs; with `ends_at` only that part of them, as when a recording ends in the middle."""
        self._start(component)
        for worker in range(self._workers):
            self._work(worker, component)
        ordered = sorted(self._lines)
        last = ordered[int((len(ordered) - 1) * ends_at)][0]
        ordered = [line for line in ordered if line[0] <= last]
        for truth in self.truths:
            if truth.answered_at is not None and truth.answered_at > last:
                truth.answered_at = None
        self.truths = [truth for truth in self.truths if truth.asked_at <= last]
        return [Said(at, f"log/default/csi-0/uid-csi/{container}/0", line) for at, _, container, line in ordered]

    def _start(self, component: str) -> None:
        """What every sidecar asks before anything else. It is about no volume: no truth is kept of it."""
        for number, (method, response) in enumerate((("Probe", "{}"), ("GetPluginInfo", '{"name":"d.example.com"}'))):
            at = BEGIN_US - START_US + number * 1_000
            texts = self._asks(method, {}, "", "Identity")
            self._log(at, component, texts)
            self._log(at + 100, component, self._answers(response, "", ""))
            if self._driver == "whole":
                self._whole(method, {}, response, "", at + 10, at + 50)

    def _work(self, worker: int, component: str) -> None:
        now = BEGIN_US + self._random.randrange(5_000)
        for number in range(self._calls // self._workers):
            now = self._call(now, worker, number, component)
            now += self._random.choice((0, 50, 3_000, 40_000))

    def _call(self, now: int, worker: int, number: int, component: str) -> int:
        volume = f"vol-{worker:03}-{number:04}"
        method, request, response, context = self._kind(component, volume)
        begin = now + self._random.randrange(1, 200)
        done = begin + self._random.choice((300, 900, 2_000, 15_000))
        end = done + self._random.randrange(1, 300)
        error = self._random.choice(ERRORS).format(id=volume) if self._random.random() < 0.15 else ""
        code = error.split(" ")[4] if error else "OK"
        self.truths.append(Truth(method, volume, now, end, code))
        self._log(now, component, self._asks(method, request, context))
        self._log(end, component, self._answers("{}" if error else response, error, context))
        if self._driver == "whole":
            self._whole(method, request, response, error, begin, done)
        return end

    def _kind(self, component: str, volume: str) -> tuple[str, dict[str, object], str, str]:
        if component == "csi-attacher":
            method = self._random.choice(("ControllerPublishVolume", "ControllerUnpublishVolume"))
            return method, {"volume_id": volume, "node_id": "n1"}, "{}", f' VolumeAttachment="csi-{volume}"'
        kind = self._random.choice(("CreateVolume", "DeleteVolume", "DeleteVolume", "GetCapacity", "ModifyVolume"))
        if kind == "CreateVolume":
            answer = json.dumps({"volume": {"volume_id": f"id-of-{volume}", "capacity_bytes": 1}})
            return kind, {"name": volume}, answer, ""
        if kind == "GetCapacity":
            return kind, {}, '{"available_capacity":5}', ""
        method = "ControllerModifyVolume" if kind == "ModifyVolume" else kind
        return method, {"volume_id": volume}, "{}", ""

    def _asks(self, method: str, request: dict[str, object], context: str, service: str = "Controller") -> list[str]:
        text = json.dumps(request)
        if self._old:
            return [f"GRPC call: /csi.v1.{service}/{method}", f"GRPC request: {text}"]
        return [f'"GRPC call"{context} method="/csi.v1.{service}/{method}" request={json.dumps(text)}']

    def _answers(self, response: str, error: str, context: str) -> list[str]:
        if self._old:
            return [f"GRPC response: {response}", f"GRPC error: {error or '<nil>'}"]
        return [
            f'"GRPC response"{context} response={json.dumps(response)} err={json.dumps(error) if error else "null"}'
        ]

    def _whole(self, method: str, request: dict[str, object], response: str, error: str, begin: int, done: int) -> None:
        path = f"/csi.v1.Controller/{method}"
        self._log(begin, "hostpath", [f"GRPC call: {path}", f"GRPC request: {json.dumps(request)}"])
        call = {
            "Method": path,
            "Request": request,
            "Response": None if error else json.loads(response),
            "Error": error,
            "FullError": {} if error else None,
        }
        self._log(done, "hostpath", [f"gRPCCall: {json.dumps(call)}"])

    def _log(self, at: int, container: str, texts: list[str]) -> None:
        for text in texts:
            clock = datetime.fromtimestamp(at // 1_000_000, UTC) + timedelta(microseconds=at % 1_000_000)
            line = f"{clock:%Y-%m-%dT%H:%M:%S.%f}000Z I{clock:%m%d %H:%M:%S.%f}       1 connection.go:264] {text}"
            self._lines.append((at, next(self._numbers), container, line))
