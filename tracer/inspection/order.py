"""The order of a trace: one counter over all tables, and a clock that never steps back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tracer.inspection.finding import Finding


class Order:
    """Takes the segments of a trace one after the other."""

    def __init__(self) -> None:
        self._last_seq = -1
        self._last_at: int | None = None

    def take(self, name: str, tables: Sequence[Iterable[pa.RecordBatch]]) -> list[Finding]:
        """The faults in the order of one segment's rows; `tables` are its tables' batches (seq, observed_at)."""
        found = []
        merged = []
        for table in tables:
            clocks = [_clocks(batch) for batch in table if batch.num_rows]
            if not clocks:
                continue
            rows = pa.concat_tables(clocks)
            if (at := _first_step_back(rows["seq"], least=1)) is not None:
                found.append(Finding(name, f"seq does not rise behind {rows['seq'][at].as_py()} within one table"))
            merged.append(rows)
        if merged:
            found += self._across(name, pa.concat_tables(merged).sort_by("seq"))
        return found

    def _across(self, name: str, rows: pa.Table) -> list[Finding]:
        found = []
        first, last = rows["seq"][0].as_py(), rows["seq"][-1].as_py()
        if first <= self._last_seq:
            found.append(Finding(name, f"begins with seq {first}, what stands before it reaches {self._last_seq}"))
        elif (at := _first_step_back(rows["seq"], least=1)) is not None:
            found.append(Finding(name, f"seq {rows['seq'][at].as_py()} stands in it more than once"))
        times = rows["at"]
        if (at := _first_step_back(times, least=0)) is not None:
            found.append(Finding(name, f"observed_at steps back behind seq {rows['seq'][at].as_py()}"))
        elif self._last_at is not None and times[0].as_py() < self._last_at:
            found.append(Finding(name, f"observed_at steps back at its first row, seq {first}"))
        self._last_seq = max(self._last_seq, last)
        self._last_at = max(pc.max(times).as_py(), self._last_at or 0)
        return found


def _clocks(batch: pa.RecordBatch) -> pa.Table:
    return pa.table({"seq": batch["seq"], "at": batch["observed_at"].cast(pa.int64())})


def _first_step_back(column: Any, least: int) -> int | None:
    """The index before the first step smaller than `least`."""
    steps = pc.subtract(column[1:], column[:-1])
    index: int = pc.index(pc.less(steps, least), True).as_py() if len(steps) else -1
    return None if index < 0 else index
