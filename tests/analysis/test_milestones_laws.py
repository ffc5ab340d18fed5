"""What holds of milestones however a recording went: in whatever order streams were heard, whatever was missed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import tracer.trace
from analysis import open_trace
from tracer.ndjson.exporting import ndjson_lines
from tracer.ndjson.importing import import_ndjson

SAMPLE = Path(__file__).parents[2] / "sample_traces" / "first-volumes.trace"
LOGS = "log/"
DROPPED = (None, "v1/events", "v1/nodes", "coordination.k8s.io/v1/leases", "storage.k8s.io/v1/volumeattachments", LOGS)
CUT = (None, "v1/persistentvolumeclaims", "v1/nodes", "storage.k8s.io/v1/volumeattachments")
"""Streams that may lose something. What a lost pod did cannot be told from what another did."""
LATE_US = 30_000
"""The longest that a stream is held up: less than the sample's watches are late anyway."""
CAUSES = """
    claim_created provision_requested create_called create_answered pv_created claim_bound;
    pod_created pod_scheduled attachment_created publish_called publish_answered attached node_lists_attached published
    containers_started;
    pod_deletion_asked containers_stopped unpublished pod_gone;
    unpublished unstaged no_longer_in_use attachment_deletion_asked unpublish_called unpublish_answered attachment_gone;
    claim_deletion_asked claim_gone pv_released delete_called delete_answered pv_gone
"""
Line = dict[str, Any]
Key = tuple[Any, ...]


class Bounds(NamedTuple):
    earliest: datetime | None
    latest: datetime | None

    def may_be(self, other: Bounds) -> bool:
        """Whether one instant can lie within both."""
        return (self.earliest is None or other.latest is None or self.earliest <= other.latest) and (
            other.earliest is None or self.latest is None or other.earliest <= self.latest
        )


class Lines(list[Line]):
    """The rows of a trace; Hypothesis shows what it tried, and need not show them all."""

    def __repr__(self) -> str:
        return f"{len(self)} rows"


@pytest.fixture(scope="module")
def lines() -> Lines:
    """The rows of the sample; of its logs what tells of calls."""
    told = [json.loads(line) for line in ndjson_lines(tracer.trace.open_trace(SAMPLE))]
    return Lines(line for line in told if "line" not in line or "GRPC" in line["line"] or "gRPCCall" in line["line"])


@pytest.fixture(scope="module")
def original() -> dict[Key, Bounds]:
    return milestones(SAMPLE)


def milestones(path: Path) -> dict[Key, Bounds]:
    """The bounds of each milestone; an attachment's by the attachment, which use it was for may be lost."""
    found = {}
    with open_trace(path) as trace:
        for row in trace.sql("from milestones").to_dicts():
            of_attachment = (
                row["attachment_uid"] if row["milestone"] not in ("stage_called", "staged", "unstaged") else None
            )
            whose = of_attachment or row["use_id"]
            found[row["milestone"], row["volume_id"], whose, row["occurrence"]] = Bounds(row["earliest"], row["latest"])
    return found


def held_up(lines: Sequence[Line], rng: random.Random) -> Iterator[Line]:
    """The same rows, each stream later now and then; the order within a stream stays."""
    last: dict[str, str] = {}
    for line in lines:
        at = datetime.fromisoformat(line["t"]) + timedelta(microseconds=rng.randrange(LATE_US))
        last[line["stream"]] = max(stamp(at), last.get(line["stream"], ""))
        yield {**line, "t": last[line["stream"]]}


def with_gap(lines: Sequence[Line], stream: str, begin: int, length: int) -> Iterator[Line]:
    """The rows without `length` of a stream's, and the notes and the list by which a recorder goes on."""
    own = [line for line in lines if line["stream"] == stream and "type" in line]
    behind = own[begin + length - 1]["t"]
    lost = [line for line in own[begin:] if line["t"] <= behind]
    for line in lines:
        # What says that nothing was missed is lost too.
        is_lost = line in lost or (line["stream"] == stream and "what" in line and line["t"] >= lost[0]["t"])
        if not is_lost and line["t"] <= behind:
            yield line
    yield {"t": behind, "stream": stream, "what": "gap", "detail": "410 Gone"}
    alive = {line["object"]["metadata"]["uid"]: line for line in [*own[:begin], *lost]}
    known = {line["object"]["metadata"]["uid"] for line in own[:begin]}
    for uid, line in alive.items():
        if line["type"] not in ("DELETED", "VANISHED"):
            yield {**line, "t": behind, "type": "LISTED"}
        elif uid in known and line in lost:
            yield {**line, "t": behind, "type": "VANISHED"}
    yield {"t": behind, "stream": stream, "what": "relisted"}
    yield from (line for line in lines if line["t"] > behind)


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@settings(max_examples=5, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(
    seed=st.integers(0, 2**32),
    dropped=st.sampled_from(DROPPED),
    cut=st.sampled_from(CUT),
    begin=st.floats(0.1, 0.8),
    length=st.floats(0.01, 0.3),
)
def test_what_a_recording_lost_only_makes_it_know_less(
    tmp_path_factory, lines, original, seed, dropped, cut, begin, length
):
    told: list[Line] = sorted(held_up(lines, random.Random(seed)), key=lambda line: line["t"])
    if dropped is not None:
        told = [line for line in told if not line["stream"].startswith(dropped)]
    if cut not in (None, dropped):
        count = sum(line["stream"] == cut and "type" in line for line in told)
        told = list(with_gap(told, cut, int(begin * count), max(1, int(length * count))))
    folder = tmp_path_factory.mktemp("law")
    file = folder / "told.ndjson"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in told))
    import_ndjson([str(file)], folder / "told.trace")
    found = milestones(folder / "told.trace")

    if dropped is None and cut is None:
        assert found.keys() == original.keys()
    assert found.keys() <= original.keys()
    assert len(found) > 100
    for key, bounds in found.items():
        assert bounds.earliest is None or bounds.latest is None or bounds.earliest <= bounds.latest
        assert bounds.may_be(original[key]), key


def test_nothing_happened_before_its_cause(original):
    chains = [chain.split() for chain in CAUSES.split(";")]
    with open_trace(SAMPLE) as trace:
        rows = trace.sql("from milestones").to_dicts()
    judged = 0
    for chain in chains:
        for cause, effect in pairwise(chain):
            for before in rows:
                for after in rows:
                    same = all(
                        before[key] is None or after[key] is None or before[key] == after[key]
                        for key in ("volume_id", "use_id", "attachment_uid")
                    )
                    if same and (before["milestone"], after["milestone"]) == (cause, effect):
                        assert before["earliest"] <= after["latest"], (before, after)
                        judged += 1
    assert judged > 250
