"""Logs of sidecars with many workers, made by a simulation that knows which answer belongs to which call."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from log_trace import Gap, Said

BEGIN_US = 1_795_419_000_000_000
ERRORS = (
    "rpc error: code = Internal desc = the backend said no",
    "rpc error: code = ResourceExhausted desc = no room",
    "rpc error: code = Aborted desc = An operation with the given Volume {id} already exists",
)


Call = tuple[str, dict[str, object], str, str]
"""Method, request, response, and the keys of the caller's logger."""
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
    driver_at: tuple[int, int]
    """When the driver began and ended."""


class Cluster:
    """A driver with one sidecar, csi-provisioner or an attacher, whose workers call it at the same time."""

    def __init__(
        self,
        seed: int,
        *,
        workers: int,
        calls: int,
        old: bool = False,
        driver: str | None = None,
        slowly: bool = False,
    ) -> None:
        """`old` is csi-lib-utils up to 0.17; `slowly` spreads the calls over hours."""
        self._random = random.Random(seed)
        self._workers = workers
        self._calls = calls
        self._old = old
        self._driver = driver
        self._pauses = (0, 50, 3_000, 40_000, *((20_000_000, 400_000_000) if slowly else ()))
        self._lines: list[tuple[int, int, str, str]] = []
        self._numbers = itertools.count()
        self._asked_in: dict[int, int] = {}
        self.truths: list[Truth] = []
        """The calls that the lines tell of."""

    def lines(
        self, component: str = "csi-provisioner", *, begins_at: float = 0.0, ends_at: float = 1.0, gaps: int = 0
    ) -> list[Said | Gap]:
        """The logs.

        `begins_at` and `ends_at` leave only a part of them, as when a recording begins or ends in the middle; in each
        gap some lines of one log are missing, and a note says so.
        """
        self._start(component)
        for worker in range(self._workers):
            self._work(worker, component)
        ordered = sorted(self._lines)
        first = 0 if begins_at == 0.0 else ordered[int((len(ordered) - 1) * begins_at)][0]
        last = ordered[int((len(ordered) - 1) * ends_at)][0]
        ordered = [line for line in ordered if first <= line[0] <= last]
        notes: list[Said | Gap] = []
        for _ in range(gaps):
            if not ordered:
                break
            ordered, note = self._without_some(ordered)
            notes.append(note)
        self._keep_truths({number for _, number, _, _ in ordered}, last)
        return [*notes, *(Said(at, self._stream(container), text) for at, _, container, text in ordered)]

    def _without_some(self, ordered: list[tuple[int, int, str, str]]) -> tuple[list[tuple[int, int, str, str]], Gap]:
        """Drop a run of one container's lines; those that remain lie before or behind the note in time."""
        _, _, container, _ = self._random.choice(ordered)
        own = [line for line in ordered if line[2] == container]
        begin = self._random.randrange(len(own))
        end = begin + self._random.choice((0, 1, 2, 10, 100, len(own) // 3))
        lost = {line[1] for line in own[begin:end]}
        at = own[begin][0]
        # Lines of one instant are lost together: the note has an instant of its own.
        kept = [line for line in ordered if line[1] not in lost and not (line[2] == container and line[0] == at)]
        return kept, Gap(at, self._stream(container))

    def _keep_truths(self, visible: set[int], last: int) -> None:
        for truth in self.truths:
            if truth.answered_at is not None and truth.answered_at > last:
                truth.answered_at = None
        self.truths = [truth for truth in self.truths if self._asked_in[id(truth)] in visible]

    @staticmethod
    def _stream(container: str) -> str:
        return f"log/default/csi-0/uid-csi/{container}/0"

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
        volume, call = "", None
        for number in range(self._calls // self._workers):
            if call is None:
                volume = f"vol-{worker:03}-{number:04}"
                call = self._kind(component, volume)
            now, has_failed = self._call(now, volume, component, call)
            # What has failed is mostly tried again.
            call = call if has_failed and self._random.random() < 0.8 else None
            now += self._random.choice(self._pauses)

    def _call(self, now: int, volume: str, component: str, call: Call) -> tuple[int, bool]:
        method, request, response, context = call
        begin = now + self._random.randrange(1, 200)
        done = begin + self._random.choice((300, 900, 2_000, 15_000))
        end = done + self._random.randrange(1, 300)
        error = self._random.choice(ERRORS).format(id=volume) if self._random.random() < 0.15 else ""
        code = error.split(" ")[4] if error else "OK"
        truth = Truth(method, volume, now, end, code, (begin, done))
        self.truths.append(truth)
        self._asked_in[id(truth)] = self._log(now, component, self._asks(method, request, context))
        self._log(end, component, self._answers("{}" if error else response, error, context))
        if self._driver == "whole":
            self._whole(method, request, response, error, begin, done)
        return end, bool(error)

    def _kind(self, component: str, volume: str) -> Call:
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

    def _log(self, at: int, container: str, texts: list[str]) -> int:
        """Write lines; the number of the first one."""
        clock = datetime.fromtimestamp(at // 1_000_000, UTC) + timedelta(microseconds=at % 1_000_000)
        head = f"{clock:%Y-%m-%dT%H:%M:%S.%f}000Z I{clock:%m%d %H:%M:%S.%f}       1 connection.go:264] "
        numbers = [next(self._numbers) for _ in texts]
        self._lines += [(at, number, container, head + text) for number, text in zip(numbers, texts, strict=True)]
        return numbers[0]
