"""Whether steps take longer in one trace than in another."""

from __future__ import annotations

from math import comb
from typing import Any

import polars as pl

from analysis.latencies import PHASE_KEYS, told_of_groups
from analysis.samples import difference
from analysis.text import took

_CHANCE = 0.05
"""How likely a difference by chance alone may be, over all steps that are compared (Holm's correction)."""
_ENOUGH = 1000
"""Samples on both sides from which their number says nothing against the log-rank test."""


def compare(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """How each step differs between two sets of samples, as `Trace.phase_samples` gives them: a row a step and group.

    direction, link, phase, owner, grp; the figures of `analysis.samples.difference`; precision_us (the durations are
    known no better than that); p50_difference_us and p95_difference_us (after minus before); adjusted_p (Holm's, over
    all steps, of a p that is never below what a permutation test of so few samples could give); differs: adjusted_p is
    below 0.05 and a difference is larger than the precision; slower: by which share of `before` the median or the 95th
    percentile grew, the larger of both (0 where neither did, null where none is known); change: `slower` or `faster`
    where it differs, else null; verdict: that in a sentence.
    """
    compared = told_of_groups(
        difference(before.drop("precision_us", "place"), after.drop("precision_us", "place"), PHASE_KEYS),
        pl.concat([before, after]),
    ).with_columns(
        (pl.col(f"{percentile}_us_after") - pl.col(f"{percentile}_us_before")).alias(f"{percentile}_difference_us")
        for percentile in ("p50", "p95")
    )
    compared = compared.with_columns(_adjusted_p(compared)).with_columns(_differs(), _slower())
    changes = [_change(row) if row["differs"] else None for row in compared.rows(named=True)]
    compared = compared.with_columns(pl.Series("change", changes, dtype=pl.String))
    verdicts = [_verdict(row) for row in compared.rows(named=True)]
    return compared.with_columns(pl.Series("verdict", verdicts, dtype=pl.String))


def is_slower(comparison: pl.DataFrame, limit: float) -> bool:
    """Whether a step is slower by that share of what it took before, or no longer ends often enough to tell."""
    return comparison.filter(pl.col("change") == "slower", (pl.col("slower") >= limit).fill_null(value=True)).height > 0


def _adjusted_p(compared: pl.DataFrame) -> pl.Series:
    """Holm's step-down correction for that many steps are compared at once.

    The log-rank test trusts that samples are many. So that one slow volume among ten is no proof, its p counts for no
    less than two (the slowest, and the fastest) in the number of ways in which the samples could fall on the two sides.
    """
    tested = {
        number: max(row["p_value"], _least_p(row["phases_before"], row["phases_after"]))
        for number, row in enumerate(compared.rows(named=True))
        if row["p_value"] is not None
    }
    adjusted: list[float | None] = [None] * compared.height
    highest = 0.0
    for rank, number in enumerate(sorted(tested, key=tested.__getitem__)):
        highest = max(highest, min(tested[number] * (len(tested) - rank), 1.0))
        adjusted[number] = highest
    return pl.Series("adjusted_p", adjusted, dtype=pl.Float64)


def _least_p(before: int, after: int) -> float:
    return 0.0 if before + after > _ENOUGH else min(2 / comb(before + after, before), 1.0)


def _differs() -> pl.Expr:
    changes = pl.max_horizontal(pl.col("p50_difference_us").abs(), pl.col("p95_difference_us").abs())
    # Percentiles that are not known are beyond all that ended: there the test alone decides.
    is_visible = (changes > pl.col("precision_us")).fill_null(value=True)
    return ((pl.col("adjusted_p") < _CHANCE).fill_null(value=False) & is_visible).alias("differs")


def _slower() -> pl.Expr:
    shares = [
        pl.col(f"{percentile}_difference_us") / pl.col(f"{percentile}_us_before").clip(lower_bound=1)
        for percentile in ("p50", "p95")
    ]
    return pl.max_horizontal(*shares).clip(lower_bound=0.0).alias("slower")


def _verdict(row: dict[str, Any]) -> str:
    step = f"{row['phase']} ({row['owner']})" + (f" of {row['grp']}" if row["grp"] is not None else "")
    sizes = f"{row['phases_before']} and {row['phases_after']} samples"
    if row["p_value"] is None:
        return f"{step}: nothing can be said ({sizes})."
    figures = "; ".join(
        f"{name} {took(row[f'{percentile}_us_before'])} → {took(row[f'{percentile}_us_after'])}"
        for percentile, name in (("p50", "median"), ("p95", "95th percentile"))
    )
    chance = f"p {'< 0.001' if row['adjusted_p'] < 0.001 else '= ' + format(row['adjusted_p'], '.3f')}"
    if not row["differs"]:
        return f"{step} does not differ by more than chance and precision allow: {figures} ({sizes}, {chance})."
    return f"{step} is {row['change']}: {figures} ({sizes}, {chance})."


def _change(row: dict[str, Any]) -> str:
    for percentile in ("p50", "p95"):
        before, after = row[f"{percentile}_us_before"], row[f"{percentile}_us_after"]
        if before is not None and after is None:
            return "slower"
        if before is None and after is not None:
            return "faster"
        if before != after:
            return "slower" if after > before else "faster"
    return "different"
