"""Groups of phases: what tells them apart, how precisely they are known, and their order along the chain."""

from __future__ import annotations

import polars as pl

PHASE_KEYS = ("direction", "link", "phase", "owner", "grp")
"""What tells groups of phases apart."""
_DIRECTIONS = {"up": 0, "down": 1, "beside": 2}


def told_of_groups(groups: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """The groups (a row each, with PHASE_KEYS) in the order of the chain, with precision_us.

    precision_us is how far the durations of their samples (`Trace.phase_samples`) are known: the median, in µs.
    """
    told = samples.group_by(PHASE_KEYS).agg(pl.col("precision_us").median().cast(pl.Int64), pl.col("place").median())
    return (
        groups.join(told, on=PHASE_KEYS, how="left", nulls_equal=True)
        .sort(pl.col("direction").replace_strict(_DIRECTIONS), "place", "phase", "grp", nulls_last=True)
        .drop("place")
    )
