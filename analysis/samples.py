"""Durations as samples: Kaplan-Meier percentiles of them, and whether two sets of them differ.

A frame of samples has a row a phase: any key columns, `duration_us`, and `is_complete` (false: the phase is only known
to take longer than duration_us).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import duckdb
import polars as pl

from analysis.queries import query


def survival(samples: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """How long the samples of each group take.

    The frame has a row for each value of `keys` with phases and censored (counts), shortest_us and longest_us
    (longest_us counts the incomplete ones too), and p50_us, p90_us, p95_us, p99_us: the Kaplan-Meier percentiles in
    microseconds, each with its 95 % confidence bounds (p50_low_us, p50_high_us, ...). Null is what the samples cannot
    tell: half of them must have ended before there is a median.
    """
    numbered, groups = _numbered(samples, keys)
    curves = _asked("survival", numbered)
    return groups.join(curves, on="group_key").sort("group_key").drop("group_key")


def difference(before: pl.DataFrame, after: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """How each group of one set of samples differs from the same group of another.

    The frame has a row for each value of `keys` that both have: `phases_before`, `censored_before`, `p50_us_before`,
    `p95_us_before` and so on, the same with `_after`, and `p_value`: how likely so large a difference is when both come
    from one distribution, by the log-rank test; null where nothing can be said.
    """
    sides = pl.concat(
        [before.with_columns(pl.lit("a").alias("side")), after.with_columns(pl.lit("b").alias("side"))], how="vertical"
    )
    numbered, groups = _numbered(sides, keys)
    curves = [
        _asked("survival", numbered.filter(pl.col("side") == side)).select(
            "group_key", pl.exclude("group_key").name.suffix(f"_{when}")
        )
        for side, when in (("a", "before"), ("b", "after"))
    ]
    tested = _asked("log_rank", numbered).select(
        "group_key", pl.col("chi_squared").map_elements(_p_value, return_dtype=pl.Float64).alias("p_value")
    )
    both = groups.join(curves[0], on="group_key").join(curves[1], on="group_key")
    return both.join(tested, on="group_key", how="left").sort("group_key").drop("group_key")


def _p_value(chi_squared: float) -> float:
    """The upper tail of the chi-squared distribution with one degree of freedom."""
    return math.erfc(math.sqrt(chi_squared / 2))


def _numbered(samples: pl.DataFrame, keys: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The samples with the number of their group, and the groups by number."""
    groups = samples.select(keys).unique(maintain_order=True).with_row_index("group_key")
    return samples.join(groups, on=list(keys), nulls_equal=True), groups


def _asked(name: str, samples: pl.DataFrame) -> pl.DataFrame:
    with duckdb.connect(config={"python_enable_replacements": False}) as connection:
        connection.register("samples", samples)
        answer: pl.DataFrame = connection.sql(query(name)).pl()
    return answer
