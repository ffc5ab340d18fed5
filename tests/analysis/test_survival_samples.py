"""Kaplan-Meier percentiles and the log-rank test, against lifelines."""

from __future__ import annotations

import math
import warnings

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.samples import difference, survival

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from lifelines import KaplanMeierFitter
    from lifelines.statistics import logrank_test

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
LAST_BIT = 1e-12

# Few different values make ties, which is where such code goes wrong.
durations = st.one_of(st.integers(1, 8), st.integers(1, 10**9))
samples = st.lists(st.tuples(durations, st.booleans()), min_size=1, max_size=60)


def _frame(rows: list[tuple[int, bool]], phase: str = "attach") -> pl.DataFrame:
    return pl.DataFrame(
        [(phase, duration, complete) for duration, complete in rows],
        schema={"phase": pl.String, "duration_us": pl.Int64, "is_complete": pl.Boolean},
        orient="row",
    )


@given(samples)
@settings(max_examples=60, deadline=None)
def test_percentiles_and_their_bounds_are_those_of_lifelines(rows: list[tuple[int, bool]]) -> None:
    answer = survival(_frame(rows), ["phase"]).row(0, named=True)

    assert (answer["phases"], answer["censored"]) == (len(rows), sum(not complete for _, complete in rows))
    fitted = KaplanMeierFitter().fit([row[0] for row in rows], [row[1] for row in rows])
    curve = fitted.survival_function_.iloc[:, 0]
    low, high = (fitted.confidence_interval_.iloc[:, column] for column in (0, 1))
    # Once nobody is left the upper bound has no variance: lifelines sets it to 0, R and we say that there is none.
    high = high[curve > LAST_BIT]
    for name, quantile in QUANTILES.items():
        for column, expected in ((name, curve), (f"{name}_low", low), (f"{name}_high", high)):
            reached = expected[expected <= 1 - quantile + LAST_BIT]
            assert answer[f"{column}_us"] == (None if reached.empty else reached.index[0])


@given(samples, samples)
@settings(max_examples=60, deadline=None)
def test_the_log_rank_test_is_that_of_lifelines(before: list[tuple[int, bool]], after: list[tuple[int, bool]]) -> None:
    answer = difference(_frame(before), _frame(after), ["phase"]).row(0, named=True)

    expected = logrank_test(
        [row[0] for row in before],
        [row[0] for row in after],
        [row[1] for row in before],
        [row[1] for row in after],
    )
    if answer["p_value"] is None:
        assert expected.test_statistic == 0 or math.isnan(expected.test_statistic)
    else:
        assert answer["p_value"] == pytest.approx(expected.p_value, abs=1e-9)


def test_a_stuck_phase_raises_the_percentiles_instead_of_vanishing() -> None:
    ended = [(second * 1_000_000, True) for second in range(1, 6)]
    stuck = [(3_600_000_000, False)] * 5

    with_stuck = survival(_frame([*ended, *stuck]), ["phase"]).row(0, named=True)

    assert with_stuck["p50_us"] == 5_000_000
    assert with_stuck["p90_us"] is None
    assert with_stuck["censored"] == 5


def test_groups_do_not_mix_and_one_may_have_no_name() -> None:
    rows = [("attach", "a", 1, True), ("attach", None, 2, True), ("stage", "a", 3, True)]
    schema = {"phase": pl.String, "node": pl.String, "duration_us": pl.Int64, "is_complete": pl.Boolean}

    answer = survival(pl.DataFrame(rows, schema=schema, orient="row"), ["phase", "node"])

    assert answer.select("phase", "node", "p50_us").rows() == [
        ("attach", "a", 1),
        ("attach", None, 2),
        ("stage", "a", 3),
    ]


def test_no_samples_are_no_groups() -> None:
    assert survival(_frame([]), ["phase"]).is_empty()
    assert difference(_frame([]), _frame([(1, True)]), ["phase"]).is_empty()
