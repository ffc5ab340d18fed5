"""Ring mode: what goes, what stays, and that a reader's picture is the same as if nothing had gone."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger import Ledger, read_rows

from tracer.clock import rfc3339_us
from tracer.errors import TraceDamaged
from tracer.trace import open_trace
from tracer.trace.disk import Disk
from tracer.trace.manifest import Manifest, Segment, SegmentFile
from tracer.trace.opening import Trace
from tracer.trace.ring import fold_oldest, segments_to_fold
from tracer.trace.segments import segment_path
from tracer.trace.writer import TraceWriter
from tracer.watch.resuming import load_past

NOW_US = 1_900_000_000_000_000
FACTS = ("stream", "uid", "type", "phase", "object", "observed_at", "seq")
histories = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["LISTED", "ADDED", "MODIFIED", "MODIFIED", "BEAT", "DELETED", "VANISHED", "synced", "bookmark", "gap"]
            ),
            st.sampled_from(["v1/pods", "v1/nodes"]),
            st.sampled_from("abc"),
        ),
        min_size=1,
        max_size=8,
    ),
    min_size=2,
    max_size=6,
)


def write_history(path: Path, history: list[list[tuple[str, str, str]]], upto: int | None) -> None:
    """A segment per list of rows; with `upto`, segments up to it are folded, one after the other."""
    writer = TraceWriter.create(path, "test")
    at = NOW_US
    for number, segment in enumerate(history, 1):
        for kind, stream, uid in segment:
            at += 1_000_000
            if kind in ("synced", "bookmark", "gap"):
                writer.note(stream, kind, at_us=at, revision_to=at if kind != "gap" else None, revision_from=at - 1)
                continue
            columns = {
                "stream": [stream],
                "type": ["MODIFIED" if kind == "BEAT" else kind],
                "uid": [uid],
                "revision": [at],
                "resource_version": [str(at)],
                "name": [uid],
                "phase": [f"phase {at}"],
                "object": [None if kind in ("BEAT", "VANISHED") else f'{{"at":{at}}}'],
            }
            writer.observe(1, 10, columns, at)
        writer.log(1, 10, {"stream": ["log/x"], "line": ["text"]}, at)
        writer.seal()
        if upto is not None and number == upto + 1:
            fold_oldest(path, writer.manifest, upto, writer.disk)
            fold_oldest(path, writer.manifest, upto, writer.disk)  # nothing left to do
    writer.close()


def states(trace: Trace) -> list[tuple[datetime, dict[tuple[str, str], tuple[str, str | None]]]]:
    """What is alive after each row: (stream, uid) -> its facts and its last object."""
    alive: dict[tuple[str, str], tuple[str, str | None]] = {}
    seen = []
    for batch in trace.batches("objects", FACTS):
        for row in batch.to_pylist():
            key = row["stream"], row["uid"]
            if row["type"] in ("DELETED", "VANISHED"):
                alive.pop(key, None)
            else:
                alive[key] = row["phase"], row["object"] or alive.get(key, ("", None))[1]
            seen.append((row["observed_at"], dict(alive)))
    return seen


def state_at(seen: list, instant: datetime) -> dict:
    return next((alive for at, alive in reversed(seen) if at <= instant), {})


@settings(max_examples=30, deadline=None)
@given(history=histories, data=st.data())
def test_from_kept_from_on_a_reader_sees_what_it_would_have_seen_without_the_fold(tmp_path_factory, history, data):
    folder = tmp_path_factory.mktemp("ring")
    upto = data.draw(st.integers(1, len(history) - 1))
    write_history(folder / "whole.trace", history, None)
    write_history(folder / "ring.trace", history, upto)
    whole, ring = open_trace(folder / "whole.trace"), open_trace(folder / "ring.trace")
    start = datetime.fromisoformat(ring.manifest.kept_from)
    assert whole.faults == ring.faults == []
    before, after = states(whole), states(ring)
    for instant in [start, *(at for at, _ in before if at > start)]:
        assert state_at(after, instant) == state_at(before, instant)
    kept = [row for row in read_rows(whole) if row[1] > start]
    assert [row for row in read_rows(ring) if row[1] > start] == kept
    assert {row[3]["type"] for row in read_rows(ring) if row[2] == "objects" and row[1] <= start} <= {
        "LISTED",
        "MODIFIED",
    }


@settings(max_examples=30, deadline=None)
@given(history=histories, data=st.data())
def test_a_recorder_resumes_a_folded_trace_where_it_would_resume_the_whole_one(tmp_path_factory, history, data):
    folder = tmp_path_factory.mktemp("ring")
    write_history(folder / "whole.trace", history, None)
    write_history(folder / "ring.trace", history, data.draw(st.integers(1, len(history) - 1)))
    whole, ring = load_past(open_trace(folder / "whole.trace")), load_past(open_trace(folder / "ring.trace"))
    for stream in whole.keys() & ring.keys():
        assert ring[stream].position == whole[stream].position
        assert dict(ring[stream].known.missing_from(set())) == dict(whole[stream].known.missing_from(set()))
    for stream in whole.keys() - ring.keys():  # nothing was ever certain, nothing is alive
        assert whole[stream].position.revision is None


def test_the_state_takes_a_free_number_below_the_first_kept_one(tmp_path):
    history = [[("LISTED", "v1/pods", "a")], *([[("MODIFIED", "v1/pods", "a")]] * 8)]
    writer = TraceWriter.create(tmp_path / "a.trace", "test")
    for segment in history:
        for kind, stream, uid in segment:
            writer.observe(1, 1, {"stream": [stream], "type": [kind], "uid": [uid], "object": ["{}"]}, NOW_US)
        writer.seal()
    numbers = []
    for upto in (5, 7, 8):
        fold_oldest(writer.path, writer.manifest, upto, writer.disk)
        numbers.append([(each.number, each.state) for each in writer.manifest.segments][:2])
    assert numbers == [[(0, True), (6, False)], [(5, True), (8, False)], [(7, True), (9, False)]]
    files = sorted(path.name for path in (writer.path / "objects").iterdir())
    assert files == ["00000007.parquet", "00000009.parquet"]
    writer.close()


def test_the_newest_segment_is_never_folded(tmp_path):
    writer = TraceWriter.create(tmp_path / "a.trace", "test")
    writer.note("v1/pods", "opened")
    writer.seal()
    with pytest.raises(ValueError, match="newest"):
        fold_oldest(writer.path, writer.manifest, 1, writer.disk)
    writer.close()


def test_a_state_without_anything_alive_is_no_segment_at_all(tmp_path):
    writer = TraceWriter.create(tmp_path / "a.trace", "test")
    for line in ("one", "two"):
        writer.log(1, 1, {"stream": ["log/x"], "line": [line]}, NOW_US)
        writer.seal()
    fold_oldest(writer.path, writer.manifest, 1, writer.disk)
    assert [(each.number, each.state) for each in writer.manifest.segments] == [(2, False)]
    assert writer.manifest.kept_from == rfc3339_us(NOW_US)
    writer.close()


def test_streams_of_containers_that_are_gone_do_not_pile_up_in_the_state(tmp_path):
    writer = TraceWriter.create(tmp_path / "a.trace", "test")
    for pod in range(20):
        for what in ("opened", "closed"):
            writer.note(f"log/n/pod-{pod}/u/c/0", what)
    writer.note("v1/pods", "closed")
    writer.note("log/n/alive/u/c/0", "opened")
    writer.seal()
    writer.note("v1/pods", "opened")
    writer.seal()
    fold_oldest(writer.path, writer.manifest, 1, writer.disk)
    assert [(row[3]["stream"], row[3]["what"]) for row in read_rows(open_trace(writer.path))] == [
        ("v1/pods", "closed"),
        ("log/n/alive/u/c/0", "opened"),
        ("v1/pods", "opened"),
    ]
    writer.close()


def test_a_segment_that_cannot_be_read_is_not_folded_and_nothing_changes(tmp_path):
    write_history(tmp_path / "a.trace", [[("LISTED", "v1/pods", "a")]] * 3, None)
    writer = TraceWriter.resume(tmp_path / "a.trace", "test")
    segment_path(writer.path, "objects", 1).write_bytes(b"no Parquet")
    before = [each.number for each in writer.manifest.segments]
    with pytest.raises(TraceDamaged, match="volreel check"):
        fold_oldest(writer.path, writer.manifest, 2, writer.disk)
    assert [each.number for each in writer.manifest.segments] == before
    assert not segment_path(writer.path, "objects", 0).exists()
    writer.close()


class RefusingManifests(Disk):
    """Writes everything but the final name of trace.json."""

    refuses = False

    def rename(self, source: Path, target: Path) -> None:
        if self.refuses and target.name == "trace.json":
            raise OSError(errno.ENOSPC, "No space left on device")
        super().rename(source, target)


def test_a_fold_whose_manifest_cannot_be_written_is_as_if_it_had_not_been_tried(tmp_path):
    disk = RefusingManifests()
    writer = TraceWriter.create(tmp_path / "a.trace", "test", disk=disk)
    ledger = Ledger()
    for _ in range(3):
        ledger.observe(writer, [("ADDED", "a", True), ("MODIFIED", "b", True)])
        writer.seal()
    disk.refuses = True
    with pytest.raises(OSError, match="space"):
        fold_oldest(writer.path, writer.manifest, 2, disk)
    assert ledger.check(open_trace(writer.path)) == 6
    assert writer.manifest.kept_from is None
    disk.refuses = False
    fold_oldest(writer.path, writer.manifest, 2, disk)
    ledger.folds.add(3)
    assert ledger.check(open_trace(writer.path)) == 6
    assert ledger.folds == {3}
    writer.close()


@dataclass
class Rotation:
    """Sealed segments as the ring sees them, without files: a fold makes them one state."""

    manifest: Manifest
    state_bytes: int
    number: int = 0
    moved: int = 0
    """Bytes read and written by folds."""

    def seal(self, size: int, seconds: int) -> None:
        self.number += 1
        self.manifest.segments.append(segment(self.number, size, seconds))

    def fold(self, upto: int) -> None:
        gone = [each for each in self.manifest.segments if each.number <= upto]
        state = segment(-1, self.state_bytes, 0)
        state.state = True
        self.moved += sum(file.bytes for each in gone for file in each.files.values()) + self.state_bytes
        self.manifest.segments = [state, *(each for each in self.manifest.segments if each.number > upto)]

    @property
    def bytes(self) -> int:
        return sum(file.bytes for each in self.manifest.segments for file in each.files.values())


def segment(number: int, size: int, seconds: int) -> Segment:
    at = rfc3339_us(NOW_US + seconds * 1_000_000)
    file = SegmentFile(rows=1, bytes=size, sha256="", first_seq=number, last_seq=number)
    return Segment(number=number, first_seq=number, last_seq=number, first_at=at, last_at=at, files={"objects": file})


@settings(max_examples=100, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 100), min_size=60, max_size=300),
    limit=st.integers(400, 4000),
    share=st.floats(0, 0.9),
)
def test_max_size_is_kept_and_folding_costs_at_most_a_constant_times_what_is_sealed(sizes, limit, share):
    ring = Rotation(Manifest(), state_bytes=int(limit * share / 2))
    for place, size in enumerate(sizes):
        ring.seal(size, place)
        while (upto := segments_to_fold(ring.manifest, NOW_US, None, limit)) is not None:
            ring.fold(upto)
        assert ring.bytes <= limit
    assert ring.moved <= 17 * sum(sizes)
    if ring.state_bytes <= limit / 8:
        assert ring.moved <= 3 * sum(sizes) + ring.state_bytes


def test_a_limit_below_the_state_itself_does_not_fold_at_each_rotation():
    ring, folds = Rotation(Manifest(), state_bytes=1000), 0
    for place in range(400):
        ring.seal(10, place)
        if (upto := segments_to_fold(ring.manifest, NOW_US, None, 500)) is not None:
            ring.fold(upto)
            folds += 1
    assert folds <= 1 + 4000 * 8 / 1000
    assert ring.bytes <= 1000 + 1000 / 8 + 20


@settings(max_examples=100, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 100), min_size=50, max_size=300),
    keep=st.integers(5, 100),
    state=st.integers(0, 2000),
)
def test_keep_keeps_what_was_asked_for_and_at_most_an_eighth_more(sizes, keep, state):
    ring, folds = Rotation(Manifest(), state_bytes=state), 0
    for place, size in enumerate(sizes):
        ring.seal(size, place)
        now = NOW_US + place * 1_000_000
        if (upto := segments_to_fold(ring.manifest, now, keep, None)) is not None:
            assert upto <= place - keep  # segment n + 1 was sealed at second n
            ring.fold(upto)
            folds += 1
        oldest = min(each.number for each in ring.manifest.segments if not each.state)
        assert place - (oldest - 1) <= keep + keep / 8 + 1
    assert ring.moved <= 3 * sum(sizes) + 2 * state * (1 + len(sizes) / (keep / 8))


def test_nothing_is_due_without_limits_or_below_them():
    manifest = Manifest(segments=[segment(number, 10, number) for number in range(1, 9)])
    soon = NOW_US + int(timedelta(seconds=10).total_seconds() * 1_000_000)
    assert segments_to_fold(manifest, soon) is None
    assert segments_to_fold(manifest, soon, keep_s=60, max_bytes=80) is None
    assert segments_to_fold(manifest, soon, keep_s=4, max_bytes=None) == 5
    assert segments_to_fold(manifest, soon, keep_s=None, max_bytes=55) == 3
    assert segments_to_fold(manifest, soon, keep_s=4, max_bytes=35) == 5
