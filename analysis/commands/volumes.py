"""`volreel volumes`."""

from __future__ import annotations

from typing import Annotated

import typer

from analysis.commands.options import AsCsv, AsJson, At, From, To, TracePath
from analysis.commands.running import asked, cancellable, instant_in, require_one_form, terminal_width, write


def show_volumes(
    trace: TracePath,
    conditions: Annotated[
        list[str] | None, typer.Argument(metavar="CONDITION", help="Only those for which all hold: see below.")
    ] = None,
    at: At = None,
    begin: From = None,
    end: To = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show the volumes: stuck ones first, by how long they wait, then those with the slowest phase.

    Of a volume that is waited for: the step that has begun and not ended, who has the turn, and how long it has taken
    so far (`>`). Of the others: the step that took longest. What failed last stands below.

    A CONDITION is namespace=, claim=, pv=, class=, driver=, node=, owner= or phase= (the step it waits in, or how it
    stands: pending, bound, attached, in use, released, deleted, lost, failed) with a value, also with != for =; or age>
    and slowest> with a time such as 30s, 2m or 1h30m. Quote those with > from the shell.

    TIME is 14:03:07 (UTC), 2026-11-23T14:03:07Z, a distance from the trace's start (+5m) or end (-30s), or a share of
    it (50%). With --from and --to: the volumes that lived in that stretch.

    With --json and --csv each volume has all columns of the model `volumes`, the nodes that used it, and its namespace.

    Example:  volreel volumes prod.trace class=fast 'age>2m'
    """
    from analysis.volume_filter import matching
    from analysis.volume_text import as_text

    require_one_form(as_json, as_csv)
    with asked(trace, at=at) as opened:
        lived = {"begin": instant_in(opened, begin), "end": instant_in(opened, end)}
        volumes = matching(cancellable(opened, lambda: opened.volumes(**lived)), conditions or ())
    write(volumes, lambda frame: as_text(frame, terminal_width()), as_json=as_json, as_csv=as_csv)
