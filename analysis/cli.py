"""The commands that ask a trace."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracer.errors import VolreelError

if TYPE_CHECKING:
    import polars as pl

    from analysis.trace import Trace

app = typer.Typer(no_args_is_help=True)

_SHOWN_GAPS = 3


@app.command("sql")
def ask_in_sql(
    trace: Annotated[Path, typer.Argument(metavar="TRACE", help="The trace, a folder NAME.trace.")],
    query: Annotated[str, typer.Argument(help="One SELECT in DuckDB's SQL.")],
    as_json: Annotated[bool, typer.Option("--json", help="A JSON array, one object a row.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with a header.")] = False,
) -> None:
    """Ask a trace in SQL.

    `objects`, `logs` and `streams` are the trace's tables; `object_versions` (each version of each object with the
    time it was valid) and `coverage` (what was observed of each stream, and what was not) are built on them.
    `show tables` lists them, `describe NAME` lists the columns.

    The query can read the trace and nothing else: it writes nothing, and reaches no other file and no network.
    Gaps of the trace are named on stderr before the answer.

    Example:  volreel sql prod.trace "select name, phase, valid_from from object_versions where kind = 'Pod'"
    """
    from analysis import open_trace, report

    if as_json and as_csv:
        raise VolreelError("--json and --csv exclude each other. Give one of them.")
    with open_trace(trace) as opened:
        _warn_of_what_is_missing(opened)
        answer = _cancellable(opened, query)
    if as_json:
        text = report.as_json(answer)
    elif as_csv:
        text = report.as_csv(answer, shown=sys.stdout.isatty())
    else:
        text = report.as_table(answer, _terminal_width())
    sys.stdout.write(text)


def _cancellable(trace: Trace, query: str) -> pl.DataFrame:
    """Ask in a thread: while DuckDB works, Python would not hear Ctrl-C in this one."""
    from concurrent.futures import ThreadPoolExecutor, wait

    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(trace.sql, query)
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

    summary = trace.summary()
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
