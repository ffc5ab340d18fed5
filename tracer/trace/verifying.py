"""Is every sealed file what was sealed? Asked before reading with what checks no page's checksum."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from tracer.trace.manifest import MANIFEST, SegmentFile
from tracer.trace.opening import Fault, Trace, unreadable
from tracer.trace.segments import file_digest, segment_path

_THREADS = 4
"""Hashing lets go of the interpreter: files are read side by side."""


def leave_out_damaged(trace: Trace) -> None:
    """Take the files that are not what was sealed out of an open trace, each with a fault that says so.

    Reads every byte (SHA-256). Where no manifest tells what was sealed, the checksum of each page is verified instead.
    """
    is_rebuilt = any(fault.file == MANIFEST for fault in trace.faults)
    named = set() if is_rebuilt else {segment.number for segment in trace.manifest.segments}
    files = [
        (segment_path(trace.path, table, segment.number), file, segment.number in named)
        for segment in trace.segments
        for table, file in segment.files.items()
    ]
    with ThreadPoolExecutor(_THREADS) as threads:
        faults = [fault for fault in threads.map(lambda each: _fault(*each), files) if fault is not None]
    leave_out(trace, faults)


def leave_out(trace: Trace, faults: Sequence[Fault]) -> None:
    """Take the files that these faults are about out of an open trace, and remember why."""
    trace.faults += faults
    damaged = {fault.file for fault in faults}
    kept = []
    for segment in trace.segments:
        usable = {
            table: file
            for table, file in segment.files.items()
            if str(segment_path(Path(), table, segment.number)) not in damaged
        }
        if usable:
            kept.append(msgspec.structs.replace(segment, files=usable))
    trace.segments = kept


def _fault(path: Path, file: SegmentFile, is_named: bool) -> Fault | None:
    try:
        if is_named:
            if file_digest(path) != (file.sha256, file.bytes):
                return unreadable(path, file, "is not what was sealed (SHA-256)")
        else:
            _read_pages(path)
    except FileNotFoundError:  # a ring has let go of it since the trace was opened
        return unreadable(path, file, "is missing")
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        return unreadable(path, file, f"is damaged ({str(error).splitlines()[0]})")
    return None


def _read_pages(path: Path) -> None:
    with pq.ParquetFile(path, page_checksum_verification=True) as parquet:
        for _ in parquet.iter_batches(batch_size=8192):
            pass
