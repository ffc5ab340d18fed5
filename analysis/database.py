"""A trace as a DuckDB database in memory, shut off from files and network; its three tables come when they are read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.catalogue import document, quoted
from analysis.spilling import spill_folder
from tracer.trace import Trace as RecordedTrace
from tracer.trace.schema import TABLES
from tracer.trace.segments import segment_path

Seqs = tuple[int, int]
"""A stretch of a trace: the first seq and the last."""

_MEMORY = 3 << 30
"""Bytes that a query may take before it goes on on the disk."""
_SMALL = 4 << 20
"""Bytes of the files of a table up to which it is read into memory, where it takes some twenty times as much."""
_ROW = {
    "objects": "One observation: a version of an API object as the server sent it, or the notice that it went away.",
    "logs": "One line of a followed log.",
    "streams": "One note of the recorder about a stream: what was covered, and what was not.",
}


def open_database(trace: RecordedTrace, kept: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A database without the trace's tables yet. Ask through `cursor()`, one for each thread.

    `kept` is the folder of the trace's kept models: the only one besides its own that can be reached.
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
    _bound_memory(connection)
    connection.execute("create schema part")
    connection.execute("create schema built")
    _create_lost_rows(connection, trace)
    _shut_off(connection, [trace.path] if kept is None else [trace.path, kept])
    return connection


def _bound_memory(connection: duckdb.DuckDBPyConnection) -> None:
    """Lower DuckDB's limit, four fifths of what the machine or the container has, to what a command may take."""
    answer = connection.execute("select parse_formatted_bytes(current_setting('memory_limit'))").fetchall()
    if answer[0][0] > _MEMORY:
        connection.execute(f"set memory_limit = '{_MEMORY}B'")


class Tables:
    """`objects`, `logs` and `streams` of a trace, or what had arrived of them `until` an instant."""

    def __init__(self, trace: RecordedTrace, until: datetime | None = None) -> None:
        self._trace = trace
        self._until = until

    def create(self, cursor: duckdb.DuckDBPyConnection, table: str) -> None:
        """Sealed and unsealed rows as one view, with every column of the schema, whatever an older file lacks.

        Raises duckdb.Error for a segment that is no Parquet.
        """
        cursor.register("unsealed_rows", self._trace.tail(table))
        cursor.execute(f"create or replace table part.unsealed_{table} as from unsealed_rows")
        cursor.unregister("unsealed_rows")
        sources = f"from part.unsealed_{table}"
        # With `union_by_name` over all DuckDB would compare the columns of every file again in every query.
        for number, alike in enumerate(_with_same_columns(self._trace.sealed_files(table))):
            cursor.execute("use part")
            cursor.read_parquet(alike).create_view(f"sealed_{table}_{number}")
            cursor.execute("use main")
            sources += f" union all by name from part.sealed_{table}_{number}"
        if self._until is not None:
            sources = f"from ({sources}) where {self._arrived}"
        if sum(segment.files[table].bytes for segment in self._trace.segments if table in segment.files) <= _SMALL:
            # To bind a file anew in each of a hundred queries takes longer than to read it.
            cursor.execute(f"create or replace table part.all_{table} as {sources}")
            sources = f"from part.all_{table}"
        cursor.execute(f"create view {table} as {sources}")

    def narrow(self, cursor: duckdb.DuckDBPyConnection, table: str, between: Seqs) -> None:
        """Have this cursor see only the rows of a created table from one seq to another: it reads the files with them.

        DuckDB looks into every file for a row, which takes a fifth of a second for 400 of them.
        """
        first, last = between
        files = ", ".join(
            quoted(str(segment_path(self._trace.path, table, segment.number).absolute()))
            for segment in self._trace.segments
            if (file := segment.files.get(table)) and file.first_seq <= last and file.last_seq >= first
        )
        source = f"from part.unsealed_{table}"
        if files:
            source += f" union all by name from read_parquet([{files}], union_by_name = true)"
        cursor.execute(
            f"create temp view {table} as from ({source}) where seq between {first:d} and {last:d} and {self._arrived}"
        )

    @property
    def _arrived(self) -> str:
        """The condition for rows that had arrived `until` then."""
        return "true" if self._until is None else f"observed_at <= {quoted(self._until.isoformat())}::timestamptz"

    def describe(self, cursor: duckdb.DuckDBPyConnection, table: str) -> None:
        """Give a table that was created its comments."""
        comments = {column.name: column.doc for column in TABLES[table]}
        document(cursor, table, _ROW[table], comments, comments)


def _with_same_columns(files: Iterable[Path]) -> Iterable[list[str]]:
    """The files' paths, together where their columns are the same: a trace that was resumed may have others."""
    found: dict[tuple[str, ...], list[str]] = {}
    for file in files:
        try:
            columns = tuple(map(str, pq.read_schema(file)))
        except (pa.ArrowException, OSError):
            columns = ()  # DuckDB says what is wrong with it
        found.setdefault(columns, []).append(str(file.absolute()))
    return found.values()


def _create_lost_rows(connection: duckdb.DuckDBPyConnection, trace: RecordedTrace) -> None:
    """`part.lost_rows`: which rows cannot be read, and why; `last_seq` is null where it is not known."""
    connection.execute("create table part.lost_rows (first_seq bigint, last_seq bigint, why varchar)")
    lost = [[*fault.lost, f"{fault.file} {fault.why}"] for fault in trace.faults if fault.lost is not None]
    if lost:
        connection.executemany("insert into part.lost_rows values (?, ?, ?)", lost)


def _shut_off(connection: duckdb.DuckDBPyConnection, folders: Iterable[Path]) -> None:
    """From here on DuckDB reaches these folders and nothing else, and its settings cannot be changed."""
    connection.execute(f"set temp_directory = {quoted(str(spill_folder()))}")
    allowed = ", ".join(quoted(str(folder.absolute())) for folder in folders)
    connection.execute(f"set allowed_directories = [{allowed}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
