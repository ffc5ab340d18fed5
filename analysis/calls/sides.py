"""One operation seen from two sides: its caller's lines and its driver's."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence

from analysis.calls.lines import Line, Operation
from analysis.calls.matching import match

_LONGEST_US = 60_000_000
"""A driver begins with what it is asked within this time, where no id tells which call it was."""


def _begin(operation: Operation) -> int:
    line = operation.driver_asked or operation.driver_answered
    assert line is not None
    return line.at


class DriverSide:
    """The operations that drivers tell of, found by their callers' lines."""

    def __init__(self, operations: Iterable[Operation], calls: Iterable[Line]) -> None:
        self._operations = sorted(operations, key=_begin)
        self._of_call: dict[int, Operation] = {}
        self._join_by_id([call for call in calls if call.ids])

    def end_of(self, call: Line) -> Line | None:
        """The driver's line of a call's end; None where it is not known."""
        operation = self._of_call.get(call.seq)
        return None if operation is None else operation.driver_answered

    def joined(self, callers: Sequence[Operation]) -> list[Operation]:
        """All operations: those of the callers with what the driver says of them, then those only a driver tells of."""
        taken = dict(self._of_call)
        self._join_by_time(callers, taken)
        for operation in callers:
            found = taken.get(operation.asked.seq) if operation.asked is not None else None
            if found is not None:
                operation.driver_asked, operation.driver_answered = found.driver_asked, found.driver_answered
                operation.ids |= found.ids
                operation.code = operation.code or found.code
        used = {id(operation) for operation in taken.values()}
        return [*callers, *(operation for operation in self._operations if id(operation) not in used)]

    def _join_by_id(self, calls: Sequence[Line]) -> None:
        """A driver's operation belongs to the last call before it that asks the same of the same volume.

        Both hosts are one, or the two share a pod: their clocks are the same.
        """
        by_id: dict[tuple[str | None, str], list[Line]] = defaultdict(list)
        for call in sorted(calls, key=lambda line: line.at):
            for each in call.ids:
                by_id[call.method, each].append(call)
        for operation in self._operations:
            found: list[Line] = []
            for each in operation.ids:
                same = by_id.get((operation.method, each), [])
                before = bisect_right(same, _begin(operation), key=lambda line: line.at)
                found += [call for call in same[max(0, before - 8) : before] if _asks_the_same(call, operation)]
            if found:
                latest = max(found, key=lambda line: (line.at, line.seq))
                self._of_call.setdefault(latest.seq, operation)

    def _join_by_time(self, callers: Sequence[Operation], taken: dict[int, Operation]) -> None:
        """What names nothing (probes, capacity) is joined where only one caller can have asked."""
        calls: dict[str | None, list[Operation]] = defaultdict(list)
        for caller in callers:
            if caller.asked is not None and not caller.asked.ids:
                calls[caller.method].append(caller)
        told: dict[str | None, list[Operation]] = defaultdict(list)
        for operation in self._operations:
            if not operation.ids:
                told[operation.method].append(operation)
        for method, operations in told.items():
            asked = sorted(calls[method], key=lambda caller: caller.asked or ())
            pairs = match(len(asked), _within(operations, asked)).pairs
            for place, caller_place in pairs.items():
                line = asked[caller_place].asked
                assert line is not None
                taken[line.seq] = operations[place]


def _within(operations: Sequence[Operation], callers: Sequence[Operation]) -> list[list[int]]:
    """For each of a driver's operations the callers that were waiting for an answer all the while."""
    candidates: list[list[int]] = []
    open_calls: list[int] = []
    order = sorted(range(len(callers)), key=lambda place: _at(callers[place].asked))
    upcoming = 0
    for operation in operations:
        begin, end = _begin(operation), _at(operation.driver_answered, _begin(operation))
        while upcoming < len(order) and _at(callers[order[upcoming]].asked) <= begin:
            open_calls.append(order[upcoming])
            upcoming += 1
        open_calls = [place for place in open_calls if _until(callers[place]) >= begin]
        candidates.append([place for place in open_calls if _until(callers[place]) >= end])
    return candidates


def _until(caller: Operation) -> int:
    last = caller.answered or caller.before
    return last.at if last is not None else _at(caller.asked) + _LONGEST_US


def _at(line: Line | None, otherwise: int = 0) -> int:
    return otherwise if line is None else line.at


def _asks_the_same(call: Line, operation: Operation) -> bool:
    if call.component == "kubelet":
        return any(each in operation.ids for each in call.ids)
    told = operation.driver_asked or operation.driver_answered
    node = told.node_id if told is not None else None
    return call.ids <= operation.ids and (node is None or call.node_id is None or node == call.node_id)
