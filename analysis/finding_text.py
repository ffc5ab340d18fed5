"""Findings as text: each root with its echoes below, then what could not be decided, and why."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from analysis.finding_words import COULD_NOT_BE_DECIDED, Finding, evidence, lasted, subject, undecided
from analysis.text import cut
from tracer.trace.visible import visible

_SHOWN_TITLES = 8
_INDENT = "  "


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
    yield cut(_INDENT + visible(f"{subject(root)}  {root['step']}  {lasted(root, end)}"), width)
    yield from _wrapped(root["sentence"], width)
    yield from _wrapped(root["advice"], width, "advice: ")
    yield from _wrapped(evidence(root), width, "evidence: ")
    for echo in echoes:
        about = f"{echo['rule']} {echo['title']}: {subject(echo)}, {lasted(echo, end)}"
        yield from _wrapped(about, width, "echo: ")


def _undecided(rows: list[dict[str, Any]], width: int) -> Iterator[str]:
    """A paragraph for each thing that was missing, and below it the rules that need it."""
    yield COULD_NOT_BE_DECIDED
    for missing in undecided(rows):
        yield from _wrapped(missing.sentence, width)
        if len(missing.rules) > _SHOWN_TITLES:
            yield from _wrapped(f"{len(missing.rules)} rules: {', '.join(missing.rules)}", width, _INDENT)
            continue
        for rule, title in missing.rules.items():
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
