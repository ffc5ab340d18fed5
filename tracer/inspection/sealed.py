"""One sealed file: is it what was sealed, and if not, what of it can still be read?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tracer.inspection.finding import Finding, Lost
from tracer.trace import Trace
from tracer.trace.manifest import Segment, SegmentFile, read_manifest
from tracer.trace.schema import SCHEMAS
from tracer.trace.segments import file_digest, segment_path

_CLOCKS = ["seq", "observed_at"]
_MOVE_AWAY = "move it out of the trace: readers then go on without it"


@dataclass
class Sealed:
    """What was found in a file."""

    faults: list[Finding] = field(default_factory=list)
    unreadable: int = 0
    """Rows that a reader would expect in it and cannot read."""
    clocks: list[pa.RecordBatch] = field(default_factory=list)
    """seq and observed_at of the rows that can be read."""


def check_sealed(trace: Trace, segment: Segment, table: str) -> Sealed:
    """Check one file that belongs to the trace. Of a trace that is being recorded it may go away meanwhile."""
    file = segment.files[table]
    path = segment_path(trace.path, table, segment.number)
    name = str(path.relative_to(trace.path))
    result = Sealed()
    try:
        digest, size = file_digest(path)
    except OSError as error:
        if trace.is_being_recorded and segment not in read_manifest(trace.path).segments:
            return result  # a ring has let go of it since the trace was opened
        why = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        result.faults.append(Finding(name, why, _lost(segment, file), "put it back from a copy of the trace"))
        return result
    is_as_sealed = (digest, size) == (file.sha256, file.bytes)
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as parquet:
            result.clocks, bad = _read(parquet, whole=not is_as_sealed)
            _judge(result, trace, segment, table, parquet, name)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        why = f"{_size_words(size, file)}: no Parquet any more ({_line(error)})"
        result.faults.append(Finding(name, why, _lost(segment, file), _MOVE_AWAY))
        # Opening leaves out a file without a readable end by itself.
        return result
    if not is_as_sealed:
        lost = _lost_groups(bad)
        result.unreadable = lost.rows or 0 if lost else 0
        kept = f"{sum(batch.num_rows for batch in result.clocks)} of {file.rows} rows can be read"
        why = f"{_size_words(size, file)}: it is not what was sealed (SHA-256); {kept}"
        result.faults.insert(0, Finding(name, why, lost, _MOVE_AWAY if lost else None))
        if size != file.bytes:
            result.unreadable = 0  # opening leaves it out
    return result


def _read(parquet: Any, *, whole: bool) -> tuple[list[pa.RecordBatch], list[dict[str, Any]]]:
    """The clocks of every row group that can be read, and what is known of the others.

    A file that has its checksum needs its other columns read only for their sake; a damaged one is read whole.
    """
    clocks, bad = [], []
    for number in range(parquet.num_row_groups):
        group = parquet.metadata.row_group(number)
        try:
            if whole:
                for _ in parquet.iter_batches(batch_size=8192, row_groups=[number]):
                    pass
            clocks += parquet.read_row_group(number, columns=_CLOCKS).to_batches()
        except (pa.ArrowException, OSError, KeyError):
            seq, at = (_statistics(group, name) for name in _CLOCKS)
            bad.append({"rows": group.num_rows, "seq": seq, "at": at})
    return clocks, bad


def _statistics(group: Any, name: str) -> tuple[Any, Any] | None:
    for index in range(group.num_columns):
        column = group.column(index)
        if column.path_in_schema == name and column.statistics is not None:
            return column.statistics.min, column.statistics.max
    return None


def _judge(result: Sealed, trace: Trace, segment: Segment, table: str, parquet: Any, name: str) -> None:
    result.faults += [Finding(name, why) for why in _schema_faults(parquet.schema_arrow, table)]
    result.faults += [Finding(name, why, None, _MOVE_AWAY) for why in _origin_faults(trace, segment, table, parquet)]
    file = segment.files[table]
    if parquet.metadata.num_rows != file.rows:
        result.faults.append(Finding(name, f"has {parquet.metadata.num_rows} rows, trace.json says {file.rows}"))
    if result.clocks and sum(batch.num_rows for batch in result.clocks) == file.rows:
        first, last = result.clocks[0]["seq"][0].as_py(), result.clocks[-1]["seq"][-1].as_py()
        if (first, last) != (file.first_seq, file.last_seq):
            why = f"holds seq {first} to {last}, trace.json says {file.first_seq} to {file.last_seq}"
            result.faults.append(Finding(name, why))


def _schema_faults(schema: Any, table: str) -> Iterator[str]:
    """Columns may be missing (an older volreel wrote it) or more (a newer one), but not of another type."""
    ours = SCHEMAS[table]
    for column in ("seq", "observed_at", "stream"):
        if column not in schema.names:
            yield f"lacks the column {column}"
    for field_ in schema:
        if field_.name in ours.names and ours.field(field_.name).type != field_.type:
            yield f"column {field_.name} has the type {field_.type}; the format says {ours.field(field_.name).type}"


def _origin_faults(trace: Trace, segment: Segment, table: str, parquet: Any) -> Iterator[str]:
    keys = {
        key.decode(): value.decode()
        for key, value in (parquet.metadata.metadata or {}).items()
        if key != b"ARROW:schema"
    }
    if keys.get("volreel.trace_id") != trace.manifest.trace_id:
        yield f"belongs to another trace ({keys.get('volreel.trace_id', 'it names none')})"
    if (keys.get("volreel.table"), keys.get("volreel.segment")) != (table, str(segment.number)):
        yield f"was sealed as {keys.get('volreel.table')} of segment {keys.get('volreel.segment')}"


def _lost(segment: Segment, file: SegmentFile) -> Lost:
    return Lost(file.first_seq, file.last_seq, file.rows, segment.first_at, segment.last_at)


def _lost_groups(bad: list[dict[str, Any]]) -> Lost | None:
    if not bad:
        return None
    seqs = [each["seq"] for each in bad if each["seq"]]
    times = [each["at"] for each in bad if each["at"]]
    return Lost(
        min((low for low, _ in seqs), default=0),
        max((high for _, high in seqs), default=None),
        sum(each["rows"] for each in bad),
        min((low for low, _ in times), default=None) and min(low for low, _ in times).isoformat(),
        max((high for _, high in times), default=None) and max(high for _, high in times).isoformat(),
    )


def _size_words(size: int, file: SegmentFile) -> str:
    return "is damaged" if size == file.bytes else f"has {size} bytes, {file.bytes} were sealed"


def _line(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:200]
