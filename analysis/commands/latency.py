"""`volreel latency`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from analysis.commands.options import AsCsv, AsJson, At, From, To, TracePath
from analysis.commands.running import asked, cancellable, instant_in, require_one_form, terminal_width, write


class By(StrEnum):
    """What latencies can be told apart by."""

    CLASS = "class"
    DRIVER = "driver"
    NODE = "node"
    NAMESPACE = "namespace"


def show_latency(
    trace: TracePath,
    by: Annotated[By | None, typer.Option("--by", help="A row for each of these.")] = None,
    namespace: Annotated[str | None, typer.Option("--namespace", metavar="N", help="Only claims of this one.")] = None,
    storage_class: Annotated[str | None, typer.Option("--class", metavar="C", help="Only of this class.")] = None,
    driver: Annotated[str | None, typer.Option("--driver", metavar="D", help="Only of this driver.")] = None,
    node: Annotated[str | None, typer.Option("--node", metavar="N", help="Only on this node.")] = None,
    phase: Annotated[str | None, typer.Option("--phase", metavar="P", help="Only this step, or link.")] = None,
    at: At = None,
    begin: From = None,
    end: To = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show how long each step takes: percentiles over all volumes, in the order of the chain.

    A step that is still open, was given up, or began before the recording is not left out: it is known to take longer
    than was seen (`cens.` counts them), and the percentiles are Kaplan-Meier estimates. The brackets hold the 95 %
    confidence interval of the median. `?` means that too few have ended to tell. `known to` is the precision of the
    durations: what differs by less may not differ.

    With --from and --to: the steps that begin in that stretch.

    With --json and --csv: direction, link, phase, owner, grp (the value of --by), phases, censored, shortest_us,
    longest_us, p50_us, p90_us, p95_us, p99_us and each of these with _low_us and _high_us, precision_us.

    Example:  volreel latency prod.trace --by class --phase attach
    """
    from analysis.latency_text import as_text
    from analysis.trace import Population

    require_one_form(as_json, as_csv)
    with asked(trace, at=at) as opened:
        wanted = Population(
            namespace, storage_class, driver, node, phase, instant_in(opened, begin), instant_in(opened, end)
        )
        latencies = cancellable(opened, lambda: opened.latency(by, wanted))
    write(latencies, lambda frame: as_text(frame, terminal_width()), as_json=as_json, as_csv=as_csv)
