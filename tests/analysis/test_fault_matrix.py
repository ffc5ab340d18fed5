"""Each rule fires on its fault, is silent on what only looks like it, and undecidable without what it needs.

Faults and look-alikes are in `clusters/faults.py`: a cluster each, all of them in one trace.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from cluster import Cluster, record
from clusters.faults import FAULTS, LOOK_ALIKES, SHOWN_AFTER_S, Case, inject

from analysis import open_trace
from analysis.rulebook import read_rules

RULES = {rule.id: rule for rule in read_rules()}
CASES = [*FAULTS, *LOOK_ALIKES]
NEEDS = sorted({need for rule in RULES.values() for need in rule.needs})


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Cluster -> what is found in it."""
    clusters = [_struck(number, case) for number, case in enumerate(CASES)]
    path = record(tmp_path_factory.mktemp("matrix") / "t.trace", clusters)
    by_cluster = defaultdict(list)
    with open_trace(path) as trace:
        for finding in trace.sql("from findings").iter_rows(named=True):
            # `t7/data` is a volume, `t7.csi.example.com` a driver, `t7-4` a node.
            told = " ".join(finding[each] or "" for each in ("volume", "driver", "node", "sentence"))
            by_cluster[re.search(r"\bt\d+(?=[/.-])", told)[0]].append(finding)
    return by_cluster


def _struck(number: int, case: Case) -> Cluster:
    cluster = Cluster(seed=1, name=f"t{number}", tracks_capacity=True)
    cluster.at(5.0, lambda: inject(cluster, case, "data"))
    cluster.run(SHOWN_AFTER_S)
    return cluster


def test_there_is_a_fault_and_a_look_alike_for_each_rule():
    assert {case.mode for case in FAULTS} == RULES.keys()
    assert {case.mode for case in LOOK_ALIKES} == RULES.keys()


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.name)
def test_a_rule_fires_on_its_fault(case: Case, found: dict[str, list[dict[str, Any]]]):
    told = found[f"t{FAULTS.index(case)}"]
    mine = [each for each in told if each["rule"] == case.mode]
    assert mine, f"found only {sorted({each['rule'] for each in told})}"
    assert all(each["evidence"] and "?" not in each["sentence"] for each in mine)
    assert {each["rule"] for each in told} <= {case.mode} | case.follow


@pytest.mark.parametrize("case", LOOK_ALIKES, ids=lambda case: case.name)
def test_it_is_silent_on_what_only_looks_like_it(case: Case, found: dict[str, list[dict[str, Any]]]):
    assert case.mode not in case.follow
    assert {each["rule"] for each in found[f"t{len(FAULTS) + LOOK_ALIKES.index(case)}"]} <= case.follow


@pytest.mark.parametrize("need", NEEDS)
def test_without_what_it_needs_it_is_undecidable(need: str, tmp_path: Path):
    cluster = Cluster(seed=1, tracks_capacity=True)
    cluster.claim("data")
    cluster.pod("web", ["data"])
    cluster.snapshot("cut", "data")
    cluster.run(seconds=10)
    with open_trace(record(tmp_path / "t.trace", [cluster], without=[need])) as trace:
        undecided = trace.sql("select distinct rule from undecidable where need = $need", {"need": need})["rule"]
    assert set(undecided) == {rule.id for rule in RULES.values() if need in rule.needs}
