"""What is still so at the end of some segments: which of their rows a ring must keep when it lets them go."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from tracer.trace.opening import Trace
from tracer.trace.schema import OBJECTS, STREAMS

_CERTAIN = ("synced", "relisted", "bookmark", "resumed")
_KEYS = ("seq", "stream", "type", "namespace", "name", "uid", "revision", "object")


@dataclass(slots=True)
class _Life:
    """The last rows of one object, by seq; -1 for none."""

    last: int = -1
    with_object: int = -1
    gone: int = -1


@dataclass(slots=True)
class State:
    """The rows to keep, by seq. Its size goes with what is alive, not with what was observed."""

    objects: array[int] = field(default_factory=lambda: array("q"))
    """The last row with an object of all that is alive, rising."""
    heartbeats: array[int] = field(default_factory=lambda: array("q"))
    """Later rows without object: the last of each object that has one, rising."""
    notes: array[int] = field(default_factory=lambda: array("q"))
    """The last row per stream and what, rising."""
    certain_up_to: dict[int, int] = field(default_factory=dict)
    """seq of a note -> the revision up to which its stream was delivered by the end of the segments."""


def find_state(trace: Trace) -> State:
    """Read the keys of all rows of `trace` and say which rows are its state at the end. Raises TraceDamaged."""
    notes: dict[tuple[str, str], int] = {}
    last_what: dict[str, str] = {}
    synced: dict[str, int] = {}
    proof: dict[str, int] = {}
    for batch in trace.batches(STREAMS, ("seq", "stream", "what", "revision_to")):
        for seq, stream, what, revision in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            notes[stream, what] = seq
            last_what[stream] = what
            if what in ("synced", "relisted") and revision is not None:
                synced[stream] = seq
            elif what in ("gap", "rewound"):
                synced.pop(stream, None)
            if what in _CERTAIN:
                proof[stream] = seq
    lives, revisions = _follow_objects(trace, synced)
    ended = {stream for stream, what in last_what.items() if what == "closed" and stream.startswith("log/")}
    state = State(notes=_rising(seq for (stream, _), seq in notes.items() if stream not in ended))
    state.certain_up_to = {proof[stream]: revision for stream, revision in revisions.items()}
    state.objects = _rising(life.with_object for life in lives if life.with_object > life.gone)
    state.heartbeats = _rising(life.last for life in lives if life.last > max(life.with_object, life.gone))
    return state


def _follow_objects(trace: Trace, synced: dict[str, int]) -> tuple[Iterable[_Life], dict[str, int]]:
    """What is alive, and per synced stream the highest revision that its watch delivered since."""
    lives: dict[tuple[str, str], _Life] = {}
    revisions: dict[str, int] = {}
    for batch in trace.batches(OBJECTS, _KEYS):
        for stream, key, last, with_object, gone in _last_seqs(batch):
            life = lives.setdefault((stream, key), _Life())
            life.last = last
            life.with_object = life.with_object if with_object is None else with_object
            life.gone = life.gone if gone is None else gone
            if life.gone == life.last:
                del lives[stream, key]
        for stream, revision in _watched_revisions(batch, synced):
            revisions[stream] = max(revision, revisions.get(stream, 0))
    return lives.values(), revisions


def _last_seqs(batch: pa.RecordBatch) -> Iterator[tuple[str, str, int, int | None, int | None]]:
    """Per object of a batch: stream, key, and the last seq at all, with an object, of its end."""
    seq, nothing = batch["seq"], pa.scalar(None, pa.int64())
    gone = pc.is_in(batch["type"], value_set=pa.array(["DELETED", "VANISHED"]))
    holds = pc.and_(pc.is_valid(batch["object"]), pc.invert(gone))
    place = pc.binary_join_element_wise(
        pc.fill_null(batch["namespace"], ""), pc.fill_null(batch["name"], ""), "/"
    )  # of what has no uid: nothing that a real server sends
    rows = pa.table(
        {
            "stream": batch["stream"],
            "key": pc.coalesce(batch["uid"], place),
            "seq": seq,
            "with_object": pc.if_else(holds, seq, nothing),
            "gone": pc.if_else(gone, seq, nothing),
        }
    )
    groups = rows.group_by(["stream", "key"], use_threads=False).aggregate(
        [("seq", "max"), ("with_object", "max"), ("gone", "max")]
    )
    names = ("stream", "key", "seq_max", "with_object_max", "gone_max")
    return zip(*(groups[name].to_pylist() for name in names), strict=True)


def _watched_revisions(batch: pa.RecordBatch, synced: dict[str, int]) -> Iterator[tuple[str, int]]:
    streams = pa.array(list(synced), pa.string())
    since = pa.array(list(synced.values()), pa.int64()).take(pc.index_in(batch["stream"], value_set=streams))
    is_watched = pc.and_(
        pc.is_in(batch["type"], value_set=pa.array(["ADDED", "MODIFIED", "DELETED"])),
        pc.fill_null(pc.greater(batch["seq"], since), False),
    )
    rows = pa.table({"stream": batch["stream"], "revision": batch["revision"]}).filter(is_watched)
    groups = rows.group_by("stream", use_threads=False).aggregate([("revision", "max")])
    pairs = zip(groups["stream"].to_pylist(), groups["revision_max"].to_pylist(), strict=True)
    return ((stream, revision) for stream, revision in pairs if revision is not None)


def state_objects(trace: Trace, state: State) -> Iterator[pa.RecordBatch]:
    """The state's rows of objects, whole. Raises TraceDamaged."""
    chosen = _rising([*state.objects, *state.heartbeats])
    for batch in trace.batches(OBJECTS):
        kept = _choose(batch, chosen)
        if kept.num_rows:
            is_listed = pc.is_in(kept["seq"], value_set=_within(kept, state.objects))
            types = pc.if_else(is_listed, "LISTED", kept["type"])
            yield kept.set_column(kept.schema.get_field_index("type"), "type", types)


def state_notes(trace: Trace, state: State) -> Iterator[pa.RecordBatch]:
    """The state's rows of streams; each stream's last proof says what the stream has delivered since."""
    for batch in trace.batches(STREAMS):
        kept = _choose(batch, state.notes)
        pairs = zip(kept["seq"].to_pylist(), kept["revision_to"].to_pylist(), strict=True)
        proved = [_highest(revision, state.certain_up_to.get(seq)) for seq, revision in pairs]
        index = kept.schema.get_field_index("revision_to")
        yield kept.set_column(index, "revision_to", pa.array(proved, pa.int64()))


def _highest(first: int | None, second: int | None) -> int | None:
    known = [each for each in (first, second) if each is not None]
    return max(known, default=None)


def _rising(seqs: Iterable[int]) -> array[int]:
    return array("q", sorted(seqs))


def _choose(batch: pa.RecordBatch, seqs: array[int]) -> pa.RecordBatch:
    return batch.filter(pc.is_in(batch["seq"], value_set=_within(batch, seqs)))


def _within(batch: pa.RecordBatch, seqs: array[int]) -> pa.Array:
    """Those of `seqs` that lie in the span of a batch."""
    if not batch.num_rows:
        return pa.array([], pa.int64())
    low, high = bisect_left(seqs, batch["seq"][0].as_py()), bisect_right(seqs, batch["seq"][-1].as_py())
    return pa.array(seqs[low:high], pa.int64())
