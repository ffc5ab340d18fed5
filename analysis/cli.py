"""The commands that ask a trace."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from tracer.errors import VolreelError

if TYPE_CHECKING:
    from datetime import datetime

    from analysis.trace import Trace

app = typer.Typer(no_args_is_help=True)

_SHOWN_GAPS = 3

Answer = TypeVar("Answer")


@app.command("sql")
def ask_in_sql(
    trace: Annotated[Path, typer.Argument(metavar="TRACE", help="The trace, a folder NAME.trace.")],
    query: Annotated[str, typer.Argument(help="One SELECT in DuckDB's SQL.")],
    as_json: Annotated[bool, typer.Option("--json", help="A JSON array, one object a row.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with a header.")] = False,
) -> None:
    """Ask a trace in SQL.

    `objects`, `logs` and `streams` are the trace's tables; `object_versions` (each version of each object with the
    time it was valid), `coverage` (what was observed of each stream, and what was not) and `operations` (each CSI call,
    from the logs) are built on them. `show tables` lists them, `describe NAME` lists the columns.

    The query can read the trace and nothing else: it writes nothing, and reaches no other file and no network.
    Gaps of the trace are named on stderr before the answer.

    Example:  volreel sql prod.trace "select name, phase, valid_from from object_versions where kind = 'Pod'"
    """
    from analysis import open_trace, report

    _require_one_form(as_json, as_csv)
    with open_trace(trace) as opened:
        _warn_of_what_is_missing(opened)
        answer = _cancellable(opened, lambda: opened.sql(query))
    if as_json:
        text = report.as_json(answer)
    elif as_csv:
        text = report.as_csv(answer, shown=sys.stdout.isatty())
    else:
        text = report.as_table(answer, _terminal_width())
    sys.stdout.write(text)


@app.command("logs")
def show_logs(
    trace: Annotated[Path, typer.Argument(metavar="TRACE", help="The trace, a folder NAME.trace.")],
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
    begin: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Lines from this instant on.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Lines before this instant.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON array, one object a line.")] = False,
) -> None:
    """Show recorded log lines, of all components in the order in which they arrived.

    Each line has its time (UTC), severity and component before its message. On a terminal long lines are cut; in a pipe
    they are whole. Times are RFC 3339; without a zone they are UTC. A sidecar logs the failures of its driver with
    severity I: look for them with --grep, or with `volreel operations --failed`.

    With --json each object has seq, happened_at, stream, namespace, pod, pod_uid, container, restart, node, component,
    severity, source, message, fields, and line: the line as it was written.

    Example:  volreel logs prod.trace --volume shop/data --from 2026-11-23T07:50:00Z
    """
    from analysis import open_trace, report
    from analysis.log_text import as_json_rows, as_text
    from analysis.loglines import Wanted

    wanted = Wanted(volume, component, severity, grep, _instant(begin), _instant(end))
    with open_trace(trace) as opened:
        _warn_of_what_is_missing(opened)
        _warn_of_no_logs(opened)
        lines = _cancellable(opened, lambda: opened.log_lines(wanted))
    if as_json:
        sys.stdout.write(report.rows_as_json(as_json_rows(lines)))
    else:
        sys.stdout.writelines(as_text(lines, _terminal_width() if sys.stdout.isatty() else None))


@app.command("operations")
def show_operations(
    trace: Annotated[Path, typer.Argument(metavar="TRACE", help="The trace, a folder NAME.trace.")],
    slowest: Annotated[
        int | None, typer.Option("--slowest", metavar="N", min=1, help="Only the N that took longest, slowest first.")
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that were answered with an error.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON array, one object an operation.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with a header.")] = False,
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
    from analysis import open_trace, report
    from analysis.operation_text import as_text, operations_query, table_query

    _require_one_form(as_json, as_csv)
    query = operations_query(slowest, failed)
    with open_trace(trace) as opened:
        _warn_of_what_is_missing(opened)
        _warn_of_no_logs(opened)
        answer = _cancellable(opened, lambda: opened.sql(query if as_json or as_csv else table_query(query)))
    if as_json:
        sys.stdout.write(report.as_json(answer))
    elif as_csv:
        sys.stdout.write(report.as_csv(answer, shown=sys.stdout.isatty()))
    else:
        sys.stdout.writelines(as_text(answer, _terminal_width() if sys.stdout.isatty() else None))


def _instant(text: str | None) -> datetime | None:
    from datetime import UTC, datetime

    try:
        instant = None if text is None else datetime.fromisoformat(text)
    except ValueError as error:
        raise VolreelError(f"{text!r} is no RFC 3339 time, such as 2026-11-23T07:50:00Z.") from error
    return instant.replace(tzinfo=UTC) if instant is not None and instant.tzinfo is None else instant


def _require_one_form(as_json: bool, as_csv: bool) -> None:
    if as_json and as_csv:
        raise VolreelError("--json and --csv exclude each other. Give one of them.")


def _warn_of_no_logs(trace: Trace) -> None:
    summary = trace.summary()
    if summary.log_lines == 0:
        why = "can be read" if any(fault.startswith(("logs/", "journal/")) for fault in summary.faults) else "are there"
        hint = "" if why == "can be read" else " (recorded with --no-logs?)"
        typer.echo(f"volreel: no log lines {why} in this trace{hint}", err=True)


def _cancellable(trace: Trace, question: Callable[[], Answer]) -> Answer:
    """Ask in a thread: while DuckDB works, Python would not hear Ctrl-C in this one."""
    from concurrent.futures import ThreadPoolExecutor, wait

    from tracer.trace.progress import progress

    with progress("building models") as advance, ThreadPoolExecutor(1) as threads:
        trace.when_building(lambda _, done, total: advance(done, total))
        answer = threads.submit(question)
        try:
            # Polars makes signals restart a wait, so that only one with an end lets Ctrl-C through.
            while not wait([answer], timeout=0.1).done:
                pass
        except KeyboardInterrupt:
            trace.cancel()
            raise
    return answer.result()


def _terminal_width() -> int:
    import shutil

    return shutil.get_terminal_size((80, 24)).columns


def _warn_of_what_is_missing(trace: Trace) -> None:
    """Say first what the answer cannot know."""
    from tracer.trace.visible import visible

    summary = _cancellable(trace, trace.summary)
    for fault in summary.faults:
        typer.echo(visible(f"volreel: {fault}"), err=True)
    if summary.first_at and not summary.knows_coverage:
        typer.echo("volreel: gaps are not known: nothing in this trace says what was covered (an import?)", err=True)
    gaps = trace.sql("from coverage where state = 'gap' order by begins_at").rows(named=True)
    for gap in gaps[:_SHOWN_GAPS]:
        end = f"{gap['ends_at']:%H:%M:%S}" if gap["ends_at"] else "the end"
        line = f"gap in {gap['stream']} from {gap['begins_at']:%Y-%m-%d %H:%M:%S} to {end} UTC ({gap['why']})"
        typer.echo(visible(f"volreel: {line}"), err=True)
    if len(gaps) > _SHOWN_GAPS:
        typer.echo(f"volreel: {len(gaps) - _SHOWN_GAPS} more gaps: ask `from coverage where state = 'gap'`", err=True)
