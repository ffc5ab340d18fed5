"""Identities in the sample traces, against what was done to them (sample_traces/README.md and the captures' marks)."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis import open_trace

SAMPLES = Path(__file__).parents[2] / "sample_traces"
HOSTPATH = "hostpath.csi.k8s.io"


def rows(sample, query):
    with open_trace(SAMPLES / f"{sample}.trace") as trace:
        return trace.sql(query).rows()


def test_a_refused_claim_is_a_volume_of_its_own_and_its_successor_another():
    query = """
        select claim_namespace || '/' || claim_name as claim, kind, driver
        from _volumes where claim_namespace in ('s05', 's06') order by first_seq
    """
    assert rows("pending-claims", query) == [
        ("s05/rwx", "pending", None),
        ("s05/noclass", "pending", None),
        ("s05/wrongclass", "pending", None),
        ("s05/sel", "pending", None),
        ("s05/blk", "pending", None),
        ("s05/preb", "pending", None),
        ("s05/toobig", "static", None),
        ("s06/badkind", "pending", HOSTPATH),
        ("s06/huge", "pending", HOSTPATH),
        ("s06/s1", "dynamic", HOSTPATH),
        ("s06/wf", "pending", None),
        ("s06/s2", "dynamic", HOSTPATH),
        ("s06/badkind", "dynamic", HOSTPATH),
        ("s06/badsel", "pending", HOSTPATH),
    ]


def test_each_volume_has_the_claim_that_bound_it():
    query = """
        select _volumes.pv_name, volume_claims.claim_name, occurrence, from_at is not null, to_at is not null
        from volume_claims join _volumes using (volume_id) where kind = 'static' order by all
    """
    # Not s05-one: the claim that named it was too big for it.
    assert rows("pending-claims", query) == [("s05-two", "toobig", 1, True, True)]
    assert rows("failing-mounts", query) == [
        (f"s11-{name}", name, 1, True, True) for name in ("aff", "ghost", "local", "nfs", "nodrv")
    ]


def test_a_pod_that_came_back_used_the_attachments_of_the_one_before():
    query = """
        select pod, pod_volume, claim_name, node, attachment_uid is not null, caused_attach, ended_attach
        from uses where namespace = 's03' and pod_volume = 'data' order by first_seq
    """
    assert rows("first-volumes", query) == [
        ("db-0", "data", "data-db-0", "lab-node-1", True, True, True),
        ("db-1", "data", "data-db-1", "lab-node-1", True, True, False),
        ("db-2", "data", "data-db-2", "lab-node-1", True, True, True),
        ("db-1", "data", "data-db-1", "lab-node-1", True, False, True),
    ]


def test_uses_tell_what_was_never_placed_or_never_there():
    query = """
        select pod, source, uses.claim_name, _volumes.kind, node, caused_attach
        from uses left join _volumes using (volume_id) order by uses.first_seq
    """
    assert rows("failing-mounts", query) == [
        ("ghost", "claim", "ghost", "static", "lab-node-1", True),
        ("nodrv", "claim", "nodrv", "static", "lab-node-1", True),
        ("nfs", "claim", "nfs", "static", "lab-node-1", False),
        ("local", "claim", "local", "static", "lab-node-1", False),
        ("aff", "claim", "aff", "static", None, False),
        ("nopvc", "claim", "nosuchclaim", None, None, False),
        ("data", "claim", "data", "dynamic", "lab-node-1", True),
        ("gen", "ephemeral", "gen-d", "dynamic", "lab-node-1", True),
        ("inl", "inline", None, "inline", "lab-node-1", False),
        ("inlbad", "inline", None, "inline", "lab-node-1", False),
    ]


def test_the_changes_of_a_volume_and_its_claim():
    query = """
        select kind, from_phase, to_phase, controller, reason, legal
        from transitions where volume_id = (select volume_id from volume_claims where claim_namespace = 's01')
        order by seq
    """
    assert rows("first-volumes", query) == [
        ("PersistentVolumeClaim", None, "Pending", "API server", "created", True),
        ("PersistentVolume", None, "Pending", "API server", "created", True),
        ("PersistentVolume", "Pending", "Bound", "PV controller", "bound to a claim", True),
        ("PersistentVolumeClaim", "Pending", "Bound", "PV controller", "bound to a volume", True),
        (
            "PersistentVolume",
            "Bound",
            "Released",
            "PV controller",
            "the claim is gone or bound to another volume",
            True,
        ),
    ]


LAWS = {
    "a volume is one row": "select volume_id from _volumes group by volume_id having count(*) > 1",
    "a use is one row": "select use_id from uses group by use_id having count(*) > 1",
    "a use's volume is one": "select volume_id from uses where volume_id not in (select volume_id from _volumes)",
    "a claim's volume is one": "from volume_claims where volume_id not in (select volume_id from _volumes)",
    "an attachment's volume is one": "from _attachments where volume_id not in (select volume_id from _volumes)",
    "a change's volume is one": "from transitions where volume_id not in (select volume_id from _volumes)",
    "a source is one": "from _volumes where source_volume_id not in (select volume_id from _volumes)",
    "a claim is a volume or has one": """
        select claim_uid from _claims
        where (claim_uid in (select volume_id from _volumes)) = (claim_uid in (select claim_uid from volume_claims))
    """,
    "an attachment has one use that caused it": """
        select attachment_uid from uses where caused_attach group by attachment_uid having count(*) > 1
    """,
    "a use is caused on its own node and volume": """
        from uses join _attachments using (attachment_uid)
        where uses.node != _attachments.node or uses.volume_id != _attachments.volume_id
    """,
}


@pytest.mark.parametrize("sample", sorted(path.stem for path in SAMPLES.glob("*.trace")))
def test_every_reference_leads_to_one_volume(sample):
    with open_trace(SAMPLES / f"{sample}.trace") as trace:
        broken = {law: trace.sql(f"select count(*) from ({query})").item() for law, query in LAWS.items()}
    assert broken == dict.fromkeys(LAWS, 0)
