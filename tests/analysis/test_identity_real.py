"""Identities in the real capture: counted by hand from what its script did, and against what the cluster said."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from log_trace import REAL

from analysis import open_trace
from tracer.ndjson.importing import import_ndjson

pytestmark = pytest.mark.skipif(not REAL.exists(), reason="the captures are not here")

SCENARIOS = {
    # Volumes that were dynamic, static, pending, inline; uses, those placed on a node; attaches (marks.ndjson).
    "s01": (1, 0, 0, 0, 1, 1, 1),
    # b's pod fits no node.
    "s02": (1, 0, 1, 0, 2, 1, 1),
    # Three claims a pod; db-1 a second time, while its volumes were still attached.
    "s03": (9, 0, 0, 0, 12, 12, 9),
    # hostPath and NFS are not attached.
    "s04": (0, 3, 0, 0, 1, 1, 0),
    # Of seven claims the first got the second PV.
    "s05": (0, 2, 6, 0, 1, 1, 0),
    # badkind twice: refused, then made again with another class.
    "s06": (3, 0, 4, 0, 1, 0, 0),
    "s07": (2, 0, 0, 0, 2, 2, 2),
    # small and nosnap were never restored.
    "s08": (3, 0, 2, 0, 3, 3, 3),
    # r and r2 had one volume, still attached for the second; a had its own.
    "s09": (2, 0, 0, 0, 3, 3, 2),
    # d3 had no pod; l4 bypassed the scheduler.
    "s10": (7, 0, 0, 0, 6, 6, 6),
    # ghost, nodrv and data were attached, aff and nopvc never placed.
    "s11": (1, 5, 0, 0, 7, 5, 3),
    # clash's claim was taken: it has no volume.
    "s12": (2, 0, 0, 3, 5, 4, 1),
    # a's pod came when the claim was lost.
    "s13": (2, 0, 0, 0, 2, 1, 1),
    "s14": (60, 0, 0, 0, 60, 60, 60),
    "s15": (1, 0, 0, 0, 1, 1, 1),
    "s16": (1, 0, 0, 0, 1, 1, 1),
    "s17": (2, 0, 0, 0, 2, 2, 2),
}


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    path = tmp_path_factory.mktemp("capture") / "text.trace"
    import_ndjson([str(REAL / "text" / "events.ndjson.gz")], path)
    with open_trace(path) as trace:
        yield trace


def test_each_scenario_has_the_volumes_and_uses_that_its_script_made(capture):
    query = """
        with volumes as (
            select
                -- A volume that nothing claimed has its scenario in its name, an inline one in its pod.
                coalesce(claim_namespace, any_value(uses.namespace), left(pv_name, 3)) as scenario,
                any_value(_volumes.kind) as kind
            from _volumes left join uses using (volume_id)
            group by volume_id, claim_namespace, pv_name
        ),
        volumes_of as (
            select
                scenario,
                count(*) filter (kind = 'dynamic'),
                count(*) filter (kind = 'static'),
                count(*) filter (kind = 'pending'),
                count(*) filter (kind = 'inline')
            from volumes group by scenario
        ),
        uses_of as (
            select namespace as scenario, count(*), count(node), count(*) filter (caused_attach) from uses group by all
        )
        from volumes_of join uses_of using (scenario) order by scenario
    """
    assert {scenario: tuple(counts) for scenario, *counts in capture.sql(query).rows()} == SCENARIOS


def test_one_volume_had_two_claims(capture):
    query = """
        select claim_name, occurrence, from_at < to_at from volume_claims
        where volume_id in (from volume_claims select volume_id where occurrence = 2) order by occurrence
    """
    assert capture.sql(query).rows() == [("r", 1, True), ("r2", 2, True)]


def test_each_attachment_that_the_controller_made_belongs_to_a_volume(capture):
    """The audit log has one creation for each; the second of s13 came when nothing used its lost volume any more."""
    with gzip.open(REAL / "text" / "audit.log.gz", "rt") as lines:
        requests = [json.loads(line) for line in lines]
    created = {
        request["objectRef"]["name"] + " " + request["requestReceivedTimestamp"][:19]
        for request in requests
        if request["verb"] == "create" and request["objectRef"]["resource"] == "volumeattachments"
    }
    query = "select count(*), count(volume_id), count(distinct (name, created_at)) from _attachments"
    assert capture.sql(query).row(0) == (len(created),) * 3
    unused = """
        select claim_namespace, _attachments.ended_by from _attachments join _volumes using (volume_id)
        where attachment_uid not in (select attachment_uid from uses where caused_attach)
    """
    assert capture.sql(unused).rows() == [("s13", "DELETED")]


def test_the_kubelet_calls_each_volume_as_the_models_say(capture):
    """Every UniqueName in its log, but for volumes that are no storage (and the driver's own and s11's hostPaths)."""
    with gzip.open(REAL / "text" / "kubelet.log.gz", "rt") as lines:
        named = set(re.findall(r'UniqueName: \\?"(kubernetes\.io/[^"\\]+)', lines.read()))
    storage = {name for name in named if not re.match(r"kubernetes\.io/(projected|configmap)/", name)}
    hostpaths = {name for name in storage if re.search(r"host-path/.*-(d|[a-z]+-dir|csi-data-dir)$", name)}
    known = {name for (name,) in capture.sql("select distinct unique_name from uses").rows()}
    assert len(storage - hostpaths) > 90
    assert storage - hostpaths <= known


def test_every_change_of_phase_in_the_capture_was_the_controllers(capture):
    query = """
        select kind, from_phase, to_phase, count(*) from transitions
        where from_phase is not null and legal group by all order by all
    """
    assert capture.sql("select count(*) from transitions where legal is not true").item() == 0
    assert capture.sql(query).rows() == [
        ("PersistentVolume", "Available", "Bound", 10),
        ("PersistentVolume", "Bound", "Released", 105),
        ("PersistentVolume", "Pending", "Available", 10),
        ("PersistentVolume", "Pending", "Bound", 97),
        # s09: claimRef removed by hand; s04: hostPath's deleter does only /tmp.
        ("PersistentVolume", "Released", "Available", 1),
        ("PersistentVolume", "Released", "Failed", 1),
        # s13
        ("PersistentVolumeClaim", "Bound", "Lost", 2),
        ("PersistentVolumeClaim", "Pending", "Bound", 107),
    ]
