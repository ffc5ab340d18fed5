"""Which tables a query names, as DuckDB's own parser sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import duckdb

_WITHOUT_TABLES = {"range", "generate_series", "unnest"}
"""Table functions that read nothing of the database."""


@dataclass(slots=True)
class Mentions:
    """The names in a query, in lower case; those of its own CTEs are among them."""

    read: set[str] = field(default_factory=set)
    """Tables whose rows it reads."""
    described: set[str] = field(default_factory=set)
    """Tables of which it asks only the columns."""
    own: set[str] = field(default_factory=set)
    """Its CTEs."""
    asks_around: bool = False
    """Whether it may read more than it names, such as the catalogue."""


@lru_cache(maxsize=1024)
def mentions(query: str) -> Mentions:
    """The names in one SELECT, not to be changed: who asks again is given the same, as parsing takes milliseconds.

    For what cannot be parsed nothing is known: it may read anything.
    """
    answer = _parser().cursor().execute("select json_serialize_sql($query)", {"query": query}).fetchall()
    tree = json.loads(answer[0][0])
    found = Mentions(asks_around=bool(tree["error"]))
    _collect(tree, found, found.read)
    return found


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    """A database without anything in it: a text names the same in every trace."""
    return duckdb.connect(config={"threads": 1})


def _collect(tree: Any, found: Mentions, tables: set[str]) -> None:
    for node in _children(tree):
        match node.get("type"):
            case "BASE_TABLE":
                tables.add(node["table_name"].lower())
            case "TABLE_FUNCTION":
                found.asks_around |= node["function"]["function_name"] not in _WITHOUT_TABLES
            case "SHOW_REF" if node["show_type"] == "DESCRIBE":
                _collect([node["query"]], found, found.described)
                continue
            case "SHOW_REF":
                found.asks_around |= node["show_type"] != "SUMMARY"
        if "cte_map" in node:
            found.own |= {each["key"].lower() for each in node["cte_map"]["map"]}
        _collect(node, found, tables)


def _children(tree: Any) -> Iterator[dict[str, Any]]:
    """The nearest nodes below."""
    for each in tree.values() if isinstance(tree, dict) else tree:
        if isinstance(each, dict):
            yield each
        elif isinstance(each, list):
            yield from _children(each)
