"""`volreel logs`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from analysis.commands.options import From, To, TracePath
from analysis.commands.running import asked, cancellable, instant_in, terminal_width


def show_logs(
    trace: TracePath,
    volume: Annotated[
        str | None,
        typer.Option("--volume", metavar="V", help="Lines that name this volume: its name, handle, or claim."),
    ] = None,
    component: Annotated[
        str | None, typer.Option("--component", metavar="C", help="csi-provisioner, driver, kubelet, or a container.")
    ] = None,
    severity: Annotated[
        str | None, typer.Option("--severity", metavar="S", help="I, W, E or F: lines at least so bad.")
    ] = None,
    grep: Annotated[str | None, typer.Option("--grep", metavar="RE", help="Lines in which this is found.")] = None,
    begin: From = None,
    end: To = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON array, one object a line.")] = False,
) -> None:
    """Show recorded log lines, of all components in the order in which they arrived.

    Each line has its time (UTC), severity and component before its message. On a terminal long lines are cut; in a pipe
    they are whole. TIME is 14:03:07 (UTC), 2026-11-23T14:03:07Z, a distance from the trace's start (+5m) or end (-30s),
    or a share of it (50%). A sidecar logs the failures of its driver with severity I: look for them with --grep, or
    with `volreel operations --failed`.

    With --json each object has seq, happened_at, stream, namespace, pod, pod_uid, container, restart, node, component,
    severity, source, message, fields, line (as it was written) and observed_at (when it arrived).

    Example:  volreel logs prod.trace --volume shop/data --from 2026-11-23T07:50:00Z
    """
    from analysis import report
    from analysis.log_text import as_json_rows, as_text
    from analysis.loglines import Wanted

    with asked(trace, needs_logs=True) as opened:
        wanted = Wanted(volume, component, severity, grep, instant_in(opened, begin), instant_in(opened, end))
        lines = cancellable(opened, lambda: opened.log_lines(wanted))
    if as_json:
        sys.stdout.write(report.rows_as_json(as_json_rows(lines)))
    else:
        sys.stdout.writelines(as_text(lines, terminal_width() if sys.stdout.isatty() else None))
