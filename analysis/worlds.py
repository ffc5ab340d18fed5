"""What each controller saw at an instant, and of what of it nothing is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from analysis.queries import query

if TYPE_CHECKING:
    from analysis.trace import Trace


@dataclass(frozen=True, slots=True)
class Standing:
    """The worlds at an instant."""

    at: datetime
    unwatched: pl.DataFrame
    """What was not watched then: source, place (a kubelet's node) and why."""
    drift: pl.DataFrame
    """As `Trace.drift`."""
    entries: pl.DataFrame
    """As `Trace.state`."""


def standing(trace: Trace, at: datetime, node: str | None = None) -> Standing:
    """The worlds of a trace at an instant (with a time zone), of all nodes or of one."""
    unwatched = trace.sql(query("unwatched"), {"at": at, "node": node})
    return Standing(at, unwatched, trace.drift(at, node=node), trace.state(at, node=node))
