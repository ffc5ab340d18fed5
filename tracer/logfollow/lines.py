"""From the bytes of one run's log to rows: cut into lines, stamps read, secrets removed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from tracer.cluster import Answer, Lost
from tracer.logs.decoding import LONGEST_LINE
from tracer.logs.lifting import LogLifter
from tracer.logs.streams import KUBELET, host_stream
from tracer.ndjson.line import instant_ns

_STAMP_BYTES = 40


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one container; of a kubelet, which has no pod, all its runs."""

    namespace: str | None
    pod: str | None
    pod_uid: str | None
    container: str
    restart: int
    component: str | None
    node: str | None

    @property
    def stream(self) -> str:
        """The stream's name in a trace."""
        if self.namespace is None:
            return host_stream(self.node, self.container)
        return f"log/{self.namespace}/{self.pod}/{self.pod_uid}/{self.container}/{self.restart}"

    @property
    def path(self) -> str:
        """Where it is served."""
        if self.namespace is None:
            return f"/api/v1/nodes/{self.node}/proxy/logs/"
        return f"/api/v1/namespaces/{self.namespace}/pods/{self.pod}/log"

    def columns(self, lifter: LogLifter, lines: Sequence[str]) -> dict[str, Sequence[Any]]:
        """The columns of these lines, which come in their order: whatever is known of a line is made here."""
        rows = len(lines)
        return {
            **lifter.lift([self.stream] * rows, lines),
            "stream": [self.stream] * rows,
            "namespace": [self.namespace] * rows,
            "pod": [self.pod] * rows,
            "pod_uid": [self.pod_uid] * rows,
            "container": [self.container] * rows,
            "restart": [self.restart] * rows,
            "node": [self.node] * rows,
            "component": [self.component] * rows,
        }


def kubelet_of(node: str) -> Run:
    """A node's kubelet."""
    return Run(None, None, None, KUBELET, 0, KUBELET, node)


def stamp_of(line: bytes) -> int | None:
    """The runtime's stamp before a line, ns since 1970; None where it has none."""
    head = line[:_STAMP_BYTES].partition(b" ")[0]
    stamp = instant_ns(head.decode("ascii", "replace")) if len(head) >= 20 else None
    return stamp if stamp is not None and abs(stamp) < 1 << 63 else None


class Cutter:
    """Cuts a log into lines, wherever its pieces end."""

    def __init__(self) -> None:
        self._unfinished: list[bytes] = []
        self._size = 0

    async def cut(self, answer: Answer) -> AsyncIterator[list[bytes]]:
        """Yield the whole lines of each piece, without their ends. Raises Lost for a line over LONGEST_LINE."""
        async for piece in answer:
            *whole, rest = piece.split(b"\n")
            if whole:
                whole[0] = b"".join([*self._unfinished, whole[0]])
                self._unfinished, self._size = [], 0
            if rest:
                self._unfinished.append(rest)
                self._size += len(rest)
                if self._size > LONGEST_LINE:
                    raise Lost(f"a line has over {LONGEST_LINE} bytes")
            if whole:
                yield whole

    @property
    def rest(self) -> bytes:
        """What stands behind the last line end: a line, if the log is at its end."""
        return b"".join(self._unfinished)
