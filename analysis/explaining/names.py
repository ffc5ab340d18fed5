"""Which object a name means at an instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from analysis.naming import AmbiguousName, UnknownName
from analysis.queries import query

if TYPE_CHECKING:
    from analysis.trace import Trace

_SHOWN = 8
Life = Mapping[str, Any]
"""namespace, name, uid, from_at, first_type, to_at (None: it was still there) of one object."""


def life_named(trace: Trace, kind: str, name: str, at: datetime) -> Life:
    """The object that a uid, `namespace/name` or name means at an instant.

    Of several with the name it is the one that was there at the instant, else the last that had been there before, else
    the first that came after. Raises UnknownName (with names like it), AmbiguousName (with the candidates).
    """
    lives = trace.sql(query("named_objects"), {"kind": kind}).rows(named=True)
    found = [life for life in lives if name in (life["uid"], full_name(life), life["name"])]
    if not found:
        raise UnknownName(f"no {kind} of {trace.path} is called {name!r}.{_like(name, lives)}")
    if len({full_name(life) for life in found}) > 1:
        there = [life for life in found if _was_there(life, at)]
        if len(there) != 1:
            raise AmbiguousName(f"{name!r} is the name of several. Give one of: {_candidates(there or found)}.")
        found = there
    there = [life for life in found if _was_there(life, at)]
    before = [life for life in found if life["from_at"] <= at]
    return (there or before or found[:1])[-1]


def full_name(life: Life) -> str:
    """`namespace/name`, or the name of what has no namespace."""
    return f"{life['namespace']}/{life['name']}" if life["namespace"] else str(life["name"])


def _was_there(life: Life, at: datetime) -> bool:
    return life["from_at"] <= at and (life["to_at"] is None or life["to_at"] > at)


def _like(name: str, lives: Sequence[Life]) -> str:
    names = {known: full_name(life) for life in lives for known in (full_name(life), life["name"])}
    near = {names[each]: None for each in get_close_matches(name, names, n=_SHOWN, cutoff=0.5)}
    return f" Names like it: {', '.join(near)}." if near else " `volreel volumes` lists what there is."


def _candidates(lives: Sequence[Life]) -> str:
    named = list({full_name(life): None for life in lives})
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return ", ".join(named[:_SHOWN]) + more
