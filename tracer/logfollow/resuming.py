"""Where an earlier recording of a trace stopped reading each log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from tracer.logfollow.position import LogPast, Position
from tracer.logs.streams import kubelet_node
from tracer.trace import Trace
from tracer.trace.schema import LOGS, STREAMS

ROTATED = "rotated: "
"""Begins the detail of the bookmarks that are written for all logs at once, before a journal is sealed."""
STOPPED = "the recorder stopped"
"""detail of `closed` where the log goes on."""
ENDED = "ended"
"""Begins the detail of a `closed` behind which the log has no more lines."""
_CERTAIN = ("synced", "relisted", "resumed")


@dataclass
class LogPasts:
    """What a trace says of all logs."""

    open: dict[str, LogPast] = field(default_factory=dict)
    """A container's stream -> where it stopped, of those that were not read to their end."""
    kubelets: dict[str, LogPast] = field(default_factory=dict)
    """Node -> where its kubelet's log stopped."""
    ended: dict[tuple[str, str], int] = field(default_factory=dict)
    """Pod uid and container -> the last run that was."""

    def past(self, stream: str) -> LogPast | None:
        """Where a log stopped; None where it was read to its end."""
        node = kubelet_node(stream)
        return self.open.get(stream) if node is None else self.kubelets.get(node)

    def of(self, pod_uid: str, container: str) -> tuple[dict[int, LogPast], int]:
        """Take one container's open runs, and the last run that was read to its end (-1: none)."""
        key = pod_uid, container
        mine = [stream for stream in self.open if _container_of(stream) == key]
        return {_restart(stream): self.open.pop(stream) for stream in mine}, self.ended.get(key, -1)


def _container_of(stream: str) -> tuple[str, str]:
    parts = stream.split("/")
    return parts[3], parts[4]


def _restart(stream: str) -> int:
    return int(stream.rsplit("/", 1)[1])


def load_logs(trace: Trace) -> LogPasts:
    """Read where every log stands. Looks at the lines since the last rotation only."""
    pasts, since = LogPasts(), -1
    marked: dict[str, int] = {}
    for batch in trace.batches(STREAMS, ("seq", "stream", "what", "detail")):
        logs = batch.filter(pc.starts_with(batch["stream"], "log/"))
        for row in logs.to_pylist():
            if row["stream"].count("/") != 5:
                continue
            _take_note(pasts, row["stream"], row["what"], row["detail"] or "")
            if row["what"] == "bookmark":
                marked[row["stream"]] = row["seq"]
                if row["detail"].startswith(ROTATED):
                    since = row["seq"]
    for seq, stream, stamp in _lines(trace, since):
        past = pasts.past(stream)
        if past is not None and stamp is not None and seq > marked.get(stream, -1):
            past.position.saw(stamp)
    return pasts


def _take_note(pasts: LogPasts, stream: str, what: str, detail: str) -> None:
    if what == "closed" and detail.startswith(ENDED):
        pasts.open.pop(stream, None)
        key = _container_of(stream)
        pasts.ended[key] = max(_restart(stream), pasts.ended.get(key, -1))
        return
    node = kubelet_node(stream)
    past = pasts.open.setdefault(stream, LogPast()) if node is None else pasts.kubelets.setdefault(node, LogPast())
    if what == "bookmark" and (position := Position.parse(detail)) is not None:
        past.position = position
    past.is_synced = past.is_synced or what in _CERTAIN


def _lines(trace: Trace, since: int) -> Iterator[tuple[int, str, int | None]]:
    late = replace(trace, segments=[each for each in trace.segments if each.last_seq > since])

    for batch in late.batches(LOGS, ("seq", "stream", "stamped_at")):
        chosen = batch.filter(pc.greater(batch["seq"], since))
        columns = (chosen["seq"], chosen["stream"], chosen["stamped_at"].cast(pa.int64()))
        yield from zip(*(column.to_pylist() for column in columns), strict=True)
