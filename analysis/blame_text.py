"""Who had the turn, as text: the owners of each way with their shares, then the stretches in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from analysis.text import cut, table, took
from tracer.trace.visible import visible

_WAYS = {"up": "from the pod's creation until its containers had started", "down": "from the pod's deletion on"}
_BAR = 20


def as_text(stretches: pl.DataFrame, width: int) -> str:
    """A block for each way of each use; stretches as `Trace.blame` gives them."""
    if stretches.is_empty():
        return "nobody waited\n"
    blocks = ["".join(_block(way, width)) for way in stretches.partition_by("use_id", "direction", maintain_order=True)]
    return "\n".join(blocks)


def _block(way: pl.DataFrame, width: int) -> Iterator[str]:
    first = way.row(0, named=True)
    whole = int(way["duration_us"].sum())
    where = f" on {first['node']}" if first["node"] else ""
    title = f"{first['namespace']}/{first['pod']}{where}, volume {first['volume'] or 'that does not exist'}"
    yield cut(visible(title), width) + "\n"
    yield f"{took(whole)} {_WAYS[first['direction']]}, at {first['begins_at']:%Y-%m-%d %H:%M:%S.%f} UTC\n\n"
    owners = way.group_by("owner", maintain_order=True).agg(pl.col("duration_us").sum(), pl.col("phase"))
    rows = [(_share(owner, whole), None) for owner in owners.sort("duration_us", descending=True).rows(named=True)]
    header = ("owner", "time", "share", "", "steps, in their order")
    yield from table(header, rows, width, right=("time", "share"), flexible="steps, in their order")


def _share(owner: dict[str, Any], whole: int) -> list[str]:
    share = owner["duration_us"] / whole if whole else 0
    steps = ", ".join(dict.fromkeys(owner["phase"]))
    return [owner["owner"], took(owner["duration_us"]), f"{share:.1%}", "█" * round(share * _BAR), steps]
