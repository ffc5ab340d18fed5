"""Make a large trace of a busy cluster: `python -m benchmarks.generate OUT.trace OBSERVATIONS [--logs]`.

The lives are recorded ones (../shared/real, else a sample trace): all that happened on one node, a *cell*, happens
again and again, on other nodes, in other namespaces, at other times. What names something is named anew everywhere
alike: UIDs, namespaces, nodes, handles, VolumeAttachments (csi-SHA256), revisions, the times in stamps and in Events'
names, also inside the objects' JSON. Leases and what else belongs to the whole cluster is not multiplied.

A cell is laid out once as the bytes of an Arrow record batch in which everything that changes has a fixed width; a copy
of it is a copy of these bytes with other digits in them.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tracer.ndjson.importing import import_ndjson
from tracer.trace import open_trace
from tracer.trace.disk import Disk
from tracer.trace.manifest import Cluster, Manifest, Resource, Segment, SegmentFile, Session, write_manifest
from tracer.trace.schema import LOGS, OBJECTS, SCHEMAS, STREAMS
from tracer.trace.segments import describe_segment, rfc3339, write_segment_file

REAL = Path(__file__).parents[2] / "shared" / "real" / "text"
SAMPLE = Path(__file__).parents[1] / "sample_traces" / "first-volumes.trace"
NODES = 32
"""How many nodes the cluster has, and so how many cells run at once."""
_WINDOW_US = 60_000_000
"""Rows are put in order for so much time at once."""
_SEGMENT_BYTES, _SEGMENT_US = 64 << 20, 600_000_000
_JITTER_US = 5_000

_SHARED = {"StorageClass", "CSIDriver", "VolumeAttributesClass", "VolumeSnapshotClass"}
_OF_A_NODE = {"PersistentVolume", "VolumeAttachment", "VolumeSnapshotContent", "Node", "CSINode"}
_CELL_NAMESPACE = re.compile(r"(?<![A-Za-z0-9])s(\d\d)(?![A-Za-z0-9])")
_NODE_NAME = re.compile(r"lab-node-1(?![0-9])|csi-hostpathplugin-0(?![0-9])")
_UUID = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{7})[0-9a-f]{5}(?![0-9a-f])")
_EVENT_NAME = re.compile(r"\.([0-9a-f]{16})(?![0-9a-f])")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_ATTACHMENT = re.compile(r"csi-[0-9a-f]{64}")
_REVISION = re.compile(r'("resourceVersion":")(\d+)(?=")')

CELL, NODE = "\x01cel\x01", "\x02nod\x02"
"""Stand for five digits each."""


@dataclass
class Numbered:
    """Values that are written as a mark and a number, in a fixed width, until a copy gives them their text."""

    mark: str
    width: int
    values: dict[Any, int] = field(default_factory=dict)

    def __call__(self, value: Any) -> str:
        number = self.values.setdefault(value, len(self.values))
        return f"{self.mark}{number:0{self.width - 1}d}"

    def find(self, body: bytes) -> tuple[np.ndarray, np.ndarray]:
        """Where they stand, as rows of byte positions, and the number of each."""
        found = list(re.finditer(rb"%s(\d{%d})" % (self.mark.encode(), self.width - 1), body))
        starts = np.array([each.start() for each in found], np.int64)
        numbers = np.array([int(each[1]) for each in found], np.int64)
        return starts[:, None] + np.arange(self.width), numbers


@dataclass
class Names:
    """What in a cell is named anew, over all its tables."""

    revisions: Numbered = field(default_factory=lambda: Numbered("\x03", 15))
    stamps: Numbered = field(default_factory=lambda: Numbered("\x04", 19))
    event_ns: Numbered = field(default_factory=lambda: Numbered("\x05", 16))
    attachments: Numbered = field(default_factory=lambda: Numbered("\x06", 68))
    node_uids: frozenset[str] = frozenset()

    def marked(self, column: str, value: Any) -> Any:
        """A value of a cell with marks in place of what changes."""
        if isinstance(value, str):
            return self.revisions(int(value)) if column == "resource_version" else self._text(value)
        if isinstance(value, dict):
            return {key: self.marked("", each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.marked("", each) for each in value)
        return value

    def _text(self, text: str) -> str:
        text = _REVISION.sub(lambda found: found[1] + self.revisions(int(found[2])), text)
        text = _ATTACHMENT.sub(lambda found: self.attachments(found[0]), text)
        text = _EVENT_NAME.sub(lambda found: f".{self.event_ns(int(found[1], 16))}", text)
        text = _STAMP.sub(lambda found: self.stamps(found[0]), text)
        text = _UUID.sub(lambda found: found[1] + (NODE if found[0] in self.node_uids else CELL), text)
        text = _NODE_NAME.sub(lambda found: found[0][:-1] + NODE, text)
        return _CELL_NAMESPACE.sub(rf"s\1-{CELL}", text)


class Cell:
    """One table's rows of a cell."""

    def __init__(self, names: Names, table: str, rows: pa.Table) -> None:
        self._names = names
        self._schema = SCHEMAS[table]
        columns = [
            pa.array([names.marked(column, each) for each in rows.column(column).to_pylist()], _plain(kind))
            for column, kind in zip(self._schema.names, self._schema.types, strict=True)
        ]
        self._layout = pa.schema(list(zip(self._schema.names, [column.type for column in columns], strict=True)))
        batch = pa.record_batch(columns, schema=self._layout)
        self._bytes = np.frombuffer(batch.serialize(), np.uint8)
        body = self._bytes.tobytes()
        self._cells, self._nodes = _positions(CELL, body), _positions(NODE, body)
        self._numbered = {
            kind: getattr(names, kind).find(body) for kind in ("revisions", "stamps", "event_ns", "attachments")
        }
        read, start = self._read(self._bytes)
        self._times = [span for column in read.columns for span in _time_spans(column, start)]
        self.observed_us = rows.column("observed_at").cast(pa.int64()).to_numpy()
        if table == OBJECTS:
            self._revision = next(iter(_spans(read.column("revision"), start)))
            numbers = names.revisions.values
            self._rows_revision = np.array([numbers[int(each)] for each in rows.column("resource_version").to_pylist()])
            is_node = pc.is_in(rows.column("kind"), pa.array(["Node", "CSINode"]))
            self._is_new_node = pc.and_(is_node, pc.equal(rows.column("type"), "ADDED")).combine_chunks()
        self._is_objects = table == OBJECTS

    def copy(self, texts: dict[str, np.ndarray], cell: int, node: int, shift_s: int, revisions: np.ndarray) -> pa.Table:
        """The rows of another cell, in the table's schema."""
        body = self._bytes.copy()
        body[self._cells] = np.frombuffer(b"%05x" % cell, np.uint8)
        body[self._nodes] = np.frombuffer(b"%05d" % node, np.uint8)
        for kind, (positions, numbers) in self._numbered.items():
            if len(numbers):
                body[positions] = texts[kind][numbers]
        for start, length, unit in self._times:
            body[start : start + 8 * length].view(np.int64)[:] += shift_s * unit
        if self._is_objects:
            start, length = self._revision
            body[start : start + 8 * length].view(np.int64)[:] = revisions[self._rows_revision]
        read, _ = self._read(body)
        table = pa.Table.from_batches([read])
        if self._is_objects and cell >= NODES:  # the node was there before
            types = pc.if_else(self._is_new_node, "MODIFIED", table.column("type"))
            table = table.set_column(table.schema.get_field_index("type"), "type", types)
        return table

    def _read(self, body: np.ndarray) -> tuple[pa.RecordBatch, int]:
        buffer = pa.py_buffer(body)
        return pa.ipc.read_record_batch(buffer, self._layout), buffer.address


def _plain(kind: Any) -> Any:
    return pa.string() if kind == pa.json_() else kind


def _positions(mark: str, body: bytes) -> np.ndarray:
    starts = [each.start() for each in re.finditer(re.escape(mark.encode()), body)]
    return np.array(starts, np.int64)[:, None] + np.arange(len(mark))


def _spans(array: pa.Array, start: int) -> Iterator[tuple[int, int]]:
    """Offset in the body and number of values of an array of eight-byte values."""
    if len(array) and (values := array.buffers()[1]) is not None:
        yield values.address - start, len(array)


def _time_spans(array: pa.Array, start: int) -> Iterator[tuple[int, int, int]]:
    """The same for all timestamps in it, with how many of them are a second."""
    kind = array.type
    if pa.types.is_timestamp(kind):
        yield from ((*span, 10**9 if kind.unit == "ns" else 10**6) for span in _spans(array, start))
    elif pa.types.is_list(kind):
        yield from _time_spans(array.values, start)
    elif pa.types.is_struct(kind):
        for number in range(kind.num_fields):
            yield from _time_spans(array.field(number), start)


class RecordedNode:
    """What was recorded on one node, ready to be made into the cells of a cluster."""

    def __init__(self, recorded: dict[str, pa.Table]) -> None:
        self._names = Names()
        objects = recorded[OBJECTS]
        kinds, uids = objects.column("kind").to_pylist(), objects.column("uid").to_pylist()
        pairs = zip(kinds, uids, strict=True)
        self._names.node_uids = frozenset(uid for kind, uid in pairs if kind in ("Node", "CSINode"))
        self._cells = {table: Cell(self._names, table, rows) for table, rows in recorded.items()}
        self._revision_us = _revision_times(objects, self._names.revisions.values)
        self._attachments = self._attachment_sources(objects)
        observed = [cell.observed_us for cell in self._cells.values()]
        self.begin_us = int(min(each[0] for each in observed))
        self.length_us = int(max(each[-1] for each in observed)) - self.begin_us
        self.observations = len(objects)

    def cell(self, number: int, shift_s: int) -> Iterator[tuple[str, pa.Table, np.ndarray]]:
        """Its tables with their rows, and when each row arrived, in µs."""
        node = number % NODES
        revisions = 10**14 + (self._revision_us - self.begin_us + shift_s * 10**6) * 1024 + number % 1024
        stamps = [np.datetime64(each) + np.timedelta64(shift_s, "s") for each in self._names.stamps.values]
        texts = {
            "revisions": _fixed(f"{each:015d}" for each in revisions),
            "stamps": _fixed(str(each) for each in stamps),
            "event_ns": _fixed(f"{each + shift_s * 10**9:016x}" for each in self._names.event_ns.values),
            "attachments": _fixed(self._attachment_names(number, node)),
        }
        for table, cell in self._cells.items():
            delays = np.random.default_rng(number).integers(0, _JITTER_US, len(cell.observed_us))
            arrived = np.maximum.accumulate(cell.observed_us + delays) + shift_s * 10**6
            yield table, cell.copy(texts, number, node, shift_s, revisions), arrived

    def _attachment_sources(self, objects: pa.Table) -> list[str | None]:
        """Of each VolumeAttachment what its name is the hash of, marked; None where that is not known."""
        columns = ("kind", "name", "volume_name", "volume_handle", "driver", "node")
        rows = objects.select(columns).to_pylist()
        handles = {row["name"]: row["volume_handle"] for row in rows if row["kind"] == "PersistentVolume"}
        found = {}
        for row in rows:
            if row["kind"] == "VolumeAttachment" and (handle := handles.get(row["volume_name"])):
                source = f"{handle}{row['driver']}{row['node']}"
                if row["name"] == f"csi-{hashlib.sha256(source.encode()).hexdigest()}":
                    parts = (handle, row["driver"], row["node"])
                    found[row["name"]] = "".join(self._names.marked("", part) for part in parts)
        return [found.get(name) for name in self._names.attachments.values]

    def _attachment_names(self, cell: int, node: int) -> Iterator[str]:
        for name, source in zip(self._names.attachments.values, self._attachments, strict=True):
            text = f"{name} {cell}" if source is None else source.replace(CELL, f"{cell:05x}")
            yield f"csi-{hashlib.sha256(text.replace(NODE, f'{node:05d}').encode()).hexdigest()}"


def _fixed(texts: Iterable[str]) -> np.ndarray:
    """Texts of one length as rows of bytes."""
    rows = [text.encode() for text in texts]
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1) if rows else np.zeros((0, 0), np.uint8)


def _revision_times(objects: pa.Table, numbers: dict[int, int]) -> np.ndarray:
    """When each revision was made, in µs, by its number: rising with the revisions, however they arrived."""
    arrived: dict[int, int] = {}
    for text, at in zip(
        objects.column("resource_version").to_pylist(),
        objects.column("observed_at").cast(pa.int64()).to_pylist(),
        strict=True,
    ):
        arrived.setdefault(int(text), at)
    times = np.zeros(len(numbers), np.int64)
    last = min(arrived.values()) - len(numbers)
    for revision in sorted(numbers):
        last = max(last + 1, arrived.get(revision, 0))
        times[numbers[revision]] = last
    return times


def recorded_node(with_logs: bool) -> tuple[dict[str, pa.Table], pa.Table]:
    """What happened on the recorded node, by table; and the objects that all nodes share."""
    with tempfile.TemporaryDirectory() as folder:
        path = SAMPLE
        if REAL.exists():
            path = Path(folder) / "real.trace"
            import_ndjson([str(REAL / f"{name}.ndjson.gz") for name in ("events", "logs")], path)
        trace = open_trace(path)
        tables = {
            table: pa.Table.from_batches(trace.batches(table), schema=SCHEMAS[table]) for table in (OBJECTS, LOGS)
        }
    rows = tables[OBJECTS]
    # The captures begin with what an earlier life of the cluster left: only what was made before their eyes is used.
    rows = rows.filter(pc.is_in(rows.column("type"), pa.array(["ADDED", "MODIFIED", "DELETED"])))
    kind, involved = rows.column("kind"), rows.column("involved_kind")
    of_a_node = pa.array(sorted(_OF_A_NODE))
    is_cell = pc.or_(pc.is_in(kind, of_a_node), pc.and_(pc.equal(kind, "Event"), pc.is_in(involved, of_a_node)))
    in_cell = pc.or_(is_cell, pc.match_substring_regex(pc.fill_null(rows.column("namespace"), ""), r"^s\d\d$"))
    if with_logs:
        in_cell = pc.or_(in_cell, pc.equal(rows.column("name"), "csi-hostpathplugin-0"))
    found = {OBJECTS: rows.filter(pc.fill_null(in_cell, False))}
    if with_logs:
        found[LOGS] = tables[LOGS]
    return found, rows.filter(pc.is_in(kind, pa.array(sorted(_SHARED))))


class Merging:
    """Rows of many cells in the order in which they arrived."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, pa.Table, np.ndarray]] = []

    def add(self, parts: Iterable[tuple[str, pa.Table, np.ndarray]]) -> None:
        """Take the rows of a cell."""
        self._waiting += parts

    def until(self, end_us: float) -> tuple[dict[str, pa.Table], np.ndarray]:
        """All rows that arrived before an instant, by table with their place among all, and the times of all."""
        ready: dict[str, list[tuple[pa.Table, np.ndarray]]] = {}
        waiting = []
        for table, rows, arrived in self._waiting:
            count = int(np.searchsorted(arrived, end_us))
            if count:
                ready.setdefault(table, []).append((rows.slice(0, count), arrived[:count]))
            if count < len(arrived):
                waiting.append((table, rows.slice(count), arrived[count:]))
        self._waiting = waiting
        times = {table: np.concatenate([each for _, each in parts]) for table, parts in ready.items()}
        everything = np.concatenate([*times.values(), np.zeros(0, np.int64)])
        places = np.empty(len(everything), np.int64)
        order = np.argsort(everything, kind="stable")
        places[order] = np.arange(len(order))
        found, start = {}, 0
        for table, parts in ready.items():
            mine = places[start : start + len(times[table])]
            start += len(mine)
            sorting = np.argsort(mine)
            rows = pa.concat_tables([each for each, _ in parts]).take(pa.array(sorting))
            found[table] = _with(_with(rows, "seq", mine[sorting]), "observed_at", times[table][sorting])
        return found, everything[order]

    @property
    def is_empty(self) -> bool:
        """Whether every row has been taken."""
        return not self._waiting


def _with(rows: pa.Table, column: str, values: np.ndarray) -> pa.Table:
    kind = rows.schema.field(column).type
    return rows.set_column(rows.schema.get_field_index(column), column, pa.array(values).cast(kind))


class Writing:
    """A sealed trace, written segment by segment."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True)
        self._path = path
        self._disk = Disk()
        self.manifest = Manifest(cluster=Cluster(server="https://generated", version="v1.36.0", uid="generated"))
        self._held: dict[str, list[pa.Table]] = {}
        self._times: list[np.ndarray] = []
        self._seq = self._bytes = self._number = 0

    def add(self, found: dict[str, pa.Table], times: np.ndarray) -> Callable[[], Segment] | None:
        """Take rows, `seq` counted from 0; what writes a segment when there are enough for one."""
        for table, rows in found.items():
            seqs = pc.add(rows.column("seq"), self._seq).to_numpy()
            self._held.setdefault(table, []).append(_with(rows, "seq", seqs))
            self._bytes += rows.nbytes
        self._seq += len(times)
        self._times.append(times)
        span = self._times[-1][-1] - self._times[0][0] if len(times) else 0
        return self.cut() if self._bytes >= _SEGMENT_BYTES or span >= _SEGMENT_US else None

    def cut(self) -> Callable[[], Segment]:
        """What writes all that is held as a segment."""
        held, times = self._held, np.concatenate(self._times)
        self._held, self._times, self._bytes = {}, [], 0
        self._number += 1
        number = self._number

        def write() -> Segment:
            files: dict[str, SegmentFile] = {}
            for table, parts in held.items():
                rows = pa.concat_tables(parts).cast(SCHEMAS[table])
                batches = rows.to_batches(max_chunksize=4096)
                file = write_segment_file(self._path, self.manifest.trace_id, table, number, batches, self._disk)
                if file is not None:
                    files[table] = file
            return describe_segment(number, files, [(_instant(times[0]), _instant(times[-1]))])

        return write

    def end(self, segments: list[Segment], begin_us: float, end_us: float) -> None:
        """Name the segments in the manifest."""
        self.manifest.segments = segments
        started, ended = rfc3339(_instant(begin_us)), rfc3339(_instant(end_us))
        self.manifest.sessions = [Session(started_at=started, by="benchmarks.generate", host="bench", ended_at=ended)]
        write_manifest(self._path, self.manifest, self._disk)


def _instant(us: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(us))


def _notes(streams: Iterable[str], what: str, at_us: int) -> tuple[str, pa.Table, np.ndarray]:
    rows = pa.Table.from_pylist([{"stream": stream, "what": what} for stream in streams], schema=SCHEMAS[STREAMS])
    return STREAMS, rows, np.full(len(rows), at_us, np.int64)


def generate(out: Path, observations: int, *, with_logs: bool = False) -> int:
    """Write a sealed trace of at least so many observations; how many it has."""
    recorded, shared = recorded_node(with_logs)
    node = RecordedNode(recorded)
    shared_us = np.full(len(shared), node.begin_us, np.int64)
    cells = -(-(observations - len(shared)) // node.observations)
    gap_s = -(-node.length_us // (NODES - 1)) // 10**6 + 1
    chance = random.Random(1)
    writing, merging = Writing(out), Merging()
    writing.manifest.resources = _resources(pa.concat_tables([recorded[OBJECTS], shared]))
    streams = [each.stream for each in writing.manifest.resources]
    merging.add([_notes(streams, what, node.begin_us - 1) for what in ("opened", "synced")])
    merging.add([(OBJECTS, _plain_json(shared), shared_us)])
    segments, last_us = [], 0
    with ThreadPoolExecutor(2) as threads:
        pending: list[Any] = []

        def flush(until_us: float) -> None:
            nonlocal last_us
            found, times = merging.until(until_us)
            if len(times):
                last_us = int(times[-1])
                if write := writing.add(found, times):
                    pending.append(threads.submit(write))
            while len(pending) > 2:
                segments.append(pending.pop(0).result())

        window_us = node.begin_us
        for number in range(cells):
            shift_s = number * gap_s + chance.randrange(gap_s)
            for table, rows, arrived in node.cell(number, shift_s):
                merging.add([(table, rows, arrived)])
                if table == LOGS:
                    merging.add([_notes(rows.column("stream").unique().to_pylist(), "opened", arrived[0] - 1)])
            next_us = node.begin_us + (number + 1) * gap_s * 10**6
            while window_us + _WINDOW_US < next_us:
                window_us += _WINDOW_US
                flush(window_us)
        while not merging.is_empty:
            window_us += _WINDOW_US
            flush(window_us)
        merging.add([_notes(streams, "closed", last_us + 1)])
        flush(last_us + 2)
        pending.append(threads.submit(writing.cut()))
        segments += [each.result() for each in pending]
    writing.end(segments, node.begin_us, last_us + 1)
    return cells * node.observations + len(shared)


def _resources(rows: pa.Table) -> list[Resource]:
    names = ("stream", "kind", "api_version")
    return [Resource(**row) for row in rows.select(names).group_by(names).aggregate([]).sort_by("stream").to_pylist()]


def _plain_json(rows: pa.Table) -> pa.Table:
    return pa.table([column.cast(_plain(column.type)) for column in rows.columns], names=rows.schema.names)


def main() -> None:
    """Write the trace that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("observations", type=int)
    parser.add_argument("--logs", action="store_true", help="the lines of the driver's and the sidecars' logs too")
    given = parser.parse_args()
    print(f"{generate(given.out, given.observations, with_logs=given.logs):,} observations")


if __name__ == "__main__":
    main()
