"""The recorded lines of one container's run, read from the trace as they are needed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from tracer.trace import Trace
from tracer.trace.lines import LINE_PARTS, raw_lines, stamp_text
from tracer.trace.schema import LOGS

AT_ONCE = 500
"""Lines in one write."""


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


class LogSource:
    """The blocks of a stream, and the place in them."""

    def __init__(self, trace: Trace, stream: str, span: Span) -> None:
        self._blocks = log_lines(trace, stream, span)
        self._block: list[LogLine] = []
        self._place = 0
        self._is_read = False

    @property
    def next_us(self) -> int | None:
        """When the next line was observed; None behind the last."""
        return self._block[self._place].observed_us if self._place < len(self._block) else None

    @property
    def is_read(self) -> bool:
        """Whether there are no more lines."""
        return self._is_read and self._place >= len(self._block)

    async def due(self, until_us: int | None) -> list[LogLine]:
        """The next lines that were observed up to an instant (None: whenever): a bounded number.

        Raises TraceDamaged.
        """
        if self._place >= len(self._block) and not self._is_read:
            self._block, self._place = await asyncio.to_thread(next, self._blocks, []), 0
            self._is_read = not self._block
        end = min(self._place + AT_ONCE, len(self._block))
        start = self._place
        while self._place < end and (until_us is None or self._block[self._place].observed_us <= until_us):
            self._place += 1
        return self._block[start : self._place]


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
