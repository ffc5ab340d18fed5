"""Volumes as a table of text."""

from __future__ import annotations

from typing import Any

import polars as pl

from analysis.text import table, took

_SHOWN = (
    "label",
    "standing",
    "phase",
    "owner",
    "waiting_us",
    "slowest_phase",
    "slowest_owner",
    "slowest_us",
    "last_error",
)


def as_text(volumes: pl.DataFrame, width: int) -> str:
    """A line a volume and one for its last error; volumes as `Trace.volumes` gives them."""
    if volumes.is_empty():
        return "no volumes\n"
    rows = [(_cells(volume), volume["last_error"]) for volume in volumes.select(_SHOWN).rows(named=True)]
    header = ("volume", "stands", "step", "who", "took")
    lines = table(header, rows, width, right=("took",), flexible="volume")
    waiting = volumes["waiting_us"].is_not_null().sum()
    return "".join(lines) + f"\n{volumes.height} {'volume' if volumes.height == 1 else 'volumes'}, {waiting} waiting\n"


def _cells(volume: dict[str, Any]) -> list[str]:
    step = (volume["slowest_phase"] or "-", volume["slowest_owner"] or "-", took(volume["slowest_us"], "-"))
    if volume["phase"]:
        step = (volume["phase"], volume["owner"], f">{took(volume['waiting_us'])}")
    return [volume["label"], volume["standing"] or "unknown", *step]
