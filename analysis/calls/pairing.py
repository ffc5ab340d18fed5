"""All CSI calls of a trace, from the lines that tell of them."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.calls.driver import by_process, read_driver
from analysis.calls.kubelet import pair_kubelet
from analysis.calls.lines import Line, Operation
from analysis.calls.older import one_line_each
from analysis.calls.sidecar import SidecarLog
from analysis.calls.sides import DriverSide


def pair_calls(lines: Iterable[Line]) -> list[Operation]:
    """The operations that the lines tell of; the lines come in the trace's order.

    It takes more than SQL: which pairs are certain is a question to all assignments of answers to calls at once.
    """
    told: list[Operation] = []
    callers: list[list[Line]] = []
    for said in by_process(lines).values():
        if _is_driver(said):
            told += read_driver(said)
        else:
            callers.append(said if said[0].component == "kubelet" else one_line_each(said))
    calls = [line for said in callers for line in said if line.phase == "call"]
    driver = DriverSide(told, calls)
    operations: list[Operation] = []
    for said in callers:
        if said[0].component == "kubelet":
            operations += pair_kubelet(line for line in said if line.ids)
        else:
            operations += SidecarLog(said, driver.end_of).pair()
    return driver.joined(operations)


def _is_driver(lines: list[Line]) -> bool:
    """Whether a log is a driver's own: its component says so, or nothing in it is what only callers write."""
    if lines[0].component == "driver":
        return True
    writes_as_sidecar = any(
        line.context is not None or line.phase == "after" or (line.phase == "error" and line.code == "OK")
        for line in lines
    )
    return not (lines[0].component.startswith(("csi-", "kubelet", "liveness", "node-driver")) or writes_as_sidecar)
