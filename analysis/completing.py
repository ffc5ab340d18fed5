"""What may come next in a query: the models of a trace, their columns, and the words of SQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from analysis.trace import Trace

_BEGUN = re.compile(r"\w*$")
_OWNER = re.compile(r"(\w+)\.$")
_NAMES_A_MODEL = re.compile(r"\b(from|join|describe|summarize)\s+$", re.IGNORECASE)
_MENTION = re.compile(r"\b(?:from|join)\s+(\w+)(?:\s+(?:as\s+)?(\w+))?", re.IGNORECASE)
_UNFINISHED = re.compile(r"'[^']*$|--[^\n]*$")
"""A string or a comment that is still being written."""
_KEYWORDS = """
select keyword_name
from duckdb_keywords()
where keyword_category != 'unreserved'
order by keyword_name
"""


class Candidate(NamedTuple):
    """A word that may stand there."""

    word: str
    what: str
    """`model`, the type of a column, or `SQL`."""
    meaning: str


class Completer:
    """Knows the words of a trace's database."""

    def __init__(self, models: pl.DataFrame, keywords: Iterable[str]) -> None:
        """`models` is the answer of `Trace.models`."""
        self._keywords = {word: Candidate(word, "SQL", "") for word in keywords}
        self._models: dict[str, Candidate] = {}
        self._columns: dict[str, list[Candidate]] = {}
        for model, meaning, column, kind, column_meaning in models.rows():
            self._models[model] = Candidate(model, "model", meaning)
            self._columns.setdefault(model, []).append(Candidate(column, kind.lower(), column_meaning or ""))

    def candidates(self, query: str, at: int) -> list[Candidate]:
        """What the word that ends `at` characters into the query may become, the likeliest first.

        Columns are those of the models that the query reads, of all while it reads none. Where no word has begun there
        are only models, behind `from` and `join`, and columns, behind `model.`.
        """
        text = query[:at]
        if _UNFINISHED.search(text):
            return []
        begun = begun_word(text)
        before = text[: len(text) - len(begun)]
        if owner := _OWNER.search(before):
            found: Iterable[Candidate] = self._columns.get(self._read(query).get(owner[1].lower(), ""), ())
        elif _NAMES_A_MODEL.search(before):
            found = self._models.values()
        else:
            found = self._any(query) if begun else ()
        unique = {each.word: each for each in reversed([*found]) if _begins(each.word, begun)}
        return [*reversed(unique.values())]

    def _any(self, query: str) -> Iterator[Candidate]:
        for model in dict.fromkeys(self._read(query).values()) or self._columns:
            yield from self._columns[model]
        yield from self._models.values()
        yield from self._keywords.values()

    def _read(self, query: str) -> dict[str, str]:
        """The models that a query reads, by their names and by those that it gives them."""
        found: dict[str, str] = {}
        for mention in _MENTION.finditer(query):
            if (model := mention[1].lower()) in self._models:
                found[model] = model
                if mention[2] and mention[2].lower() not in self._keywords:
                    found[mention[2].lower()] = model
        return found


def read_completer(trace: Trace) -> Completer:
    """The words of a trace. Raises QueryError, TraceDamaged."""
    return Completer(trace.models(), trace.sql(_KEYWORDS)["keyword_name"])


def begun_word(text: str) -> str:
    """The word at the end of a text, empty where none has begun."""
    begun = _BEGUN.search(text)
    return begun[0] if begun else ""


def _begins(word: str, begun: str) -> bool:
    return word.lower().startswith(begun.lower()) and word.lower() != begun.lower()
