"""Asking the commands of analysis, as a shell does."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from typer.testing import CliRunner

from analysis.cli import app

HOSTILE = "\x1b[2J[red]x'; drop table objects;--\n<b>\u202e"
"""A name that terminals, markup, SQL and HTML would obey."""


class Said(NamedTuple):
    text: str
    warnings: str
    code: int

    @property
    def width(self) -> int:
        return max(map(len, self.text.splitlines()), default=0)


def ask(*arguments: object, columns: int = 80) -> Said:
    """What a command says on a terminal of so many columns; what it refuses is raised."""
    words = [str(each) for each in arguments]
    result = CliRunner(env={"COLUMNS": str(columns)}).invoke(app, words, catch_exceptions=False)
    return Said(result.stdout, result.stderr, result.exit_code)


def rows(*arguments: object) -> list[dict[str, Any]]:
    """The same with --json."""
    answer: list[dict[str, Any]] = json.loads(ask(*arguments, "--json").text)
    return answer
