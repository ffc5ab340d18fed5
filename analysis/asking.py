"""Running one query: read-only, and with every error of DuckDB as one line for the user."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa

from analysis.building import Advance, Models, silent
from analysis.catalogue import read_models
from analysis.database import Seqs, Tables
from analysis.keeping import Kept, is_about_a_file
from analysis.rulebook import rule_models
from tracer.errors import TraceDamaged, VolreelError
from tracer.trace.schema import TABLES
from tracer.trace.visible import visible

_CANCEL_AGAIN_S = 0.05


class QueryError(VolreelError):
    """A query that DuckDB refuses, or that would do more than read."""


class Desk:
    """Where queries are run: any number of threads may ask at once, each gets a cursor of its own."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, trace: Path, tables: Tables, kept: Kept | None) -> None:
        self._connection = connection
        self._trace = trace
        self._tables = tables
        self._models = Models([*read_models(), *rule_models()], tables, kept)
        self.advance: Advance = silent
        """Told what is being built for a query, from the thread that asks."""
        self._idle = threading.Condition()
        self._busy: set[duckdb.DuckDBPyConnection] = set()
        self._cancelled: set[duckdb.DuckDBPyConnection] = set()

    def ask(
        self, query: str, parameters: Mapping[str, Any], between: Seqs | None = None, most: int | None = None
    ) -> pl.DataFrame:
        """The answer to one SELECT, or the first rows of it.

        With `between` the tables that it names hold the rows of these seq alone.

        Raises QueryError for what is no single SELECT, does not run or was cancelled, TraceDamaged when a segment
        cannot be read.
        """
        try:
            return pl.DataFrame(self.arrow(query, parameters, between, most))
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise QueryError(
                f"the answer has a type without a text; cast it to varchar ({_first_line(error)})"
            ) from error

    def arrow(
        self, query: str, parameters: Mapping[str, Any], between: Seqs | None = None, most: int | None = None
    ) -> pa.Table:
        """The same as Arrow, which keeps the type of every column."""
        try:
            _require_one_select(query)
            try:
                return self._answer(query, parameters, between, most)
            except duckdb.Error as error:
                if not is_about_a_file(error) or not self._forget_kept():
                    raise
            return self._answer(query, parameters, between, most)
        except duckdb.InterruptException as error:
            raise QueryError("the query was cancelled") from error
        except duckdb.Error as error:
            raise self._explained(error) from error

    def _answer(self, query: str, parameters: Mapping[str, Any], between: Seqs | None, most: int | None) -> pa.Table:
        with self._cursor() as cursor:
            asked = self._models.prepare(cursor, query, self.advance, lambda: self._require_not_cancelled(cursor))
            if between is not None:
                for table in TABLES.keys() & asked.read:
                    self._tables.narrow(cursor, table, between)
            cursor.execute("begin transaction read only")
            answer = cursor.sql(query, params=dict(parameters))
            # Not `.pl()`: Polars would hold on to Ctrl-C while DuckDB works.
            return (answer if most is None else answer.limit(most)).to_arrow_table()

    def _forget_kept(self) -> bool:
        with self._cursor() as cursor:
            return self._models.forget_kept(cursor)

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._idle:
            cursor = self._connection.cursor()
            self._busy.add(cursor)
        try:
            yield cursor
        finally:
            with self._idle:
                cursor.close()
                self._busy.discard(cursor)
                self._cancelled.discard(cursor)
                self._idle.notify_all()

    def cancel(self) -> None:
        """Stop every query that other threads are running, and return when they have ended."""
        with self._idle:
            self._cancelled |= self._busy
            while self._busy:
                for cursor in self._busy:
                    cursor.interrupt()
                # One that had not quite begun does not notice: it is told again.
                self._idle.wait(_CANCEL_AGAIN_S)

    def wait_until_idle(self) -> None:
        """Return when no query is running."""
        with self._idle:
            self._idle.wait_for(lambda: not self._busy)

    def _require_not_cancelled(self, cursor: duckdb.DuckDBPyConnection) -> None:
        if cursor in self._cancelled:
            raise duckdb.InterruptException("cancelled while Python was at work")

    def close(self) -> None:
        """Stop what is running, and free the database."""
        self.cancel()
        with self._idle:
            self._connection.close()

    def _explained(self, error: duckdb.Error) -> VolreelError:
        if is_about_a_file(error):
            return TraceDamaged(
                f"{self._trace} cannot be read ({_first_line(error)}). `volreel check {self._trace}` says what is still"
                " readable; if it is being recorded, open it again."
            )
        where = "".join(f" {note}" for note in getattr(error, "__notes__", ()))
        return QueryError(f"the query failed{where}: {_first_line(error)}")


def _require_one_select(query: str) -> None:
    statements = duckdb.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise QueryError(
            "only one SELECT can be run: a trace is read, never changed. `show tables` lists what there is."
        )


def _first_line(error: BaseException) -> str:
    """What DuckDB says, without the picture of the query that follows."""
    text, _, _ = str(error).partition("\n\nLINE ")
    return visible(" ".join(text.split()))
