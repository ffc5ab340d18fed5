"""The traces that the benchmarks are run on are sound: one cluster, told consistently."""

from __future__ import annotations

from pathlib import Path

import pytest
from volreel_process import run

from analysis import open_trace
from benchmarks import generate

NAMED_AS_ITS_OBJECT = """
select count(*), count(*) filter (
    (object->'metadata'->>'name') = name
    and (object->'metadata'->>'namespace') is not distinct from namespace
    and (object->'metadata'->>'uid') = uid
    and (object->'metadata'->>'resourceVersion') = resource_version
    and (object->'metadata'->>'creationTimestamp')::timestamptz = created_at
)
from objects
where object is not null
"""
NAMED_BY_ITS_HASH = """
select count(distinct attachments.name), bool_and(
    attachments.name = 'csi-' || sha256(volumes.volume_handle || attachments.driver || attachments.node)
)
from objects as attachments
join objects as volumes on volumes.name = attachments.volume_name and volumes.kind = 'PersistentVolume'
where attachments.kind = 'VolumeAttachment'
"""
CLAIMED = """
select count(distinct claims.uid), count(distinct volumes.uid)
from objects as claims
left join objects as volumes on volumes.claim_uid = claims.uid and volumes.kind = 'PersistentVolume'
where claims.kind = 'PersistentVolumeClaim' and claims.phase = 'Bound'
"""


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    path = tmp_path_factory.mktemp("generated") / "large.trace"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(generate, "REAL", Path("absent"))
        assert generate.generate(path, 1500, with_logs=True) >= 1500
    return path


async def test_check_finds_it_whole(generated, tmp_path):
    checked = await run("check", str(generated), home=tmp_path)
    assert (checked.code, "whole" in checked.out) == (0, True)


def test_everything_is_named_anew_alike(generated):
    with open_trace(generated) as trace:
        rows, alike = trace.sql(NAMED_AS_ITS_OBJECT).row(0)
        assert rows == alike > 1000
        attachments, hashed = trace.sql(NAMED_BY_ITS_HASH).row(0)
        assert (attachments > 10, hashed) == (True, True)
        claims, volumes = trace.sql(CLAIMED).row(0)
        assert claims == volumes > 10
        assert trace.sql("select count(*) from operations where claim_uid is not null").item() > 10


def test_its_rows_stand_in_one_order(generated):
    with open_trace(generated) as trace:
        assert trace.sql(
            "select bool_and(observed_at >= before) from"
            " (select observed_at, lag(observed_at) over (order by seq) as before from ("
            "select seq, observed_at from objects union all select seq, observed_at from logs))"
        ).item()
        assert trace.sql("select count(*) filter (state != 'synced') from coverage").item() == 0
