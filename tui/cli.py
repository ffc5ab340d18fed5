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
    volume: Annotated[
        str | None,
        typer.Option("--volume", metavar="V", help="Open this one: a claim (ns/name), a PV, a handle, a pod, a uid."),
    ] = None,
    view: Annotated[str | None, typer.Option("--view", metavar="VIEW", help="Open this view, as worlds.")] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Ride at the end of a trace that is being recorded.")
    ] = False,
    web: Annotated[
        int | None, typer.Option("--web", metavar="PORT", help="Serve it to a browser on 127.0.0.1 instead.")
    ] = None,
) -> None:
    """Play a trace back in the terminal.

    The screen has views that share one time cursor: volumes, volume, history, logs, worlds, latency, findings, sql. The
    digits show them, left and right step, space plays, [ and ] go to the gaps, g goes to a time, ? lists the keys, q
    quits.

    TIME is a time of day (UTC), a date with a time, a distance from the trace's start (+5m) or end (-30s), or a share
    of the trace (50%).

    With --follow, n leaves what is being recorded now and returns to it. --web needs textual-serve.

    Example:  volreel replay prod.trace --at 14:03:07 --volume shop/data --view worlds
    """
    if view is not None:
        _require_view(view)
    if web is not None:
        from tui.web import serve

        serve(web, _arguments(trace, at, volume, view, follow=follow))
        return
    from analysis import open_trace
    from analysis.commands.running import cancellable
    from analysis.instants import go_to
    from analysis.naming import volume_named
    from tui.app import ReplayApp

    with open_trace(trace) as opened:
        summary = opened.summary()
        start = go_to(at, summary.first_at, summary.last_at) if at else None
        volume_id = cancellable(opened, lambda: volume_named(opened, volume)) if volume else None
        ReplayApp(opened, summary, start=start, view=view, volume_id=volume_id, follow=follow).run()


def _require_view(name: str) -> None:
    from tracer.errors import VolreelError
    from tui.views import VIEWS

    names = [view.name for view in VIEWS]
    if name not in names:
        raise VolreelError(f"there is no view {name!r}. There are {', '.join(names)}.")


def _arguments(trace: Path, at: str | None, volume: str | None, view: str | None, *, follow: bool) -> list[str]:
    """The same command line, for a process of its own."""
    options = {"--at": at, "--volume": volume, "--view": view}
    given = [f"{name}={value}" for name, value in options.items() if value is not None]
    return ["replay", *given, *(["--follow"] if follow else []), "--", str(trace)]
