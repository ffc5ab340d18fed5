"""Many workers at once: what is called exact or inferred must be so, whatever the log looks like."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from interleaved import Cluster, Truth
from log_trace import add_logs

from analysis import open_trace

QUERY = """
select
    *,
    epoch_us(requested_at) as asked_us,
    epoch_us(answered_at) as answered_us,
    epoch_us(driver_requested_at) as driver_asked_us,
    epoch_us(driver_answered_at) as driver_answered_us
from operations
where requested_at is not null and method not in ('Probe', 'GetPluginInfo')
"""


def operations_of(cluster: Cluster, component: str = "csi-provisioner", **damage: Any) -> list[dict[str, Any]]:
    with TemporaryDirectory() as folder:
        path = add_logs(Path(folder) / "generated.trace", cluster.lines(component, **damage))
        with open_trace(path) as trace:
            return trace.sql(QUERY).to_dicts()


def judge(truths: list[Truth], operations: list[dict[str, Any]], *, old: bool = False) -> Counter[str]:
    """Hold every operation against the truth; how many there are of each pairing.

    An `old` sidecar tells the code in a line of its own: behind a gap it may not be known whose line it is.
    """
    by_call: dict[tuple[str, int], list[Truth]] = defaultdict(list)
    for truth in truths:
        by_call[truth.method, truth.asked_at].append(truth)
    assert len(operations) == len(truths)
    for operation in operations:
        about = operation["pv"] if operation["method"] == "CreateVolume" else operation["volume_handle"]
        same = by_call[operation["method"], operation["asked_us"]]
        # A capacity has no volume; of an older sidecar the line that names the volume may be missing.
        possible = [truth for truth in same if about in (None, truth.id)]
        assert possible, operation
        assert any(is_true(operation, truth, old) for truth in possible), (operation, possible)
    return Counter(operation["pairing"] for operation in operations)


def is_true(operation: dict[str, Any], truth: Truth, old: bool) -> bool:
    if operation["driver_asked_us"] not in (None, truth.driver_at[0]):
        return False
    if operation["driver_answered_us"] not in (None, truth.driver_at[1]):
        return False
    if operation["answered_us"] is not None:
        is_code_true = operation["code"] == truth.code or (old and operation["code"] is None)
        return operation["answered_us"] == truth.answered_at and is_code_true
    if operation["unknown_because"] is None or operation["duration_ms"] is not None:
        return False
    if operation["code"] is not None and operation["code"] != truth.code:
        return False
    if operation["pairing"] == "ambiguous" and operation["duration_max_ms"] is not None:
        took = ((truth.answered_at or 0) - truth.asked_at) / 1000
        return operation["duration_min_ms"] <= took <= operation["duration_max_ms"]
    return True


@settings(deadline=None, max_examples=20, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    seed=st.integers(0, 2**32),
    workers=st.integers(1, 100),
    each=st.integers(1, 5),
    old=st.booleans(),
    driver=st.sampled_from([None, "whole"]),
    slowly=st.booleans(),
    component=st.sampled_from(["csi-provisioner", "csi-attacher"]),
    begins_at=st.sampled_from([0.0, 0.1, 0.5]),
    ends_at=st.sampled_from([1.0, 0.9, 0.7]),
    gaps=st.integers(0, 5),
)
def test_no_certain_pair_is_wrong(seed, workers, each, old, driver, slowly, component, begins_at, ends_at, gaps):
    """Whatever is missing of the log, as long as the recorder says so or the log just begins and ends."""
    cluster = Cluster(seed, workers=workers, calls=workers * each, old=old, driver=driver, slowly=slowly)
    operations = operations_of(cluster, component, begins_at=begins_at, ends_at=ends_at, gaps=gaps)
    judge(cluster.truths, operations, old=old)


def test_a_hundred_interleaved_workers():
    cluster = Cluster(7, workers=100, calls=3_000)
    found = judge(cluster.truths, operations_of(cluster))
    assert found["ambiguous"] > 0
    assert found["exact"] + found["inferred"] > 0


def test_one_worker_is_never_ambiguous():
    cluster = Cluster(7, workers=1, calls=200)
    found = judge(cluster.truths, operations_of(cluster))
    assert found["ambiguous"] == 0
    assert found.total() == found["exact"] + found["inferred"]


def test_an_attachers_hundred_workers_are_exact():
    cluster = Cluster(7, workers=100, calls=2_000)
    assert judge(cluster.truths, operations_of(cluster, "csi-attacher")) == {"exact": 2_000}


@pytest.mark.parametrize("workers", [10, 100])
def test_the_drivers_log_makes_more_of_them_certain(workers):
    def certain(driver: str | None) -> int:
        cluster = Cluster(7, workers=workers, calls=1_000, driver=driver)
        found = judge(cluster.truths, operations_of(cluster))
        return found["exact"] + found["inferred"]

    assert certain("whole") > certain(None)
