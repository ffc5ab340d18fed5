"""Identity follows from what the server said, not from when it was heard."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from volume_story import Story, Told, attachment, bound, claim, pod, snapshot, volume, write

from analysis import open_trace

IDENTITY = [
    """
        select volume_id, kind, claim_uid, driver, volume_handle, source_volume_id, first_type, ended_by
        from _volumes order by all
    """,
    "select volume_id, claim_uid, occurrence from volume_claims order by all",
    "select attachment_uid, volume_id from _attachments order by all",
    """
        select use_id, volume_id, claim_uid, node, attachment_uid, caused_attach, ended_attach, ended_by
        from uses order by all
    """,
    "select uid, from_phase, to_phase, legal from transitions order by all",
]


def busy_story() -> Story:
    """Names used again for everything that has one, on one node."""
    story = Story()
    for turn in "123":
        of, uid = f"pv-{turn}", f"c{turn}"
        copy = claim("copy", f"d{turn}", source=("VolumeSnapshot", "s"))
        bound(story.added(pod(uid=f"p{turn}")), uid=uid, of=of, of_uid=f"v{turn}")
        story.changed(pod(uid=f"p{turn}", node="n1")).added(attachment(uid=f"a{turn}", of=of))
        story.added(snapshot(uid=f"s{turn}"), pod("other", f"q{turn}")).changed(pod("other", f"q{turn}", "n1"))
        story.added(copy).deleted(pod(uid=f"p{turn}", node="n1"), snapshot(uid=f"s{turn}"), copy)
        story.deleted(pod("other", f"q{turn}", "n1"), claim(uid=uid, phase="Bound", volume=of))
        story.changed(volume(of, f"v{turn}", "Released", ("data", uid))).deleted(attachment(uid=f"a{turn}", of=of))
    return story


STORY = busy_story()


def identities(told: list[Told]) -> list[list[tuple[object, ...]]]:
    with TemporaryDirectory() as folder, open_trace(write(Path(folder) / "told.trace", told)) as trace:
        return [trace.sql(query).rows() for query in IDENTITY]


@pytest.fixture(scope="module")
def truth() -> list[list[tuple[object, ...]]]:
    return identities(STORY.told)


def test_names_used_again_are_told_apart(truth):
    volumes, claims, attachments, uses, _ = truth
    assert [row[0] for row in volumes] == ["d1", "d2", "d3", "v1", "v2", "v3"]
    assert [row[5] for row in volumes] == ["v1", "v2", "v3", None, None, None]
    assert claims == [("v1", "c1", 1), ("v2", "c2", 1), ("v3", "c3", 1)]
    assert attachments == [("a1", "v1"), ("a2", "v2"), ("a3", "v3")]
    assert uses == [
        (f"{pod}{turn}/d", f"v{turn}", f"c{turn}", "n1", f"a{turn}", pod == "p", pod == "q", "DELETED")
        for pod in "pq"
        for turn in "123"
    ]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(choices=st.lists(st.integers(min_value=0, max_value=9), min_size=len(STORY.told), max_size=len(STORY.told)))
def test_how_rows_of_different_streams_arrive_among_each_other_changes_nothing(truth, choices):
    waiting: dict[str, deque[Told]] = {}
    for told in STORY.told:
        waiting.setdefault(told.stream, deque()).append(told)
    arrived = []
    for choice in choices:
        streams = sorted(stream for stream, rows in waiting.items() if rows)
        arrived.append(waiting[streams[choice % len(streams)]].popleft())
    assert identities(arrived) == truth
