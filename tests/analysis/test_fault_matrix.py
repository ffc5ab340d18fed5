"""Each rule fires on its fault, is silent on what only looks like it, and undecidable without what it needs.

Faults and look-alikes are in `clusters/faults.py`: a cluster each, all of them in one trace.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from cluster import Cluster, record
from clusters.faults import FAULTS, FOLLOW, LOOK_ALIKES, SHOWN_AFTER_S, Fault

from analysis import open_trace
from analysis.rulebook import read_rules

RULES = {rule.id: rule for rule in read_rules()}
NEEDS = sorted({need for rule in RULES.values() for need in rule.needs})


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Cluster -> what is found in it."""
    clusters = [_struck(f"fault-{mode.lower()}", fault) for mode, fault in FAULTS.items()]
    clusters += [_struck(f"like-{mode.lower()}", fault) for mode, fault in LOOK_ALIKES.items()]
    path = record(tmp_path_factory.mktemp("matrix") / "t.trace", clusters)
    by_cluster = defaultdict(list)
    with open_trace(path) as trace:
        for finding in trace.sql("from findings").iter_rows(named=True):
            whose = finding["volume"] or finding["driver"] or finding["node"]
            by_cluster[_cluster(whose)].append(finding)
    return by_cluster


def _struck(name: str, fault: Fault) -> Cluster:
    cluster = Cluster(seed=1, name=name, tracks_capacity=True)
    cluster.at(5.0, lambda: fault(cluster, "data"))
    cluster.run(SHOWN_AFTER_S)
    return cluster


def _cluster(whose: str) -> str:
    """`fault-f13` of a volume `fault-f13/data`, a driver `fault-f13.csi.example.com`, a node `fault-f13-4`."""
    return "-".join(whose.replace(".", "-").replace("/", "-").split("-")[:2])


def test_there_is_a_fault_and_a_look_alike_for_each_of_the_modes():
    modes = {f"F{number:02}" for number in range(1, 37)}
    assert modes <= FAULTS.keys()
    assert modes <= LOOK_ALIKES.keys()


@pytest.mark.parametrize("mode", sorted(FAULTS))
def test_a_rule_fires_on_its_fault(mode: str, found: dict[str, list[dict[str, Any]]]):
    told = found[f"fault-{mode.lower()}"]
    mine = [each for each in told if each["rule"] == mode]
    assert mine, f"found only {sorted({each['rule'] for each in told})}"
    assert all(each["evidence"] and "?" not in each["sentence"] for each in mine)
    assert {each["rule"] for each in told} <= {mode} | FOLLOW[mode]


@pytest.mark.parametrize("mode", sorted(LOOK_ALIKES))
def test_it_is_silent_on_what_only_looks_like_it(mode: str, found: dict[str, list[dict[str, Any]]]):
    assert mode not in {each["rule"] for each in found[f"like-{mode.lower()}"]}


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
