"""`volreel state`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from analysis.commands.options import AsJson, At, TracePath
from analysis.commands.running import asked, cancellable, instant_in, terminal_width


def show_state(
    trace: TracePath,
    at: At = None,
    node: Annotated[str | None, typer.Option("--node", metavar="N", help="Only on this node.")] = None,
    drift: Annotated[bool, typer.Option("--drift", help="Only what is not as it should be.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what the controllers saw at an instant: which volumes should be attached and mounted where, and which are.

    Without --at it is the end of the trace.

    First what is not known of that instant, then the drift: `missing` should be there and is not, `left over` is there
    and should not be, since when, and whose turn it is to act; the last error stands below. A `?` marks what only
    follows from the pod, as no kubelet's log tells of the mount; `>` a beginning that nobody saw.

    Then each volume on each node: the pods that want it there, how its attachment stands, and how it is mounted.
    `not listed`: the VolumeAttachment says attached, the Node's status not yet, and the kubelet waits for that.

    With --json: an array of one object with at, unwatched, drift and state.

    Example:  volreel state prod.trace --at 14:03:07 --node node-3
    """
    from analysis import report
    from analysis.state_text import as_text
    from analysis.worlds import standing

    with asked(trace) as opened:
        instant = instant_in(opened, at) or instant_in(opened, "100%")
        found = cancellable(opened, lambda: standing(opened, instant, node)) if instant else None
    if found is None:
        sys.stdout.write("[]\n" if as_json else "the trace is empty\n")
    elif as_json:
        frames = {"unwatched": found.unwatched, "drift": found.drift, "state": found.entries}
        shown = {name: frame.rows(named=True) for name, frame in frames.items() if name != "state" or not drift}
        sys.stdout.write(report.rows_as_json([{"at": found.at, **shown}]))
    else:
        sys.stdout.write(as_text(found, terminal_width(), only_drift=drift))
