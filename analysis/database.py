"""A trace as a DuckDB database in memory: its three tables, shut off from files and network."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterable
from pathlib import Path

import duckdb

from analysis.catalogue import document, quoted
from tracer.trace import Trace as RecordedTrace
from tracer.trace.schema import TABLES

_ROW = {
    "objects": "One observation: a version of an API object as the server sent it, or the notice that it went away.",
    "logs": "One line of a followed log.",
    "streams": "One note of the recorder about a stream: what was covered, and what was not.",
}


def open_database(trace: RecordedTrace, kept: Path | None = None) -> duckdb.DuckDBPyConnection:
    """The trace's tables. Ask through `cursor()`, one for each thread. `kept` is the folder of its kept models.

    Raises duckdb.Error for a segment that is no Parquet.
    """
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # A query must not see the variables of the Python program around it.
            "python_enable_replacements": False,
        },
    )
    connection.execute("set global TimeZone = 'UTC'")
    connection.execute("set parquet_metadata_cache = true")
    connection.execute("create schema part")
    connection.execute("create schema built")
    for table in TABLES:
        _create_table(connection, trace, table)
    _create_lost_rows(connection, trace)
    _shut_off(connection, [trace.path] if kept is None else [trace.path, kept])
    return connection


def _create_table(connection: duckdb.DuckDBPyConnection, trace: RecordedTrace, table: str) -> None:
    """Sealed and unsealed rows as one view, with every column of the schema, whatever an older file lacks."""
    connection.register("unsealed_rows", trace.tail(table))
    connection.execute(f"create table part.unsealed_{table} as from unsealed_rows")
    connection.unregister("unsealed_rows")
    sources = f"from part.unsealed_{table}"
    sealed = [str(path.absolute()) for path in trace.sealed_files(table)]
    if sealed:
        connection.execute("use part")
        connection.read_parquet(sealed, union_by_name=True).create_view(f"sealed_{table}")
        connection.execute("use main")
        sources += f" union all by name from part.sealed_{table}"
    connection.execute(f"create view {table} as {sources}")
    comments = {column.name: column.doc for column in TABLES[table]}
    document(connection, table, _ROW[table], comments, comments)


def _create_lost_rows(connection: duckdb.DuckDBPyConnection, trace: RecordedTrace) -> None:
    """`part.lost_rows`: which rows cannot be read, and why; `last_seq` is null where it is not known."""
    connection.execute("create table part.lost_rows (first_seq bigint, last_seq bigint, why varchar)")
    lost = [[*fault.lost, f"{fault.file} {fault.why}"] for fault in trace.faults if fault.lost is not None]
    if lost:
        connection.executemany("insert into part.lost_rows values (?, ?, ?)", lost)


def _shut_off(connection: duckdb.DuckDBPyConnection, folders: Iterable[Path]) -> None:
    """From here on DuckDB reaches these folders and nothing else, and its settings cannot be changed."""
    # DuckDB makes this folder when a query outgrows the memory, and removes it when it closes.
    spill = Path(tempfile.gettempdir()) / f"volreel-{uuid.uuid4()}"
    connection.execute(f"set temp_directory = {quoted(str(spill))}")
    allowed = ", ".join(quoted(str(folder.absolute())) for folder in folders)
    connection.execute(f"set allowed_directories = [{allowed}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
