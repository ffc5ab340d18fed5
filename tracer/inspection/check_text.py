"""What a check has found, as text of 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from tracer.inspection.check import Checked
from tracer.inspection.finding import Finding
from tracer.trace.visible import visible

_WIDTH = 80


def check_text(checked: Checked) -> str:
    """The text, newline at its end. Names from the disk are shown, never obeyed."""
    return "".join(f"{line}\n" for line in _lines(checked))


def _lines(checked: Checked) -> Iterator[str]:
    for word, findings in (("FAULT", checked.faults), ("note", checked.notes)):
        for finding in findings:
            yield from _finding(word, finding)
    if checked.faults:
        verdict = f"{len(checked.faults)} {'fault' if len(checked.faults) == 1 else 'faults'}"
    else:
        verdict = "whole"
    rows = ", ".join(f"{count:,} {table}" for table, count in checked.readable.items())
    yield from _wrapped(
        f"{checked.trace}: {verdict}; {checked.files} sealed files read; readable rows: {rows}", "", "  "
    )


def _finding(word: str, finding: Finding) -> Iterator[str]:
    yield from _wrapped(f"{word:<6}{finding.file}: {finding.why}", "", "      ")
    if finding.lost is not None:
        yield from _wrapped(f"lost: {finding.lost}", "      ", "      ")
    if finding.advice is not None:
        yield from _wrapped(f"-> {finding.advice}", "      ", "         ")


def _wrapped(text: str, indent: str, further: str) -> list[str]:
    return textwrap.wrap(
        visible(text), _WIDTH, initial_indent=indent, subsequent_indent=further, break_on_hyphens=False
    )
