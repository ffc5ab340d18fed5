"""Models become tables when a query first reads them: what they read first, each once for as long as a trace is open.

`built.NAME` is what was built, the view `NAME` of it is what queries read. A model that a query does not name is not
in the database at all; where one asks what there is, the others are declared: they have columns, and refuse to be read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import duckdb
import pyarrow as pa

from analysis.calls.table import paired
from analysis.catalogue import Model, document, quoted
from analysis.mentions import mentions
from tracer.trace.schema import TABLES

AS_VIEWS = "intervals"
"""The layer whose models are as wide as the trace: they stay views."""
BY_PYTHON: Mapping[str, Callable[[Iterable[tuple[Any, ...]]], pa.Table]] = {"_paired": paired}
"""Models whose rows a function makes of the rows of their SQL."""

Advance = Callable[[int, int | None], None]
"""Told how many models are built, and of how many."""


def silent(done: int, total: int | None) -> None:
    """Tells nobody."""


class Models:
    """The models of one opened trace. Safe to use from several threads."""

    def __init__(self, models: Iterable[Model]) -> None:
        self._models = {model.name: model for model in models}
        self._reads: dict[str, list[str]] = {}
        self._ready: set[str] = set()
        self._declared: set[str] = set()
        self._lock = threading.Lock()

    def prepare(self, cursor: duckdb.DuckDBPyConnection, query: str, advance: Advance = silent) -> None:
        """Build what a query reads and is not there yet. Raises duckdb.Error."""
        asked = mentions(cursor, query)
        known = self._models.keys() | TABLES.keys() | asked.own
        to_build = (asked.read & self._models.keys()) - self._ready
        to_declare = set(self._models) if asked.asks_around or not asked.read <= known else asked.described
        to_declare = (to_declare & self._models.keys()) - self._declared
        if to_build or to_declare:
            with self._lock:
                self._declare_all(cursor, to_declare)
                self._build_all(cursor, to_build, advance)

    def _build_all(self, cursor: duckdb.DuckDBPyConnection, names: Iterable[str], advance: Advance) -> None:
        missing = [name for name in self._in_order(cursor, names) if name not in self._ready]
        for done, name in enumerate(missing):
            advance(done, len(missing))
            try:
                self._build(cursor, self._models[name])
            except duckdb.Error as error:
                error.add_note(f"in the model {name}")
                raise
            self._ready.add(name)

    def _build(self, cursor: duckdb.DuckDBPyConnection, model: Model) -> None:
        if model.layer == AS_VIEWS:
            cursor.execute(f"create view if not exists {model.name} as {model.sql}")
            return
        source = model.sql
        if make := BY_PYTHON.get(model.name):
            cursor.execute(model.sql)
            cursor.register("made_rows", make(iter(cursor.fetchone, None)))
            source = "from made_rows"
        cursor.execute("begin")
        try:
            cursor.execute(f"drop view if exists built.{model.name}")
            cursor.execute(f"create table built.{model.name} as {source}")
            cursor.execute(f"create view if not exists {model.name} as from built.{model.name}")
            cursor.execute("commit")
        except BaseException:
            cursor.execute("rollback")
            raise

    def _declare_all(self, cursor: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
        """Put models into the database with their comments. One that cannot be used is left out."""
        for name in self._in_order(cursor, names):
            if name in self._declared:
                continue
            model = self._models[name]
            try:
                columns = self._declare(cursor, model)
            except duckdb.Error:
                continue  # a query that reads it is told why
            document(cursor, name, model.meaning, self._comments(cursor, name), columns)
            self._declared.add(name)

    def _declare(self, cursor: duckdb.DuckDBPyConnection, model: Model) -> list[str]:
        """The names of its columns."""
        if model.layer == AS_VIEWS:
            cursor.execute(f"create view if not exists {model.name} as {model.sql}")
        elif model.name not in self._ready:
            refusal = f"error({quoted(f'the model {model.name} is not built: name it in a FROM clause')})"
            # Each column refuses too: DuckDB would fold a condition on a null without asking for the row.
            columns = ", ".join(f'{refusal}::{kind} as "{name}"' for name, kind in _columns(cursor, model))
            empty = f"select {columns} from range(1) where {refusal}"  # noqa: S608 - the names are the model's own
            cursor.execute(f"create view built.{model.name} as {empty}")
            cursor.execute(f"create view {model.name} as from built.{model.name}")
        return [row[0] for row in cursor.execute(f"describe {model.name}").fetchall()]

    def _comments(self, cursor: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
        """Of its columns; one that comes through `*` keeps the comment of its source."""
        found = {column.name: column.doc for table in TABLES.values() for column in table}
        for source in self._in_order(cursor, [name]):
            found.update(self._models[source].columns)
        return found

    def _in_order(self, cursor: duckdb.DuckDBPyConnection, names: Iterable[str]) -> list[str]:
        """The models and all that they read, each behind what it reads itself."""
        found: dict[str, None] = {}

        def follow(name: str) -> None:
            if name not in found:
                for source in self._sources(cursor, name):
                    follow(source)
                found[name] = None

        for name in sorted(names):
            follow(name)
        return list(found)

    def _sources(self, cursor: duckdb.DuckDBPyConnection, name: str) -> list[str]:
        if name not in self._reads:
            named = mentions(cursor, self._models[name].sql)
            self._reads[name] = sorted((named.read - named.own) & self._models.keys())
        return self._reads[name]


def _columns(cursor: duckdb.DuckDBPyConnection, model: Model) -> list[tuple[str, str]]:
    source = model.sql
    if make := BY_PYTHON.get(model.name):
        cursor.register("made_rows", make(()))
        source = "from made_rows"
    return [(row[0], row[1]) for row in cursor.execute(f"describe {source}").fetchall()]
