"""The rows of the model `_paired`: its SQL asks for the lines, this pairs them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from analysis.calls.lines import Check, Line, Operation
from analysis.calls.pairing import pair_calls

_SCHEMA = pa.schema(
    [
        *[
            (name, pa.int64())
            for name in (
                "seq",
                "requested_seq",
                "answered_seq",
                "earliest_seq",
                "latest_seq",
                "request_seq",
                "driver_requested_seq",
                "driver_answered_seq",
            )
        ],
        ("pairing", pa.string()),
        ("code", pa.string()),
        ("is_before_gap", pa.bool_()),
    ]
)


def paired(lines: Iterable[tuple[Any, ...]], check: Check) -> pa.Table:
    """The calls that the lines tell of, a row each; a line is the columns of `_paired.sql`, those of `Line`."""
    operations = pair_calls(map(_line, lines), check)
    return pa.Table.from_pylist([_row(operation) for operation in operations], schema=_SCHEMA)


def _line(row: tuple[Any, ...]) -> Line:
    told = Line(*row)
    return told._replace(ids=frozenset(told.ids or ()), sources=frozenset(told.sources or ()))


def _row(operation: Operation) -> dict[str, Any]:
    lines = {
        "requested_seq": operation.asked,
        "answered_seq": operation.answered,
        "earliest_seq": operation.after,
        "latest_seq": operation.before,
        "driver_requested_seq": operation.driver_asked,
        "driver_answered_seq": operation.driver_answered,
    }
    seqs = {name: line.seq for name, line in lines.items() if line is not None}
    told = [each for each in (operation.asked, operation.driver_asked, operation.driver_answered) if each is not None]
    seqs |= {"seq": told[0].seq}
    if request := next((line.request_seq for line in told if line.request_seq is not None), None):
        seqs["request_seq"] = request
    return {**seqs, "pairing": operation.pairing, "code": operation.code, "is_before_gap": operation.is_before_gap}
