"""`volreel diagnose`."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from analysis.commands.options import At, TracePath
from analysis.commands.running import asked, cancellable, terminal_width
from tracer.errors import ExitCode


class Severity(StrEnum):
    """How much a finding matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def diagnose(
    trace: TracePath,
    at: At = None,
    severity: Annotated[Severity, typer.Option(help="Only findings that are at least so severe.")] = Severity.INFO,
    rule: Annotated[
        list[str] | None, typer.Option(metavar="F..", help="Only this rule; several times for several.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="An object with two arrays: findings and undecidable.")
    ] = False,
    fail_on: Annotated[
        Severity, typer.Option(help="End with exit code 1 when a finding that is shown is at least so severe.")
    ] = Severity.WARNING,
) -> None:
    """Say what went wrong: which step of which volume, since when, why, and what to do.

    What follows from something else is an echo: it stands below its root. Evidence are rows of the trace:
    `volreel sql TRACE 'from objects where seq = 4711'` shows what was seen there (or `from logs`).

    What could not be decided, because something that a rule needs was not recorded, comes last.

    With --json each finding has all columns of the model `findings`, and what could not be decided those of
    `undecidable`; docs/models.md describes both.

    Example:  volreel diagnose prod.trace --severity error
    """
    from analysis import report
    from analysis.finding_text import as_text
    from analysis.rulebook import require_rules

    rules = require_rules(rule) if rule else None
    with asked(trace, at=at) as opened:
        findings = cancellable(opened, lambda: opened.findings(rules=rules, severity=severity))
        undecidable = cancellable(opened, lambda: opened.undecidable(rules=rules))
        end = opened.summary().last_at
    if as_json:
        sys.stdout.write(report.as_json_object({"findings": findings, "undecidable": undecidable}))
    else:
        sys.stdout.write(as_text(findings, undecidable, end, terminal_width()))
    grave = list(Severity)[list(Severity).index(fail_on) :]
    if findings["severity"].is_in([str(each) for each in grave]).any():
        raise typer.Exit(ExitCode.BAD_ANSWER)
