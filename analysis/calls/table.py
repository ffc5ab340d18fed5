"""The table of paired calls, which the model `operations` reads: filled when a query first asks for it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from functools import reduce
from typing import Any

import duckdb
import pyarrow as pa

from analysis.calls.lines import LINES, Line, Operation
from analysis.calls.pairing import pair_calls
from analysis.catalogue import Model

NAME = "paired"
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
    ]
)


class PairedCalls:
    """Pairs the log lines of a trace once, before the first query that reads `operations` or what is built on it."""

    def __init__(self, models: Iterable[Model]) -> None:
        self._names = _readers_of(NAME, list(models))
        self._lock = threading.Lock()
        self._is_filled = False

    def are_needed(self, query: str) -> bool:
        """Whether the query names a model that reads them, and they are not there yet."""
        return not self._is_filled and any(re.search(rf"\b{name}\b", query, re.IGNORECASE) for name in self._names)

    def fill(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Read the lines, pair them and fill the table, unless that has been done. Raises duckdb.Error."""
        with self._lock:
            if self._is_filled:
                return
            operations = pair_calls(map(_line, cursor.sql(LINES).fetchall()))
            cursor.register("paired_calls", _rows(operations))
            cursor.execute(f"insert into part.{NAME} from paired_calls")
            cursor.unregister("paired_calls")
            self._is_filled = True


def create_paired_table(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table, still empty."""
    connection.register("paired_calls", _SCHEMA.empty_table())
    connection.execute(f"create table part.{NAME} as from paired_calls")
    connection.unregister("paired_calls")


def _readers_of(table: str, models: list[Model]) -> set[str]:
    def wider(found: set[str], _: Model) -> set[str]:
        return found | {model.name for model in models if any(re.search(rf"\b{name}\b", model.sql) for name in found)}

    return reduce(wider, models, {table}) - {table}


def _line(row: tuple[Any, ...]) -> Line:
    told = Line(*row)
    return told._replace(ids=frozenset(told.ids or ()))


def _rows(operations: Iterable[Operation]) -> pa.Table:
    return pa.Table.from_pylist([_row(operation) for operation in operations], schema=_SCHEMA)


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
    return {**seqs, "pairing": operation.pairing, "code": operation.code}
