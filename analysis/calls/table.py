"""The rows of the model `_paired`: its SQL asks for the lines, this pairs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from sys import intern
from typing import Any

import polars as pl

from analysis.calls.lines import Check, Line, Operation
from analysis.calls.pairing import pair_calls

_SCHEMA = pl.Schema(
    [
        *[
            (name, pl.Int64)
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
        ("pairing", pl.String),
        ("code", pl.String),
        ("is_before_gap", pl.Boolean),
    ]
)


def paired(lines: Iterable[tuple[Any, ...]], check: Check) -> pl.DataFrame:
    """The calls that the lines tell of, a row each; a line is the columns of `_paired.sql`, those of `Line`."""
    columns: dict[str, list[Any]] = {name: [] for name in _SCHEMA}
    for operation in pair_calls(_shared(lines), check):
        row = _row(operation)
        for name, column in columns.items():
            column.append(row.get(name))
    return pl.DataFrame(columns, schema=_SCHEMA)


def _shared(rows: Iterable[tuple[Any, ...]]) -> Iterator[Line]:
    """The lines, of which equal texts and ids are kept once: all of a trace's lines are held, and most repeat."""
    known: dict[tuple[str, ...], frozenset[str]] = {}

    def ids(found: Iterable[str] | None) -> frozenset[str]:
        key = tuple(map(intern, found or ()))
        return known.get(key) or known.setdefault(key, frozenset(key))

    for row in rows:
        values: Any = (intern(value) if value.__class__ is str else value for value in row)
        told = Line(*values)
        yield told._replace(ids=ids(told.ids), sources=ids(told.sources))


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
