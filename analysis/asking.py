"""Running one query: read-only, and with every error of DuckDB as one line for the user."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from tracer.errors import TraceDamaged, VolreelError
from tracer.trace.visible import visible


class QueryError(VolreelError):
    """A query that DuckDB refuses, or that would do more than read."""


def ask(connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, Any], trace: Path) -> pl.DataFrame:
    """The answer to one SELECT. May run in any thread: it takes a cursor of its own.

    Raises QueryError for what is no single SELECT or does not run, TraceDamaged when a segment cannot be read.
    """
    try:
        _require_one_select(query)
        with connection.cursor() as cursor:
            cursor.execute("begin transaction read only")
            frame: pl.DataFrame = cursor.sql(query, params=dict(parameters)).pl()
            return frame
    except duckdb.InterruptException as error:
        raise QueryError("the query was cancelled") from error
    except duckdb.Error as error:
        if _is_damage(error):
            raise TraceDamaged(
                f"{trace} cannot be read ({_first_line(error)}). `volreel check {trace}` says what is still readable;"
                " if it is being recorded, open it again."
            ) from error
        raise QueryError(f"the query failed: {_first_line(error)}") from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise QueryError(
            f"the answer has a type that cannot be shown; cast it to varchar ({_first_line(error)})"
        ) from error


def _require_one_select(query: str) -> None:
    statements = duckdb.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise QueryError(
            "only one SELECT can be run: a trace is read, never changed. `show tables` lists what there is."
        )


def _is_damage(error: duckdb.Error) -> bool:
    """Whether a file is at fault: DuckDB's Parquet reader often says so with its bare base class."""
    is_bare = type(error) is duckdb.Error
    return is_bare or isinstance(error, duckdb.IOException) or "Failed to read file" in str(error)


def _first_line(error: BaseException) -> str:
    """What DuckDB says, without the picture of the query that follows."""
    text, _, _ = str(error).partition("\n\nLINE ")
    return visible(" ".join(text.split()))
