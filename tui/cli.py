"""The commands that show a trace on the screen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.command("replay")
def replay(
    trace: Annotated[Path, typer.Argument(metavar="TRACE", help="The trace, a folder NAME.trace.")],
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="Open there: 14:03:07, 2026-11-23T14:03:07Z, +5m, -30s, 50%."),
    ] = None,
) -> None:
    """Play a trace back in the terminal.

    The screen shows the observations around a time cursor and, below, what the one at the cursor changed. Left and
    right step, space plays, [ and ] go to the gaps, g goes to a time, ? lists the keys, q quits.

    TIME is a time of day (UTC), a date with a time, a distance from the trace's start (+5m) or end (-30s), or a share
    of the trace (50%).

    Example:  volreel replay prod.trace --at 14:03:07
    """
    from analysis import open_trace
    from analysis.instants import go_to
    from tui.app import ReplayApp

    with open_trace(trace) as opened:
        summary = opened.summary()
        start = go_to(at, summary.first_at, summary.last_at) if at else None
        ReplayApp(opened, summary, start=start).run()
