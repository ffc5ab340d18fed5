"""Who had the turn, as text: for each life of a pod, what its slowest volume waited for, then the others in a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from analysis.text import cut, table, took
from tracer.trace.visible import visible

_WAYS = {
    ("up", "done"): "from its creation until its containers had started",
    ("up", "open"): "since its creation, and its containers have not started yet",
    ("up", "abandoned"): "from its creation until it was given up",
    ("down", "done"): "from its deletion on",
    ("down", "open"): "since its deletion, and it is not over",
    ("down", "abandoned"): "from its deletion until it was given up",
}
_BAR = 20
_WIDE = 60
"""Columns from which a line has room for the bar and the steps."""
_OWNERS = ("owner", "time", "share", "", "steps, in their order")
_OTHERS = ("its other volumes", "time", "most of it", "share")


def as_text(stretches: pl.DataFrame, width: int) -> str:
    """A block for each way of each life of a pod; stretches as `Trace.blame` gives them."""
    if stretches.is_empty():
        return "nobody waited\n"
    ways = stretches.partition_by("pod_uid", "direction", maintain_order=True)
    return "\n".join("".join(_block(way, width)) for way in ways)


def _block(way: pl.DataFrame, width: int) -> Iterator[str]:
    slowest, *others = sorted(way.partition_by("use_id", maintain_order=True), key=_own_time, reverse=True)
    first = slowest.row(0, named=True)
    where = f" on {first['node']}" if first["node"] else ""
    since = f"{first['begins_at']:%Y-%m-%d %H:%M:%S.%f}"[:-3]
    yield cut(visible(f"pod {first['namespace']}/{first['pod']}{where}, {since} UTC"), width) + "\n"
    yield cut(f"{took(_whole(slowest))} {_WAYS[first['direction'], first['way_state'] or 'done']}", width) + "\n"
    yield cut(visible(f"volume {_volume(first)}:"), width) + "\n\n"
    header = _OWNERS if width >= _WIDE else _OWNERS[:3]
    rows = [(_share(owner, _whole(slowest))[: len(header)], None) for owner in _owners(slowest).rows(named=True)]
    yield from table(header, rows, width, right=("time", "share"), flexible=header[-1])
    if others:
        yield "\n"
        rows = [(_in_short(other), None) for other in others]
        yield from table(_OTHERS, rows, width, right=("time", "share"), flexible=_OTHERS[0])


def _own_time(use: pl.DataFrame) -> int:
    """How long the pod waited for this volume; while it waited for its others only, this one did not hold it up."""
    return _whole(use.filter(pl.col("owner") != "other volume"))


def _whole(use: pl.DataFrame) -> int:
    return int(use["duration_us"].sum())


def _volume(stretch: dict[str, Any]) -> str:
    return str(stretch["volume"] or "that does not exist")


def _owners(use: pl.DataFrame) -> pl.DataFrame:
    owners = use.group_by("owner", maintain_order=True).agg(pl.col("duration_us").sum(), pl.col("phase"))
    return owners.sort("duration_us", descending=True, maintain_order=True)


def _share(owner: dict[str, Any], whole: int) -> list[str]:
    share = owner["duration_us"] / whole if whole else 0
    steps = ", ".join(dict.fromkeys(owner["phase"]))
    return [owner["owner"], took(owner["duration_us"]), f"{share:.1%}", "█" * round(share * _BAR), steps]


def _in_short(use: pl.DataFrame) -> list[str]:
    owner, time, share, *_ = _share(_owners(use).row(0, named=True), _whole(use))
    return [_volume(use.row(0, named=True)), took(_whole(use)), f"{owner} {time}", share]
