"""What every command does: open the trace, say first what is missing, ask so that Ctrl-C is heard, print the answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from tracer.errors import VolreelError

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from analysis.trace import Trace

_SHOWN_GAPS = 3

Answer = TypeVar("Answer")


@contextmanager
def asked(path: Path, *, at: str | None = None, needs_logs: bool = False) -> Iterator[Trace]:
    """The trace (as it stood `at` an instant), after what an answer cannot know has been said on stderr."""
    from analysis import open_trace

    instant = None
    if at is not None:
        with open_trace(path) as whole:
            instant = instant_in(whole, at)
    with open_trace(path, at=instant) as trace:
        _warn_of_what_is_missing(trace, needs_logs=needs_logs)
        yield trace


def cancellable(trace: Trace, question: Callable[[], Answer]) -> Answer:
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


def require_one_form(as_json: bool, as_csv: bool) -> None:
    """Raises VolreelError when two forms are asked for at once."""
    if as_json and as_csv:
        raise VolreelError("--json and --csv exclude each other. Give one of them.")


def write(frame: pl.DataFrame, text: Callable[[pl.DataFrame], str], *, as_json: bool, as_csv: bool) -> None:
    """Print an answer: as JSON or CSV with every column, else as `text` makes it."""
    from analysis import report

    if as_json:
        sys.stdout.write(report.as_json(frame))
    elif as_csv:
        sys.stdout.write(report.as_csv(frame, shown=sys.stdout.isatty()))
    else:
        sys.stdout.write(text(frame))


def instant_in(trace: Trace, words: str | None) -> datetime | None:
    """The instant that `--at`, `--from` or `--to` names in the trace. Raises NotAnInstant."""
    from analysis.instants import named_instant

    if words is None:
        return None
    summary = trace.summary()
    return named_instant(words, summary.first_at, summary.last_at)


def terminal_width() -> int:
    """Columns to fill: the terminal's; 80 where there is none."""
    import shutil

    return shutil.get_terminal_size((80, 24)).columns


def _warn_of_what_is_missing(trace: Trace, *, needs_logs: bool) -> None:
    """Say first what the answer cannot know."""
    from tracer.trace.visible import visible

    summary = cancellable(trace, trace.summary)
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
    if needs_logs and summary.log_lines == 0:
        are_lost = any(fault.startswith(("logs/", "journal/")) for fault in summary.faults)
        why = "can be read in this trace" if are_lost else "are there in this trace (recorded with --no-logs?)"
        typer.echo(f"volreel: no log lines {why}", err=True)
