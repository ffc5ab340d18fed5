"""`volreel explain`."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from analysis.commands.options import At, TracePath
from analysis.commands.running import asked, cancellable, instant_in, terminal_width


class What(StrEnum):
    """What can be explained."""

    CLAIM = "claim"
    POD = "pod"
    PV = "pv"
    VOLUMEATTACHMENT = "volumeattachment"


def show_explanation(
    trace: TracePath,
    what: Annotated[What, typer.Argument(help="Which kind of object.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, NAMESPACE/NAME or uid.")],
    at: At = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON array of one object.")] = False,
) -> None:
    """Explain why an object stood as it did: what its controllers decided, and whose turn it is.

    - claim: which PersistentVolume it gets or why none: the filters of the binder, volume by volume; who makes one.
    - pod: what the scheduler said about its volumes, checked against topology, capacity and attach limits; then what
      its volumes wait for on the node.
    - pv: why it is not bound, not attached, not detached or not deleted.
    - volumeattachment: why it is not attached or not gone.

    What the trace does not know comes first. Each statement ends with the rows of the trace that show it.

    Example:  volreel explain prod.trace claim shop/data --at 14:03:07
    """
    from dataclasses import asdict

    from analysis import report
    from analysis.explain_text import as_text

    with asked(trace) as opened:
        instant = instant_in(opened, at)
        explanation = cancellable(opened, lambda: opened.explain(what.value, name, instant))
    if as_json:
        sys.stdout.write(report.rows_as_json([asdict(explanation)]))
    else:
        sys.stdout.write(as_text(explanation, terminal_width()))
