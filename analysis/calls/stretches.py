"""One process's log, taken apart where lines may be missing: order and counting tell nothing across that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from analysis.calls.lines import GAP, Line

LONGEST_CALL_US = 600_000_000
"""No call lasts so long: after that time nothing from before it is still unanswered."""
_ADJACENT_US = 2_000_000
"""Two lines that a process writes of one call one after the other lie no further apart."""


class Stretch(NamedTuple):
    """Lines of one process between which none is missing."""

    lines: Sequence[Line]
    strays_until: int
    """Up to this instant (µs since 1970) an answer may belong to a call before the stretch; 0 if there was none."""
    ends_in_gap: bool
    """Whether lines are missing behind it; else the log ends there."""

    def settled(self, first: str, second: str) -> int:
        """The place from which on lines of the phase `second` belong to lines of the phase `first` behind it.

        A line of a call from before the stretch can only be among those up to the first pause, as one too many.
        """
        if self.strays_until == 0:
            return 0
        last, open_lines = self.lines[0].at, 0
        for place, line in enumerate(self.lines):
            if line.at - last > _ADJACENT_US:
                return place if open_lines else 0
            last = max(last, line.at)
            open_lines += (line.phase == first) - (line.phase == second)
        return len(self.lines)


def stretches(lines: Sequence[Line]) -> Iterator[Stretch]:
    """The stretches of one process's log that have lines; `lines` hold a line of phase `gap` where some are missing."""
    part: list[Line] = []
    is_first = True
    for line in [*lines, None]:
        if line is not None and line.phase != GAP:
            part.append(line)
        elif part:
            is_whole = is_first and _begins_with_process(part)
            yield Stretch(part, 0 if is_whole else part[0].at + LONGEST_CALL_US, line is not None)
            part, is_first = [], False


def _begins_with_process(lines: Sequence[Line]) -> bool:
    """Whether no call can have been made before the first line.

    A sidecar asks for its driver's name once, when it starts, and before that only whether the driver is ready
    (kubernetes-csi/csi-lib-utils rpc/common.go: GetDriverName, ProbeForever).
    """
    waiting = 0
    for line in lines:
        if line.phase == "call" and line.method != "Probe":
            return line.method == "GetPluginInfo"
        waiting += (line.phase == "call") - (line.phase == "response")
        if waiting < 0:
            return False
    return False
