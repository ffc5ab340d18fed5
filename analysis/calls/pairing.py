"""All CSI calls of a trace, from the lines that tell of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analysis.calls.driver import by_process, read_driver
from analysis.calls.kubelet import pair_kubelet
from analysis.calls.lines import Check, Line, Operation
from analysis.calls.older import one_line_each
from analysis.calls.sidecar import SidecarLog
from analysis.calls.sides import DriverSide
from analysis.calls.stretches import Stretch, stretches


def pair_calls(lines: Iterable[Line], check: Check) -> list[Operation]:
    """The operations that the lines tell of; the lines come in the trace's order.

    It takes more than SQL: which pairs are certain is a question to all assignments of answers to calls at once.
    """
    told: list[Operation] = []
    callers: list[Stretch] = []
    for said in by_process(lines).values():
        log = list(stretches(said))
        if not log:
            continue
        if _is_driver([line for stretch in log for line in stretch.lines]):
            told += read_driver(log, check)
        else:
            callers += [each for each in map(one_line_each, log) if each.lines]
    driver = DriverSide(told, callers, check)
    operations: list[Operation] = []
    for stretch in callers:
        if stretch.lines[0].component == "kubelet":
            operations += pair_kubelet(stretch, check)
        else:
            operations += SidecarLog(stretch, driver.end_of).pair(check)
    return driver.joined(operations, check)


def _is_driver(lines: Sequence[Line]) -> bool:
    """Whether a log is a driver's own: its component says so, or nothing in it is what only callers write."""
    component = lines[0].component
    if component == "driver":
        return True
    writes_as_sidecar = any(
        line.context is not None or line.phase == "after" or (line.phase == "error" and line.code == "OK")
        for line in lines
    )
    return not (component.startswith(("csi-", "kubelet", "liveness", "node-driver")) or writes_as_sidecar)
