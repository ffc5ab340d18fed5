"""The recorded lines of one container's run, read from the trace as they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from tracer.trace import Trace
from tracer.trace.lines import LINE_PARTS, raw_lines, stamp_text
from tracer.trace.schema import LOGS


class LogLine(NamedTuple):
    """One line as it is served."""

    observed_us: int
    stamp_ns: int
    stamp: bytes
    """As the log API sent it, with a blank behind it."""
    text: bytes
    """What the container wrote, with a line end."""


@dataclass(slots=True)
class Span:
    """Where a stream's lines stand in the trace."""

    first_seq: int
    last_seq: int


def log_streams(trace: Trace) -> dict[str, Span]:
    """Every log stream of a trace. Raises TraceDamaged."""
    found: dict[str, Span] = {}
    for batch in trace.batches(LOGS, ("seq", "stream")):
        groups = pa.table([batch["stream"], batch["seq"]], ["stream", "seq"]).group_by("stream", use_threads=False)
        ends = groups.aggregate([("seq", "min"), ("seq", "max")])
        columns = (ends[name].to_pylist() for name in ("stream", "seq_min", "seq_max"))
        for stream, first, last in zip(*columns, strict=True):
            span = found.setdefault(stream, Span(first, last))
            span.last_seq = last
    return found


def log_lines(trace: Trace, stream: str, span: Span) -> Iterator[list[LogLine]]:
    """The lines of a stream in order, a block at a time. Raises TraceDamaged."""
    near = replace(
        trace,
        segments=[
            each for each in trace.segments if each.last_seq >= span.first_seq and each.first_seq <= span.last_seq
        ],
    )
    for batch in near.batches(LOGS, ("stream", "observed_at", *LINE_PARTS)):
        chosen = batch.filter(pc.equal(batch["stream"], stream))
        if chosen.num_rows:
            yield list(_lines(chosen))


def _lines(batch: pa.RecordBatch) -> Iterator[LogLine]:
    observed, stamped = (batch[name].cast(pa.int64()).to_pylist() for name in ("observed_at", "stamped_at"))
    for at, stamp, line in zip(observed, stamped, raw_lines(batch), strict=True):
        raw = line or ""
        head, blank, rest = raw.partition(" ")
        if stamp is not None and blank and head[:1].isdigit():
            yield LogLine(at, stamp, f"{head} ".encode(), f"{rest}\n".encode())
        else:  # it came without a stamp: the recorder's clock stands in
            ns = at * 1000 if stamp is None else stamp
            yield LogLine(at, ns, f"{stamp_text(ns)} ".encode(), f"{raw}\n".encode())
