"""`volreel blame`."""

from __future__ import annotations

from typing import Annotated

import typer

from analysis.commands.options import AsCsv, AsJson, At, From, To, TracePath
from analysis.commands.running import asked, cancellable, instant_in, require_one_form, terminal_width, write


def show_blame(
    trace: TracePath,
    name: Annotated[
        str, typer.Argument(metavar="POD|VOLUME", help="namespace/pod, or a claim, PersistentVolume or volumeHandle.")
    ],
    at: At = None,
    begin: From = None,
    end: To = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Say who had the turn while a pod waited for its volumes, on the way up and on the way down.

    For each pod of that name, or each pod that used the volume: the time from its creation until its containers had
    started, and from its deletion until the volume was detached (and gone, where that was asked for too), divided among
    those who owned it. The parts add up to the whole; what the trace cannot tell is `unknown`. Of a pod with several
    volumes the one that it waited for the longest is shown whole, the others in a line each.

    With --json and --csv a row is one stretch of the way of one volume: use_id, volume_id, direction, position, owner,
    phase, begins_at, ends_at, duration_us, way_state (done, open or abandoned), pod_uid, namespace, pod, node, volume.

    Example:  volreel blame prod.trace shop/web-0
    """
    from analysis.blame_text import as_text
    from analysis.naming import uses_named

    require_one_form(as_json, as_csv)
    with asked(trace, at=at) as opened:
        within = {"begin": instant_in(opened, begin), "end": instant_in(opened, end)}
        use_ids = cancellable(opened, lambda: uses_named(opened, name))
        stretches = cancellable(opened, lambda: opened.blame(use_ids, **within))
    write(stretches, lambda frame: as_text(frame, terminal_width()), as_json=as_json, as_csv=as_csv)
