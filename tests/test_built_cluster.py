"""The model of a cluster tells a healthy life as a real cluster does."""

from __future__ import annotations

from pathlib import Path

import pytest
from cluster import Cluster, record
from volreel_process import run

from analysis import Trace, open_trace

REAL = Path(__file__).parents[1] / "sample_traces" / "first-volumes.trace"
MILESTONES = """
select milestone
from milestones
join volumes using (volume_id)
-- Which of the two sees a new claim first, the provisioner or the PV controller, is chance.
where claim_namespace = $namespace and claim_name = 'a' and milestone != 'provision_requested'
order by latest, evidence
"""
# Nor which of their Events.
EVENTS = """
select involved_kind, reason
from objects
where kind = 'Event' and involved_namespace = $namespace and type = 'ADDED' and reason != 'ExternalProvisioning'
order by seq
"""
VERSIONS = """
select kind, type, phase, attached, len(finalizers), deletion_requested_at is not null
from objects
where (namespace = $namespace and kind = 'PersistentVolumeClaim')
    or kind in ('PersistentVolume', 'VolumeAttachment')
    and (name in (from _names) or volume_name in (from _names))
order by kind, seq
""".replace("_names", "(select pv_name from volumes where claim_namespace = $namespace)")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A claim and a pod as in the real scenario s01, up and down; as there, nobody reads the kubelet's log."""
    cluster = Cluster(seed=1)
    claim = cluster.claim("a")
    cluster.run(seconds=1)
    pod = cluster.pod("a", ["a"])
    cluster.run(seconds=30)
    cluster.delete(pod)
    cluster.run(seconds=20)
    cluster.delete(claim)
    cluster.run(seconds=5)
    return record(tmp_path_factory.mktemp("built") / "t.trace", [cluster], without=["log of kubelet"])


@pytest.mark.parametrize("query", [MILESTONES, EVENTS, VERSIONS], ids=["milestones", "Events", "versions"])
def test_a_life_is_told_as_by_a_real_cluster(query: str, built: Path):
    with open_trace(REAL) as trace:
        real = trace.sql(query, {"namespace": "s01"}).rows()
    with open_trace(built) as trace:
        assert trace.sql(query, {"namespace": "shop"}).rows() == real


def test_all_is_well_in_it(built: Path):
    with open_trace(built) as trace:
        assert trace.sql("from findings").is_empty()
        assert _one(trace, "select count(*) from transitions where not legal") == 0
        assert _one(trace, "select count(*) from milestones where disagreement is not null") == 0
        assert _one(trace, "select count(*) from operations where code is distinct from 'OK'") == 0


async def test_a_life_that_began_before_its_recording_is_told(tmp_path: Path):
    # Of some steps the begin is not known, of others the end.
    cluster = Cluster(seed=1)
    cluster.claim("data")
    cluster.pod("web", ["data"])
    cluster.recorded_from = cluster.simulation.now + 0.3
    cluster.run(seconds=40)
    told = await run("timeline", str(record(tmp_path / "t.trace", [cluster])), "shop/data", home=tmp_path)
    assert told.code == 0, told.err
    assert "container_start" in told.out


def test_a_seed_makes_one_trace(tmp_path: Path):
    def told() -> list[tuple[str, str]]:
        cluster = Cluster(seed=7)
        cluster.claim("a", "wffc")
        cluster.pod("a", ["a"])
        cluster.run(seconds=30)
        return [(each.type, each.text.decode()) for each in cluster.api.observations]

    assert told() == told()


def _one(trace: Trace, query: str) -> int:
    return int(trace.sql(query).item())
