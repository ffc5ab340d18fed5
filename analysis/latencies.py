"""Groups of phases: what tells them apart, how precisely they are known, their order along the chain, their spread."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from analysis.samples import survival

if TYPE_CHECKING:
    from analysis.trace import Trace

PHASE_KEYS = ("direction", "link", "phase", "owner", "grp")
"""What tells groups of phases apart."""
GROUPINGS = ("class", "driver", "node", "namespace")
"""What phases can be grouped by."""
BINS_PER_DECADE = 20
SHORTEST_US = 100
"""What took less is counted in the bin of this."""
_DIRECTIONS = {"up": 0, "down": 1, "beside": 2}


class Bin(NamedTuple):
    """How many phases of a group took about so long."""

    place: int
    """They took from 10 ** (place / BINS_PER_DECADE) µs up to the next place."""
    ended: int
    censored: int
    """Those known to take longer than that."""


@dataclass(frozen=True, slots=True)
class Latencies:
    """How long each kind of phase takes."""

    by: str | None
    """One of the GROUPINGS, or all in one."""
    groups: Sequence[dict[str, Any]]
    """Rows of `Trace.latency`."""
    spreads: Sequence[Sequence[Bin]]
    """How the durations of each group are spread: its bins in their order, those without a phase left out."""


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


def latencies(samples: pl.DataFrame) -> pl.DataFrame:
    """How long the phases of samples (`Trace.phase_samples`) take, as `Trace.latency` tells it."""
    return told_of_groups(survival(samples, PHASE_KEYS), samples)


def read_latencies(trace: Trace, by: str | None) -> Latencies:
    """How long each kind of phase takes, and how that is spread. Raises QueryError, TraceDamaged."""
    samples = trace.phase_samples(by)
    groups = latencies(samples).rows(named=True)
    spreads = _spreads(samples)
    return Latencies(by, groups, [spreads[tuple(group[key] for key in PHASE_KEYS)] for group in groups])


def _spreads(samples: pl.DataFrame) -> dict[tuple[Any, ...], list[Bin]]:
    # 1e-9: the logarithm of a round number may fall short of it by its last bit.
    place = (pl.col("duration_us").clip(SHORTEST_US).log10() * BINS_PER_DECADE + 1e-9).floor().cast(pl.Int64)
    counted = (
        samples.group_by(*PHASE_KEYS, place.alias("bin"))
        .agg(pl.col("is_complete").sum().alias("ended"), (~pl.col("is_complete")).sum().alias("censored"))
        .sort("bin")
    )
    found: dict[tuple[Any, ...], list[Bin]] = defaultdict(list)
    for *keys, bin_place, ended, censored in counted.rows():
        found[tuple(keys)].append(Bin(bin_place, ended, censored))
    return found
