"""How right `volreel diagnose` is: random clusters with random faults, what is found held against what was done.

    python -m benchmarks.diagnose --clusters 1000
    python -m benchmarks.diagnose --seed 1234 --show      # one cluster: what was done, what was found

A cluster is a model of its controllers (tests/cluster.py) with 3 to 10 volumes that live their lives, 0 to 3 faults and
0 to 2 things that only look like one (tests/clusters/faults.py), each at an instant by chance, and a driver that takes
milliseconds or seconds for a call; the seed decides all of it. `IN_A_TRACE` clusters stand in one
trace side by side, as opening a trace costs seconds: each has its own namespace, nodes, driver and revisions, so that
none sees another, and a cluster found in a trace is the same as alone.

A finding is right when its rule's mode was injected into that volume (or that cluster, for a mode that is no volume's);
one that FAILURES.md has follow from what was injected is neither right nor wrong; everything else is wrong. Precision
is right / (right + wrong), recall is found / injected; brackets are Wilson's interval for 95 %.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from math import sqrt
from pathlib import Path
from typing import Any

# The model of a cluster belongs to the tests.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from cluster import Cluster, record
from clusters.faults import FAULTS, LOOK_ALIKES, SHOWN_AFTER_S, Case, Injected, inject

CLUSTERS = 1_000
IN_A_TRACE = 50
BEGINS_WITHIN_S = 300.0
MISSES_SHOWN = 12


@dataclass(frozen=True)
class Finding:
    """What was found, and in which cluster."""

    rule: str
    cluster: str
    claim: str
    """'' where it is about no volume."""
    sentence: str


@dataclass
class Score:
    """What became of what was injected, and of what was found, by rule."""

    injected: Counter[str] = field(default_factory=Counter)
    hit: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Take in the score of other clusters."""
        for mine, theirs in zip(self._counters, other._counters, strict=True):
            mine.update(theirs)
        self.misses += other.misses

    @property
    def _counters(self) -> tuple[Counter[str], ...]:
        return self.injected, self.hit, self.right, self.wrong


def build(seed: int) -> tuple[Cluster, list[Injected]]:
    """A random cluster, run to its end, and what was done to it."""
    chance = random.Random(seed)
    cluster = Cluster(seed, f"c{seed}", tracks_capacity=True)
    cluster.driver.slowness = chance.choice([1.0, 1.0, 20.0, 200.0])
    for number in range(chance.randint(3, 10)):
        life = chance.choice(LIVES)
        _soon(cluster, chance, partial(life, cluster, f"v{number}", chance))
    injected: list[Injected] = []
    struck = chance.choices(FAULTS, k=chance.randint(0, 3)) + chance.choices(LOOK_ALIKES, k=chance.randint(0, 2))
    for number, case in enumerate(struck):
        _soon(cluster, chance, partial(_strike, cluster, case, f"x{number}", injected))
    cluster.run(BEGINS_WITHIN_S + SHOWN_AFTER_S)
    return cluster, injected


def _soon(cluster: Cluster, chance: random.Random, action: Callable[[], Any]) -> None:
    cluster.at(chance.uniform(0, BEGINS_WITHIN_S), action)


def _strike(cluster: Cluster, case: Case, name: str, injected: list[Injected]) -> None:
    injected.append(inject(cluster, case, name))


# -- healthy lives ----------------------------------------------------------------------------------------------------


def _used(cluster: Cluster, name: str, chance: random.Random) -> tuple[Any, Any]:
    claim = cluster.claim(name, chance.choice(["fast", "wffc"]))
    pods: list[Any] = []
    cluster.at(chance.uniform(0, 20), lambda: pods.append(cluster.pod(name, [name])))
    return claim, pods


def _alone(cluster: Cluster, name: str, chance: random.Random) -> None:
    cluster.claim(name, chance.choice(["fast", "wffc"]))


def _stays(cluster: Cluster, name: str, chance: random.Random) -> None:
    _used(cluster, name, chance)


def _comes_and_goes(cluster: Cluster, name: str, chance: random.Random) -> None:
    claim, pods = _used(cluster, name, chance)
    cluster.at(chance.uniform(90, 300), lambda: cluster.delete(pods[0]))
    cluster.at(chance.uniform(360, 400), lambda: cluster.delete(claim))


def _goes_at_once(cluster: Cluster, name: str, chance: random.Random) -> None:
    claim, pods = _used(cluster, name, chance)
    cluster.at(chance.uniform(90, 300), lambda: (cluster.delete(pods[0]), cluster.delete(claim)))


def _is_used_again(cluster: Cluster, name: str, chance: random.Random) -> None:
    _, pods = _used(cluster, name, chance)
    cluster.at(chance.uniform(90, 200), lambda: cluster.delete(pods[0]))
    cluster.at(chance.uniform(201, 300), lambda: cluster.pod(f"{name}-b", [name]))


def _grows(cluster: Cluster, name: str, chance: random.Random) -> None:
    claim, _ = _used(cluster, name, chance)
    cluster.at(chance.uniform(90, 300), lambda: cluster.expand(claim, "2Gi"))


def _is_cut(cluster: Cluster, name: str, chance: random.Random) -> None:
    _used(cluster, name, chance)
    cluster.at(chance.uniform(90, 300), lambda: cluster.snapshot(name, name))


LIVES = (_alone, _stays, _comes_and_goes, _goes_at_once, _is_used_again, _grows, _is_cut)

# -- finding, and comparing -------------------------------------------------------------------------------------------


def diagnose(path: Path) -> Iterator[Finding]:
    """What volreel finds in a trace."""
    from analysis import open_trace

    with open_trace(path) as trace:
        for found in trace.sql("select rule, volume, driver, node, sentence from findings").iter_rows(named=True):
            # `c7/v1` is a volume, `c7.csi.example.com` a driver, `c7-4` a node.
            told = " ".join(found[each] or "" for each in ("volume", "driver", "node", "sentence"))
            whose = re.search(r"\bc\d+(?=[/.-])", told)
            claim = (found["volume"] or "").partition("/")[2]
            yield Finding(found["rule"], whose[0] if whose else "", claim, found["sentence"])


def judge(seeds: Sequence[int]) -> Score:
    """Build these clusters, record them into one trace, diagnose it, and compare."""
    os.environ["XDG_CACHE_HOME"] = os.devnull
    clusters, injected = zip(*(build(seed) for seed in seeds), strict=True)
    with tempfile.TemporaryDirectory() as folder:
        found = list(diagnose(record(Path(folder) / "t.trace", clusters)))
    score = Score()
    for cluster, done in zip(clusters, injected, strict=True):
        _compare(cluster.name, done, [each for each in found if each.cluster == cluster.name], score)
    return score


def _compare(cluster: str, injected: Iterable[Injected], found: Iterable[Finding], score: Score) -> None:
    everything, found = list(injected), list(found)
    faults = [each for each in everything if each.case in FAULTS]
    for done in faults:
        mode = done.case.mode
        score.injected[mode] += 1
        if any(each.rule == mode and _same(done, each) for each in found):
            score.hit[mode] += 1
        else:
            score.misses.append(f"{done.case.name} of {done.claim or 'the cluster'} not found: --seed {cluster[1:]}")
    for each in found:
        if any(each.rule == done.case.mode and _same(done, each) for done in faults):
            score.right[each.rule] += 1
        elif not any(each.rule in done.case.follow and _same(done, each) for done in everything):
            score.wrong[each.rule] += 1
            score.misses.append(f"{each.rule} of {each.claim or 'the cluster'} is wrong: --seed {cluster[1:]}")


def _same(done: Injected, found: Finding) -> bool:
    return not done.claim or not found.claim or done.claim == found.claim


def run(clusters: int, processes: int | None = None) -> Score:
    """The score of that many clusters, seeds 0 and on."""
    total = Score()
    with ProcessPoolExecutor(processes) as pool:
        together = [range(begin, min(begin + IN_A_TRACE, clusters)) for begin in range(0, clusters, IN_A_TRACE)]
        for score in pool.map(judge, together):
            total.add(score)
    return total


# -- telling ----------------------------------------------------------------------------------------------------------


def interval(hits: int, of: int) -> str:
    """A share with Wilson's interval for 95 %: `0.98 (0.95 to 0.99)`."""
    if not of:
        return "-"
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return f"{share:.2f} ({max(middle - half, 0):.2f} to {min(middle + half, 1):.2f})"


def table(score: Score) -> str:
    """Precision and recall by rule, as Markdown, and the first of what went wrong."""
    rules = sorted(score.injected | score.right | score.wrong)
    lines = ["| rule | injected | recall | found | precision |", "| --- | ---: | --- | ---: | --- |"]
    for rule in rules:
        found = score.right[rule] + score.wrong[rule]
        recall = interval(score.hit[rule], score.injected[rule])
        lines.append(f"| {rule} | {score.injected[rule]} | {recall} | {found} | {interval(score.right[rule], found)} |")
    right, wrong = score.right.total(), score.wrong.total()
    recall = interval(score.hit.total(), score.injected.total())
    lines.append(f"| all | {score.injected.total()} | {recall} | {right + wrong} | {interval(right, right + wrong)} |")
    if score.misses:
        lines += ["", f"The first of {len(score.misses)} that went wrong:", ""]
        lines += [f"- {each}" for each in score.misses[:MISSES_SHOWN]]
    return "\n".join(lines)


def report(clusters: int = CLUSTERS) -> str:
    """The table, as Markdown."""
    return f"{clusters:,} clusters, {IN_A_TRACE} to a trace.\n\n{table(run(clusters))}"


def show(seed: int, folder: Path | None) -> None:
    """One cluster by itself, its trace kept where asked."""
    cluster, injected = build(seed)
    for done in injected:
        kind = "fault" if done.case in FAULTS else "like"
        print(f"{kind:6} {done.case.name} {done.claim or '-'} at +{done.at:.0f}s")
    with tempfile.TemporaryDirectory() as temporary:
        path = record((folder or Path(temporary)) / f"{cluster.name}.trace", [cluster])
        for each in diagnose(path):
            print(f"found  {each.rule} {each.claim or '-'}: {each.sentence}")


def main() -> None:
    """Print the table, or one cluster."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clusters", type=int, default=CLUSTERS, help="how many")
    parser.add_argument("--seed", type=int, help="only the cluster of this seed")
    parser.add_argument("--show", action="store_true", help="what was done to it, and what was found")
    parser.add_argument("--folder", type=Path, help="keep its trace here")
    asked = parser.parse_args()
    if asked.seed is None:
        print(report(asked.clusters))
    elif asked.show:
        show(asked.seed, asked.folder)
    else:
        print(table(judge([asked.seed])))


if __name__ == "__main__":
    main()
