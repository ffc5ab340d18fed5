"""`volreel timeline`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from analysis.commands.options import AsCsv, AsJson, At, From, To, TracePath
from analysis.commands.running import asked, cancellable, instant_in, require_one_form, terminal_width


def show_timeline(
    trace: TracePath,
    volume: Annotated[
        str, typer.Argument(metavar="VOLUME", help="A claim (namespace/name), PersistentVolume, volumeHandle or pod.")
    ],
    at: At = None,
    begin: From = None,
    end: To = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show a volume's life: each step as a bar, and each milestone with what proves it.

    The volume's own steps come first, then those of each pod that used it. A bar's shaded end (▒) is as long as its
    length is uncertain, an arrow (→) means that the step is still open, and `/` above the bars that the recorder may
    have missed something there. `>` before a time: it took at least that.

    A milestone's `known to` is how precisely its instant is known (? when only a bound is); `told by` is the signal
    that says so and `seq` its row in the trace. Signals that disagree by more than their precision are named below.

    With --json: an array of one object with volume, phases and milestones; with --csv: the milestones. Their columns
    are those of the models, with namespace, pod and node of the use.

    Example:  volreel timeline prod.trace shop/data-web-0
    """
    from analysis import report
    from analysis.naming import volume_named
    from analysis.timeline import timeline
    from analysis.timeline_text import as_text

    require_one_form(as_json, as_csv)
    with asked(trace, at=at) as opened:
        within = {"begin": instant_in(opened, begin), "end": instant_in(opened, end)}
        volume_id = cancellable(opened, lambda: volume_named(opened, volume))
        life = cancellable(opened, lambda: timeline(opened, volume_id, **within))
    if as_json:
        frames = {"phases": life.phases.rows(named=True), "milestones": life.milestones.rows(named=True)}
        sys.stdout.write(report.rows_as_json([{"volume": life.volume, **frames}]))
    elif as_csv:
        sys.stdout.write(report.as_csv(life.milestones, shown=sys.stdout.isatty()))
    else:
        sys.stdout.write(as_text(life, terminal_width()))
