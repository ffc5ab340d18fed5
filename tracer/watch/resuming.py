"""Where an earlier recording of a trace stopped: each stream's position and what it knew to be alive."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path

from tracer.errors import NotATrace, TraceError, TraceExists
from tracer.trace.disk import Disk
from tracer.trace.manifest import Cluster
from tracer.trace.opening import Trace, open_trace
from tracer.trace.schema import OBJECTS, STREAMS
from tracer.trace.writer import TraceWriter
from tracer.watch.known import Known
from tracer.watch.standing import Position

BY = "record"
"""Who writes, in a trace's manifest."""
_COLUMNS = ("seq", "stream", "type", "uid", "namespace", "name", "resource_version", "revision")


@dataclass
class Past:
    """What a trace says of one stream."""

    position: Position = field(default_factory=Position)
    known: Known = field(default_factory=Known)
    synced_seq: int | None = None
    """seq of the row since which the stream is certain; None where it is not."""
    rewound_seq: int = -1
    """seq of the row that says that the history was rewound: versions from before it mean nothing."""


def take_up(out: Path, cluster: Cluster, disk: Disk | None) -> tuple[TraceWriter, dict[str, Past]]:
    """Go on with a trace, or begin it where a recorder was stopped before there was one.

    Raises NotATrace, TraceTooNew, TraceDamaged, TraceLocked, and TraceError when it holds another cluster.
    """
    try:
        writer = TraceWriter.resume(out, BY, disk)
    except NotATrace:
        with contextlib.suppress(TraceExists):
            return TraceWriter.create(out, BY, cluster, disk), {}
        raise
    known = writer.manifest.cluster
    if known.uid and cluster.uid and known.uid != cluster.uid and known.server != cluster.server:
        writer.release()
        raise TraceError(
            f"{out} holds cluster {known.uid} at {known.server}, and {cluster.server} is cluster {cluster.uid}. "
            "Choose the right --context, or another trace with -o."
        )
    cluster.uid = cluster.uid or known.uid
    writer.manifest.cluster = cluster
    pasts = load_past(open_trace(out))
    for past in pasts.values():
        past.position.cluster_uid = known.uid
        if writer.damage:
            distrust(past)
    return writer, pasts


def load_past(trace: Trace) -> dict[str, Past]:
    """Stream -> where it stopped. Reads the trace's key columns once; memory goes with the live objects."""
    pasts: dict[str, Past] = {}
    for batch in trace.batches(STREAMS, ("seq", "stream", "what", "revision_from", "revision_to")):
        for row in batch.to_pylist():
            _take_note(pasts.setdefault(row["stream"], Past()), row)
    for batch in trace.batches(OBJECTS, _COLUMNS):
        for seq, stream, kind, uid, namespace, name, version, revision in zip(
            *(batch.column(column).to_pylist() for column in _COLUMNS), strict=True
        ):
            past = pasts.setdefault(stream, Past())
            if kind in ("DELETED", "VANISHED"):
                past.known.remove(uid)
            else:
                past.known.put(uid, namespace, name, version if version and seq > past.rewound_seq else "")
            is_from_watch = kind not in ("LISTED", "VANISHED")
            if is_from_watch and past.synced_seq is not None and seq > past.synced_seq and revision is not None:
                past.position.revision = str(max(int(past.position.revision or 0), revision))
    return pasts


def distrust(past: Past) -> None:
    """Rows of the trace were lost: what a stream knows must be checked against the server, behind a gap."""
    if past.position.revision is not None:
        past.position.last_certain = int(past.position.revision)
        past.position.revision = None


def _take_note(past: Past, row: dict[str, object]) -> None:
    what, revision_to = row["what"], row["revision_to"]
    position = past.position
    if what in ("gap", "rewound"):
        revision_from = row["revision_from"]
        position.last_certain = revision_from if isinstance(revision_from, int) else position.last_certain
        position.revision, past.synced_seq = None, None
        if what == "rewound":
            past.rewound_seq = int(str(row["seq"]))
    elif what in ("synced", "relisted") and isinstance(revision_to, int):
        position.revision, past.synced_seq = str(revision_to), int(str(row["seq"]))
    elif what in ("bookmark", "resumed") and isinstance(revision_to, int) and position.revision is not None:
        position.revision = str(max(int(position.revision), revision_to))
