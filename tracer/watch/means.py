"""What every follower of a stream of objects works with."""

from __future__ import annotations

from dataclasses import dataclass

from tracer.cluster import Cluster
from tracer.sink import Sink
from tracer.watch.identity import Identity
from tracer.watch.pace import Pace


@dataclass(frozen=True, slots=True)
class Means:
    """The same for all streams of a recording."""

    cluster: Cluster
    sink: Sink
    identity: Identity
    pace: Pace
    can_stream_lists: bool
    """Whether the server's version has streaming lists (feature WatchList); it may be switched off there."""
