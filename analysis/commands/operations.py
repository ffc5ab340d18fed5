"""`volreel operations`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from analysis.commands.options import AsCsv, AsJson, TracePath
from analysis.commands.running import asked, cancellable, require_one_form, terminal_width, write


def show_operations(
    trace: TracePath,
    slowest: Annotated[
        int | None, typer.Option("--slowest", metavar="N", min=1, help="Only the N that took longest, slowest first.")
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that were answered with an error.")] = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show the calls to CSI drivers that the logs tell of: what was asked, how long it took, how it was answered.

    An error stands below its call; `#3` is the third try of the same. On a terminal long lines are cut, in a pipe they
    are whole. An answer in a sidecar's log does not name its call: where it is not certain which of several answers it
    was, `took` is a range, or a lower bound such as `>5.0 ms`. `(echo)` marks the driver's answer that the same
    operation is still running. Calls about no volume (probes, capacity) are left out; `volreel sql` finds them in the
    model `operations`.

    With --json and --csv each operation has all the columns of the model `operations`; see
    `volreel sql TRACE "describe operations"`.

    Example:  volreel operations prod.trace --slowest 10
    """
    from analysis.operation_text import as_text, operations_query, table_query

    require_one_form(as_json, as_csv)
    query = operations_query(slowest, failed)
    with asked(trace, needs_logs=True) as opened:
        answer = cancellable(opened, lambda: opened.sql(query if as_json or as_csv else table_query(query)))
    width = terminal_width() if sys.stdout.isatty() else None
    write(answer, lambda frame: "".join(as_text(frame, width)), as_json=as_json, as_csv=as_csv)
