"""The answers that a trace gives: one method a question, each a Polars frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import polars as pl

import tracer.trace
from analysis.asking import Desk
from analysis.building import Advance
from analysis.database import open_database
from analysis.keeping import Kept, open_kept
from analysis.loglines import LogLine, Wanted, read_log_lines
from tracer.trace.verifying import leave_out_damaged

_VERSIONS = """
from object_versions
where ($kind::varchar is null or kind = $kind)
    and ($namespace::varchar is null or namespace = $namespace)
    and ($name::varchar is null or name = $name)
    and ($uid::varchar is null or uid = $uid)
    and ($instant::timestamptz is null
        or (valid_from <= $instant and (valid_to is null or valid_to > $instant)))
order by seq
"""
_MODELS = """
select
    columns.table_name as model,
    views.comment as row_meaning,
    columns.column_name as column_name,
    columns.data_type as column_type,
    columns.comment as column_meaning
from duckdb_columns() as columns
join duckdb_views() as views on views.view_oid = columns.table_oid
where not columns.internal and views.comment is not null and not starts_with(columns.table_name, '_')
order by model, columns.column_index
"""
_COVERED = "select count(*) filter (state = 'gap'), count(*) filter (state = 'synced') from coverage"


@dataclass(frozen=True, slots=True)
class Summary:
    """What heads every answer: which cluster, which time, how much, and what is missing."""

    cluster: str
    """The server's address and version as recorded, or that they are not known."""
    first_at: datetime | None
    """observed_at of the first row of any table; None when there is none."""
    last_at: datetime | None
    observations: int
    log_lines: int
    gaps: int
    """Stretches of `coverage` in which a stream may have missed something."""
    knows_coverage: bool
    """Whether any note says what was covered; an import often has none, and then no gaps means nothing."""
    faults: tuple[str, ...]
    """What of the trace cannot be read, a sentence each."""


class Trace:
    """A trace opened for questions, as it stood when it was opened. Safe to ask from several threads."""

    def __init__(
        self, recorded: tracer.trace.Trace, database: duckdb.DuckDBPyConnection, kept: Kept | None = None
    ) -> None:
        self.path = recorded.path
        self._recorded = recorded
        self._desk = Desk(database, recorded, kept)

    def sql(self, query: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Run one SELECT over the tables and models; `$name` in it takes the parameter `name`.

        It can neither write nor reach a file outside the trace or the network.
        Raises QueryError, or TraceDamaged when a segment cannot be read.
        """
        return self._desk.ask(query, params or {})

    def log_lines(self, wanted: Wanted) -> list[LogLine]:
        """The log lines that are wanted, in the trace's order. Raises TraceDamaged, QueryError."""
        return read_log_lines(self._desk.arrow, wanted)

    def object_versions(
        self,
        *,
        kind: str | None = None,
        namespace: str | None = None,
        name: str | None = None,
        uid: str | None = None,
        at: datetime | None = None,
    ) -> pl.DataFrame:
        """The versions of objects, oldest first; with `at` (with a time zone), those that were so at that instant."""
        asked = {"kind": kind, "namespace": namespace, "name": name, "uid": uid, "instant": at}
        return self.sql(_VERSIONS, asked)

    def coverage(self) -> pl.DataFrame:
        """What was covered of each stream, when, and what was not."""
        return self.sql("from coverage order by begins_at, seq")

    def models(self) -> pl.DataFrame:
        """What can be asked: every table and model with what a row is, its columns, their types and meanings."""
        return self.sql(_MODELS)

    def summary(self) -> Summary:
        """The trace in a few figures."""
        span = self.sql("from _span").row(0)
        gaps, synced = self.sql(_COVERED).row(0)
        cluster = self._recorded.manifest.cluster
        known = [each for each in (cluster.server, cluster.version) if each]
        return Summary(
            cluster=" ".join(known) or "unknown cluster",
            first_at=span[0],
            last_at=span[1],
            observations=self._recorded.rows("objects"),
            log_lines=self._recorded.rows("logs"),
            gaps=gaps,
            knows_coverage=bool(gaps or synced),
            faults=tuple(f"{fault.file} {fault.why}" for fault in self._recorded.faults),
        )

    def when_building(self, advance: Advance) -> None:
        """Have it told which model is being built, how many were before it, and of how many: it may take a while."""
        self._desk.advance = advance

    def cancel(self) -> None:
        """Stop the queries that other threads are running: they raise QueryError. Returns when they have ended."""
        self._desk.cancel()

    def close(self) -> None:
        """Free the database; the trace itself is not touched."""
        self._desk.close()

    def __enter__(self) -> Trace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def open_trace(path: str | Path) -> Trace:
    """Open a trace: ended, crashed, damaged or still being recorded.

    Every sealed file is verified first, about a second per GiB: DuckDB checks no page's checksum, and would answer with
    what a flipped bit has made of a row. What is damaged is left out and named in `summary().faults`. What was verified
    is not verified again as long as it has not changed.
    Raises NotATrace, TraceTooNew, TraceDamaged.
    """
    recorded = tracer.trace.open_trace(path)
    kept = _verified(recorded)
    return Trace(recorded, open_database(recorded, kept.folder if kept else None), kept)


def _verified(recorded: tracer.trace.Trace) -> Kept | None:
    """Leave out what is damaged; where the models of what is left are kept."""
    kept = open_kept(recorded)
    if kept is None or not kept.is_verified:
        named = recorded.segments
        leave_out_damaged(recorded)
        if recorded.segments != named:
            return open_kept(recorded)
        if kept is not None:
            kept.mark_verified()
    return kept
