"""Findings as text: each root with its echoes below, then what could not be decided, and why."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import polars as pl

from analysis.text import cut, took
from tracer.trace.visible import visible

_SHOWN_EVIDENCE = 6
_SHOWN_TITLES = 8
_INDENT = "  "

Finding = Mapping[str, Any]


def as_text(findings: pl.DataFrame, undecidable: pl.DataFrame, end: datetime | None, width: int) -> str:
    """The report, no line wider than `width`; what goes on has lasted until `end`."""
    rows = findings.rows(named=True)
    shown = {row["finding_id"] for row in rows}
    echoes = [row for row in rows if row["echo_of"] in shown]
    roots = [row for row in rows if row["echo_of"] not in shown]
    blocks = [f"{_headline(roots, echoes)}\n"]
    for root in roots:
        of_root = [echo for echo in echoes if echo["echo_of"] == root["finding_id"]]
        blocks.append("".join(f"{line}\n" for line in _block(root, of_root, end, width)))
    if not undecidable.is_empty():
        blocks.append("".join(f"{line}\n" for line in _undecided(undecidable.rows(named=True), width)))
    return "\n".join(blocks)


def _headline(roots: Sequence[Finding], echoes: Sequence[Finding]) -> str:
    if not roots:
        return "Nothing found."
    counts = [
        f"{len(of_severity)} {severity}{'s' if len(of_severity) > 1 and severity != 'info' else ''}"
        for severity, of_severity in (
            (each, [r for r in roots if r["severity"] == each]) for each in _severities(roots)
        )
    ]
    more = f", and {len(echoes)} that follow{'s' if len(echoes) == 1 else ''} from them" if echoes else ""
    return f"Found {', '.join(counts)}{more}."


def _severities(findings: Iterable[Finding]) -> list[str]:
    return list(dict.fromkeys(finding["severity"] for finding in findings))


def _block(root: Finding, echoes: Sequence[Finding], end: datetime | None, width: int) -> Iterator[str]:
    doubt = "" if root["confidence"] == "certain" else f" ({root['confidence']})"
    yield cut(f"{root['severity']}  {root['rule']} {root['title']}{doubt}", width)
    yield cut(_INDENT + visible(f"{_subject(root)}  {root['step']}  {_time(root, end)}"), width)
    yield from _wrapped(root["sentence"], width)
    yield from _wrapped(root["advice"], width, "advice: ")
    yield from _wrapped(_evidence(root), width, "evidence: ")
    for echo in echoes:
        about = f"{echo['rule']} {echo['title']}: {_subject(echo)}, {_time(echo, end)}"
        yield from _wrapped(about, width, "echo: ")


def _subject(finding: Finding) -> str:
    place = f"on {finding['node']}" if finding["node"] else None
    named = finding["volume"] or finding["driver"]
    return " ".join(each for each in (named, place) if each) or "no volume"


def _time(finding: Finding, end: datetime | None) -> str:
    begin, until = finding["from_at"], finding["to_at"]
    if begin is None:
        return "since an unknown time" if until is None else f"until {until:%H:%M:%S}"
    last = until or end
    lasted = took(round((last - begin).total_seconds() * 1_000_000)) if last else "?"
    if until is None:
        return f"since {begin:%Y-%m-%d %H:%M:%S}, for {lasted} so far"
    return f"{begin:%Y-%m-%d %H:%M:%S} to {until:%H:%M:%S}, {lasted}"


def _evidence(finding: Finding) -> str:
    rows = finding["evidence"]
    more = f" and {len(rows) - _SHOWN_EVIDENCE} more" if len(rows) > _SHOWN_EVIDENCE else ""
    return "seq " + ", ".join(map(str, rows[:_SHOWN_EVIDENCE])) + more


def _undecided(rows: list[dict[str, Any]], width: int) -> Iterator[str]:
    """A paragraph for each thing that was missing, and below it the rules that need it."""

    def reason(row: dict[str, Any]) -> tuple[str, str, datetime, datetime | None, str]:
        return row["need"], row["node"] or "", row["from_at"], row["to_at"], row["why"]

    yield "Could not be decided, so that nothing found there means nothing:"
    for (need, node, begin, until, why), missing in groupby(sorted(rows, key=lambda row: str(reason(row))), key=reason):
        place = f" of {node}" if node else ""
        end = f"to {until:%H:%M:%S}" if until else "on"
        yield from _wrapped(f"no {need}{place} from {begin:%Y-%m-%d %H:%M:%S} {end} ({why})", width)
        titles = {row["rule"]: row["title"] for row in missing}
        if len(titles) > _SHOWN_TITLES:
            yield from _wrapped(f"{len(titles)} rules: {', '.join(sorted(titles))}", width, _INDENT)
            continue
        for rule, title in sorted(titles.items()):
            yield from _wrapped(f"{rule} {title}", width, _INDENT)


def _wrapped(text: str, width: int, label: str = "") -> list[str]:
    """Lines of a paragraph, indented; a label hangs out."""
    return textwrap.wrap(
        visible(" ".join(text.split())),
        width,
        initial_indent=f"{_INDENT}{label}",
        subsequent_indent=_INDENT + " " * len(label),
        break_on_hyphens=False,
    )
