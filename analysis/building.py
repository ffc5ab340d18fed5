"""Models become tables when a query first reads them: what they read first, each once for as long as a trace is open.

`built.NAME` is what was built, the view `NAME` of it is what queries read. A model or table that a query does not name
is not in the database at all; where one asks what there is, the others are declared: they have columns, and refuse to
be read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import duckdb
import polars as pl

from analysis.calls.lines import Check
from analysis.calls.table import paired
from analysis.catalogue import Model, document, quoted
from analysis.database import Tables
from analysis.keeping import Kept, is_about_a_file
from analysis.mentions import Mentions, mentions
from tracer.trace.schema import TABLES

AS_VIEWS = "intervals"
"""The layer whose models are as wide as the trace: they stay views."""
IN_MEMORY = "staging"
"""The layer whose models are steps to others: of them only what a question names itself is kept."""
BY_PYTHON: Mapping[str, Callable[[Iterable[tuple[Any, ...]], Check], pl.DataFrame]] = {"_paired": paired}
"""Models whose rows a function makes of the rows of their SQL."""

Advance = Callable[[str, int, int], None]
"""Told which model is being built, how many were built before it, and of how many."""


def silent(model: str, done: int, total: int) -> None:
    """Tells nobody."""


def never() -> None:
    """Is never cancelled."""


class Models:
    """The models of one opened trace, and the tables that they read. Safe to use from several threads."""

    def __init__(self, models: Iterable[Model], tables: Tables, kept: Kept | None = None) -> None:
        self._models = {model.name: model for model in models}
        self._tables = tables
        self._kept = kept
        self._names = self._models.keys() | TABLES.keys()
        self._ready: set[str] = set()
        self._attached: set[str] = set()
        self._asked: set[str] = set()
        self._declared: set[str] = set()
        self._lock = threading.Lock()

    def prepare(
        self, cursor: duckdb.DuckDBPyConnection, query: str, advance: Advance = silent, check: Check = never
    ) -> Mentions:
        """Build what a query reads and is not there yet; what it names. Raises duckdb.Error."""
        asked = mentions(query)
        to_build = (asked.read & self._names) - self._ready
        asks_around = asked.asks_around or not asked.read <= self._names | asked.own
        to_declare = (self._names if asks_around else asked.described & self._names) - self._declared
        if to_build or to_declare:
            with self._lock:
                self._asked |= to_build
                self._declare_all(cursor, to_declare)
                self._build_all(cursor, to_build, advance, check)
        return asked

    def forget_kept(self, cursor: duckdb.DuckDBPyConnection) -> bool:
        """Remove what is kept, and build in memory from here on. Whether anything kept was read."""
        with self._lock:
            kept, self._kept = self._kept, None
            if kept is None or not self._attached:
                return False
            for name in self._attached:
                cursor.execute(f"drop view {name}; drop view built.{name}")
            for name in self._models:
                kept.drop(cursor, name)
            self._ready -= self._attached
            self._declared -= self._attached
            self._attached = set()
            return True

    def _build_all(
        self, cursor: duckdb.DuckDBPyConnection, names: Iterable[str], advance: Advance, check: Check
    ) -> None:
        missing = [name for name in self._in_order(names, self._is_there) if name not in self._ready]
        for done, name in enumerate(missing):
            advance(name, done, len(missing))
            if name in TABLES:
                self._tables.create(cursor, name)
            elif not self._attach(cursor, name):
                self._build_all(cursor, self._sources(name), advance, check)
                try:
                    self._build(cursor, self._models[name], check)
                except duckdb.Error as error:
                    error.add_note(f"in the model {name}")
                    raise
            self._ready.add(name)

    def _is_there(self, name: str) -> bool:
        """Whether it can be read without what it reads itself."""
        return name in self._ready or (self._kept is not None and self._kept.has(name))

    def _attach(self, cursor: duckdb.DuckDBPyConnection, name: str) -> bool:
        if self._kept is None or not self._kept.has(name):
            return False
        try:
            self._publish(cursor, name, f"view built.{name} as from {self._kept.attach(cursor, name)}")
        except duckdb.InterruptException:
            raise
        except duckdb.Error:
            self._kept.drop(cursor, name)
            return False
        self._attached.add(name)
        return True

    def _build(self, cursor: duckdb.DuckDBPyConnection, model: Model, check: Check) -> None:
        if model.layer == AS_VIEWS:
            cursor.execute(f"create view if not exists {model.name} as {model.sql}")
            return
        source = model.sql
        if make := BY_PYTHON.get(model.name):
            cursor.execute(model.sql)
            cursor.register("made_rows", make(iter(cursor.fetchone, None), check))
            source = "from made_rows"
        if self._kept is None or (model.layer == IN_MEMORY and model.name not in self._asked):
            self._publish(cursor, model.name, f"table built.{model.name} as {source}")
            return
        try:
            self._kept.keep(cursor, model.name, source)
            if self._attach(cursor, model.name):
                return
        except (OSError, duckdb.Error) as error:
            if not is_about_a_file(error):
                raise
        self._publish(cursor, model.name, f"table built.{model.name} as {source}")
        self._kept = None  # what went wrong was its folder, and will again: a full disk

    def _publish(self, cursor: duckdb.DuckDBPyConnection, name: str, relation: str) -> None:
        """Put a relation in place of what a declaration left there."""
        cursor.execute("begin")
        try:
            cursor.execute(f"drop view if exists built.{name}; create {relation}")
            cursor.execute(f"create view if not exists {name} as from built.{name}")
            cursor.execute("commit")
        except BaseException:
            cursor.execute("rollback")
            raise

    def _declare_all(self, cursor: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
        """Put models and tables into the database with their comments. One that cannot be used is left out."""
        for name in self._in_order(names):
            if name in self._declared:
                continue
            try:
                if name in TABLES:
                    self._declare_table(cursor, name)
                else:
                    self._declare(cursor, self._models[name])
            except duckdb.InterruptException:
                raise
            except duckdb.Error:
                continue  # a query that reads it is told why
            self._declared.add(name)

    def _declare_table(self, cursor: duckdb.DuckDBPyConnection, table: str) -> None:
        if table not in self._ready:
            self._tables.create(cursor, table)
            self._ready.add(table)
        self._tables.describe(cursor, table)

    def _declare(self, cursor: duckdb.DuckDBPyConnection, model: Model) -> None:
        if model.layer == AS_VIEWS:
            cursor.execute(f"create view if not exists {model.name} as {model.sql}")
        elif model.name not in self._ready and self._attach(cursor, model.name):
            self._ready.add(model.name)
        elif model.name not in self._ready:
            refusal = f"error({quoted(f'the model {model.name} is not built: name it in a FROM clause')})"
            # Each column refuses too: DuckDB would fold a condition on a null without asking for the row.
            refusals = ", ".join(f'{refusal}::{kind} as "{name}"' for name, kind in _columns(cursor, model))
            empty = f"select {refusals} from range(1) where {refusal}"  # noqa: S608 - the names are the model's own
            self._publish(cursor, model.name, f"view built.{model.name} as {empty}")
        columns = [row[0] for row in cursor.execute(f"describe {model.name}").fetchall()]
        document(cursor, model.name, model.meaning, self._comments(model.name), columns)

    def _comments(self, name: str) -> dict[str, str]:
        """Of its columns; one that comes through `*` keeps the comment of its source."""
        found = {column.name: column.doc for table in TABLES.values() for column in table}
        for source in self._in_order([name]):
            if source not in TABLES:
                found.update(self._models[source].columns)
        return found

    def _in_order(self, names: Iterable[str], is_there: Callable[[str], bool] = lambda _: False) -> list[str]:
        """Models and tables and all that they read, each behind what it reads itself; what is there needs nothing."""
        found: dict[str, None] = {}

        def follow(name: str) -> None:
            if name not in found:
                for source in () if is_there(name) else self._sources(name):
                    follow(source)
                found[name] = None

        for name in sorted(names):
            follow(name)
        return list(found)

    def _sources(self, name: str) -> list[str]:
        if name in TABLES:
            return []
        named = mentions(self._models[name].sql)
        return sorted((named.read - named.own) & self._names)


def _columns(cursor: duckdb.DuckDBPyConnection, model: Model) -> list[tuple[str, str]]:
    source = model.sql
    if make := BY_PYTHON.get(model.name):
        cursor.register("made_rows", make((), never))
        source = "from made_rows"
    return [(row[0], row[1]) for row in cursor.execute(f"describe {source}").fetchall()]
