"""Words about one finding, or about what could not be decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from analysis.text import took

COULD_NOT_BE_DECIDED = "Could not be decided, so that nothing found there means nothing:"
_SHOWN_EVIDENCE = 6

Finding = Mapping[str, Any]
"""A row of the model `findings`."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """Something that was missing for some time."""

    sentence: str
    rules: Mapping[str, str]
    """The rules that need it, each with its title."""


def subject(finding: Finding) -> str:
    """What it is about: a volume or a driver, and where."""
    place = f"on {finding['node']}" if finding["node"] else None
    named = finding["volume"] or finding["driver"]
    return " ".join(each for each in (named, place) if each) or "no volume"


def lasted(finding: Finding, end: datetime | None) -> str:
    """From when to when and how long; what goes on has lasted until `end`."""
    begin, until = finding["from_at"], finding["to_at"]
    if begin is None:
        return "since an unknown time" if until is None else f"until {until:%H:%M:%S}"
    last = until or end
    length = took(round((last - begin).total_seconds() * 1_000_000)) if last else "?"
    if until is None:
        return f"since {begin:%Y-%m-%d %H:%M:%S}, for {length} so far"
    return f"{begin:%Y-%m-%d %H:%M:%S} to {until:%H:%M:%S}, {length}"


def evidence(finding: Finding) -> str:
    """The rows of the trace that show it."""
    rows = finding["evidence"]
    more = f" and {len(rows) - _SHOWN_EVIDENCE} more" if len(rows) > _SHOWN_EVIDENCE else ""
    return "seq " + ", ".join(map(str, rows[:_SHOWN_EVIDENCE])) + more


def undecided(rows: Iterable[Mapping[str, Any]]) -> list[Undecided]:
    """Rows of the model `undecidable`, those of one reason together."""

    def reason(row: Mapping[str, Any]) -> tuple[str, str, datetime | None, datetime | None, str]:
        return row["need"], row["node"] or "", row["from_at"], row["to_at"], row["why"]

    found = []
    for (need, node, begin, until, why), missing in groupby(sorted(rows, key=lambda row: str(reason(row))), key=reason):
        place = f" of {node}" if node else ""
        end = f"to {until:%H:%M:%S}" if until else "on"
        since = f" from {begin:%Y-%m-%d %H:%M:%S} {end}" if begin else ""  # an empty trace has no beginning
        sentence = f"no {need}{place}{since} ({why})"
        rules = {row["rule"]: row["title"] for row in sorted(missing, key=itemgetter("rule"))}
        found.append(Undecided(sentence, rules))
    return found
