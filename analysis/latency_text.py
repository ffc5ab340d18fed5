"""Latencies, and how they differ between two traces, as tables of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from analysis.text import table, took
from tracer.trace.visible import visible

_DIRECTIONS = {"up": "on the way up", "down": "on the way down", "beside": "beside"}


def as_text(latencies: pl.DataFrame, width: int) -> str:
    """A table for each direction; latencies as `Trace.latency` gives them."""
    if latencies.is_empty():
        return "no steps\n"
    blocks = ["".join(_block(part, width)) for part in latencies.partition_by("direction", maintain_order=True)]
    return "\n".join(blocks)


def _block(latencies: pl.DataFrame, width: int) -> Iterator[str]:
    by_group = latencies["grp"].is_not_null().any()
    header = (
        "step",
        *(("of",) if by_group else ()),
        "n",
        "cens.",
        "p50",
        "",
        "p95",
        *(() if by_group else ("known to",)),
    )
    rows = [(_cells(row, by_group=by_group), None) for row in latencies.rows(named=True)]
    yield f"{_DIRECTIONS[latencies.item(0, 'direction')]}\n"
    yield from table(
        header, rows, width, right=("n", "cens.", "p50", "p95", "known to"), flexible="of" if by_group else "step"
    )


def _cells(row: dict[str, Any], *, by_group: bool) -> list[str]:
    low, high = took(row["p50_low_us"]), took(row["p50_high_us"])
    group = [row["grp"] or "-"] if by_group else []
    return [
        row["phase"],
        *group,
        str(row["phases"]),
        str(row["censored"]),
        took(row["p50_us"]),
        f"[{low}, {high}]",
        took(row["p95_us"]),
        *(() if by_group else (took(row["precision_us"]),)),
    ]


def comparison_as_text(comparison: pl.DataFrame, width: int) -> str:
    """A table of what differs, and a sentence for each step that does; as `analysis.comparing.compare` gives it."""
    if comparison.is_empty():
        return "the two traces have no step in common\n"
    header = ("step", "n", "p50", "p95", "p")
    rows = [(_sides(row), None) for row in comparison.rows(named=True)]
    lines = table(header, rows, width, right=("n", "p50", "p95", "p"), flexible="step")
    sentences = [visible(row["verdict"]) + "\n" for row in comparison.rows(named=True) if row["differs"]]
    return "".join(lines) + "\n" + ("".join(sentences) or "No step differs by more than chance and precision allow.\n")


def _sides(row: dict[str, Any]) -> list[str]:
    step = row["phase"] if row["grp"] is None else f"{row['phase']} of {row['grp']}"
    return [
        step,
        f"{row['phases_before']} → {row['phases_after']}",
        f"{took(row['p50_us_before'])} → {took(row['p50_us_after'])}",
        f"{took(row['p95_us_before'])} → {took(row['p95_us_after'])}",
        "?" if row["adjusted_p"] is None else f"{row['adjusted_p']:.3f}" if row["adjusted_p"] >= 0.001 else "<0.001",
    ]
