"""The questions that are more than one model's rows, an SQL file each; `$name` in them are parameters."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> str:
    """The text of `NAME.sql`."""
    return (files("analysis.queries") / f"{name}.sql").read_text("utf-8")
