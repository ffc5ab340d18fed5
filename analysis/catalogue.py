"""The models' SQL files, and what each says about itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

import duckdb

_FINAL_SELECT = re.compile(r"^select\b", re.MULTILINE)
_NAME_AT_END = re.compile(r"(\w+),?\s*$")


@dataclass(frozen=True, slots=True)
class Model:
    """One SQL file."""

    name: str
    """The file's stem, and the view's name."""
    layer: str
    """The folder it lies in."""
    sql: str
    meaning: str
    """What one row is: the comment at the top."""
    columns: Mapping[str, str]
    """Column -> the comment above it in the last SELECT. What comes through `*` is not here."""


def read_models() -> list[Model]:
    """Every model that comes with volreel, by name."""
    return sorted(_read_folder(files("analysis") / "models", ""), key=lambda model: model.name)


def _read_folder(folder: Traversable, layer: str) -> Iterator[Model]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _read_folder(entry, entry.name)
        elif entry.name.endswith(".sql"):
            yield parse_model(entry.name.removesuffix(".sql"), layer, entry.read_text("utf-8"))


def parse_model(name: str, layer: str, sql: str) -> Model:
    """Take a model's documentation out of its comments."""
    lines = sql.splitlines()
    head = next((index for index, line in enumerate(lines) if not line.startswith("--")), len(lines))
    final = [match.start() for match in _FINAL_SELECT.finditer(sql)]
    columns = dict(_commented_columns(sql[final[-1] :].splitlines())) if final else {}
    return Model(name, layer, sql, _prose(lines[:head]), columns)


def _commented_columns(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Each comment of a SELECT list with the name at the end of the expression below it."""
    comment: list[str] = []
    expression = ""
    for line in [*lines, "from"]:
        is_comment = line.lstrip().startswith("--")
        if (is_comment or line.startswith("from")) and expression:
            if comment and (name := _NAME_AT_END.search(expression)):
                yield name[1], _prose(comment)
            comment, expression = [], ""
        if line.startswith("from"):
            return
        if is_comment:
            comment.append(line)
        elif comment:
            expression += f" {line}"


def _prose(lines: Iterable[str]) -> str:
    return " ".join(line.lstrip().removeprefix("--").strip() for line in lines)


def document(
    connection: duckdb.DuckDBPyConnection, view: str, meaning: str, comments: Mapping[str, str], names: Iterable[str]
) -> None:
    """Put comments on a view and on those of its columns that have one."""
    statements = [f"comment on view {view} is {quoted(meaning)}"]
    statements += [
        f'comment on column {view}."{name}" is {quoted(comments[name])}' for name in names if name in comments
    ]
    connection.execute(";".join(statements))


def quoted(text: str) -> str:
    """A SQL string literal, for the statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"
