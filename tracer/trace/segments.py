"""Sealed segments: Parquet files written once, checksummed, and never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tracer.trace.disk import Disk
from tracer.trace.manifest import Segment, SegmentFile
from tracer.trace.schema import FORMAT, LOGS, OBJECTS

_GROUP_BYTES = 24 << 20
"""Arrow bytes of a row group: large ones compress better, this one bounds the memory of sealing."""
_GROUP_ROWS = 32_768
_PAGE_BYTES = 8 << 20
"""Of a column in a row group: within a page zstd finds an object's earlier versions, across pages it does not."""
ZSTD_LEVEL = 10
"""The level from which zstd looks back far enough to see an object's earlier versions (4 MiB)."""
_LOG_LEVEL = 14
"""Of log lines, which are many and short: the level from which zstd weighs its matches, for four times the effort."""
_ENCODINGS = {
    **dict.fromkeys(("seq", "observed_at", "revision", "lease_renewed_at"), "DELTA_BINARY_PACKED"),
    "resource_version": "DELTA_BYTE_ARRAY",
    # Lines come in bursts: zstd packs their times better than differences of one width would.
    **dict.fromkeys(("stamped_at", "logged_at"), "BYTE_STREAM_SPLIT"),
}
_STATISTICS = {"seq", "observed_at", "stream", "type", "kind", "namespace", "name", "uid", "revision", "component"}
"""The columns that a reader prunes by; statistics of the others only lengthen the footer."""
_PLAIN = {OBJECTS: {"object", *_ENCODINGS}, LOGS: {"line", "message", *_ENCODINGS}}
"""Columns that repeat too little for a dictionary."""


def segment_path(trace: Path, table: str, number: int) -> Path:
    """Where a sealed file lives."""
    return trace / table / f"{number:08d}.parquet"


def write_segment_file(
    trace: Path,
    trace_id: str,
    table: str,
    number: int,
    batches: Iterable[pa.RecordBatch],
    disk: Disk,
    *,
    state: bool = False,
) -> SegmentFile | None:
    """Seal one table of a segment: written under a temporary name, synced, renamed. None when there are no rows.

    The columns are those of the batches: a journal of a later volreel keeps what it has. `state` marks the state of a
    ring. Raises OSError when the disk refuses; may then be called again.
    """
    filled = (batch for batch in batches if batch.num_rows)
    first = next(filled, None)
    if first is None:
        return None
    schema, first_seq = first.schema, first.column("seq")[0].as_py()
    groups = _row_groups(chain([first], filled))
    del first
    path = segment_path(trace, table, number)
    disk.make_folder(path.parent)
    temporary = path.with_suffix(".parquet.tmp")
    plain = _PLAIN.get(table, set(_ENCODINGS))
    try:
        with pq.ParquetWriter(
            temporary,
            schema,
            compression="zstd",
            compression_level=_LOG_LEVEL if table == LOGS else ZSTD_LEVEL,
            use_dictionary=[_leaf(name) for name in schema.names if name not in plain],
            column_encoding={name: encoding for name, encoding in _ENCODINGS.items() if name in schema.names},
            data_page_size=_PAGE_BYTES,
            write_page_checksum=True,
            write_statistics=[name for name in schema.names if name in _STATISTICS],
            store_schema=False,  # Parquet's own types say it all; Arrow's copy would be half of the footer
        ) as writer:
            rows, last_seq = _write_groups(writer, groups)
            writer.add_key_value_metadata(
                {
                    "volreel.format": str(FORMAT),
                    "volreel.trace_id": trace_id,
                    "volreel.table": table,
                    "volreel.segment": str(number),
                    **({"volreel.state": "true"} if state else {}),
                }
            )
        disk.sync(temporary)
        disk.rename(temporary, path)
        disk.sync_folder(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    digest, size = file_digest(path)
    return SegmentFile(rows=rows, bytes=size, sha256=digest, first_seq=first_seq, last_seq=last_seq)


def _leaf(name: str) -> str:
    """A column's path in Parquet; of the fields of log lines the keys repeat, the values do not."""
    return "fields.key_value.key" if name == "fields" else name


def _write_groups(writer: pq.ParquetWriter, groups: Iterator[pa.Table]) -> tuple[int, int]:
    """Write the row groups, one in memory at a time; how many rows they had, and the last seq."""
    rows = last_seq = 0
    while (group := next(groups, None)) is not None:
        writer.write_table(group, row_group_size=group.num_rows)
        rows += group.num_rows
        last_seq = group.column("seq")[-1].as_py()
        del group
    return rows, last_seq


def _row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    size = rows = 0
    for batch in batches:
        held.append(batch)
        size += batch.get_total_buffer_size()
        rows += batch.num_rows
        if size >= _GROUP_BYTES or rows >= _GROUP_ROWS:
            group, held, size, rows = pa.Table.from_batches(held), [], 0, 0
            yield group
            del group, batch
    if held:
        yield pa.Table.from_batches(held)


def file_digest(path: Path) -> tuple[str, int]:
    """SHA-256 (hex) and size in bytes of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return digest, file.tell()


def describe_segment(number: int, files: dict[str, SegmentFile], spans: Sequence[tuple[datetime, datetime]]) -> Segment:
    """The manifest's entry of a segment; spans are first and last observed_at of each of its tables."""
    return Segment(
        number=number,
        first_seq=min(file.first_seq for file in files.values()),
        last_seq=max(file.last_seq for file in files.values()),
        first_at=rfc3339(min(first for first, _ in spans)),
        last_at=rfc3339(max(last for _, last in spans)),
        files=files,
    )


def file_span(path: Path) -> tuple[datetime, datetime]:
    """First and last observed_at of a sealed file, from its statistics."""
    metadata = pq.read_metadata(path)
    column = metadata.schema.names.index("observed_at")
    groups = [metadata.row_group(index).column(column).statistics for index in range(metadata.num_row_groups)]
    return min(group.min for group in groups), max(group.max for group in groups)


def rfc3339(instant: datetime) -> str:
    """`2026-11-23T07:32:00.000000Z`."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
