"""One operation seen from two sides: its caller's lines and its driver's."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from analysis.calls.lines import Check, Line, Operation
from analysis.calls.matching import match
from analysis.calls.stretches import LONGEST_CALL_US, Stretch

_LONGEST_US = 60_000_000
"""A driver begins with what it is asked within this time, where no id tells which call it was."""


def _begin(operation: Operation) -> int:
    line = operation.driver_asked or operation.driver_answered
    assert line is not None
    return line.at


class DriverSide:
    """The operations that drivers tell of, found by their callers' lines."""

    def __init__(self, operations: Iterable[Operation], callers: Sequence[Stretch], check: Check) -> None:
        self._operations = sorted(operations, key=_begin)
        self._of_call: dict[int, Operation] = {}
        self._blind = [span for stretch in callers for span in _blind_spans(stretch)]
        self._join_by_id(callers, check)

    def end_of(self, call: Line) -> Line | None:
        """The driver's line of a call's end; None where it is not known."""
        operation = self._of_call.get(call.seq)
        return None if operation is None else operation.driver_answered

    def joined(self, callers: Sequence[Operation], check: Check) -> list[Operation]:
        """All operations: those of the callers with what the driver says of them, then those only a driver tells of."""
        taken = dict(self._of_call)
        self._join_by_time(callers, taken, check)
        for operation in callers:
            found = taken.get(operation.asked.seq) if operation.asked is not None else None
            if found is not None:
                operation.driver_asked, operation.driver_answered = found.driver_asked, found.driver_answered
                operation.ids |= found.ids
                operation.code = operation.code or found.code
        used = {id(operation) for operation in taken.values()}
        return [*callers, *(operation for operation in self._operations if id(operation) not in used)]

    def _join_by_id(self, callers: Sequence[Stretch], check: Check) -> None:
        """A driver's operation belongs to the last call before it that asks the same of the same volume.

        Both are on one host, often in one pod: their clocks are the same. Where the caller's log has a gap by then, the
        last call may be in it.
        """
        by_id: dict[tuple[str | None, str], list[Line]] = defaultdict(list)
        heard_until: dict[int, int] = {}
        for stretch in callers:
            calls = [line for line in stretch.lines if line.phase == "call"]
            for call in calls:
                for each in call.ids:
                    by_id[call.method, each].append(call)
            if stretch.ends_in_gap:
                heard_until |= dict.fromkeys((call.seq for call in calls), max(line.at for line in stretch.lines))
        for same in by_id.values():
            same.sort(key=lambda line: line.at)
        for operation in self._operations:
            check()
            begin = _begin(operation)
            found: list[Line] = []
            for each in operation.ids:
                same = by_id.get((operation.method, each), [])
                before = bisect_right(same, begin, key=lambda line: line.at)
                latest = next((call for call in reversed(same[:before]) if _asks_the_same(call, operation)), None)
                found += [latest] if latest is not None else []
            if found:
                call = max(found, key=lambda line: (line.at, line.seq))
                if begin <= heard_until.get(call.seq, begin):
                    self._of_call.setdefault(call.seq, operation)

    def _join_by_time(self, callers: Sequence[Operation], taken: dict[int, Operation], check: Check) -> None:
        """What names nothing (probes, capacity) is joined where only one caller can have asked."""
        with_ids = {operation.method for operation in [*callers, *self._operations] if operation.ids}
        calls: dict[tuple[str | None, str | None], list[Operation]] = defaultdict(list)
        for caller in callers:
            if caller.asked is not None and caller.method not in with_ids:
                calls[caller.method, caller.asked.node].append(caller)
        told: dict[tuple[str | None, str | None], list[Operation]] = defaultdict(list)
        for operation in self._operations:
            if operation.method not in with_ids:
                told[operation.method, _node(operation)].append(operation)
        for place_of_call, operations in told.items():
            asked = sorted(calls[place_of_call], key=lambda caller: caller.asked or ())
            strays = [place for place, each in enumerate(operations) if self._is_blind_at(_begin(each), _node(each))]
            pairs = match(len(asked), _within(operations, asked, check), strays).pairs
            for place, caller_place in pairs.items():
                line = asked[caller_place].asked
                assert line is not None
                taken[line.seq] = operations[place]

    def _is_blind_at(self, at: int, node: str | None) -> bool:
        """Whether a call may have been made by then that no log tells of."""
        return any(begin <= at <= end and (None in (node, where) or node == where) for where, begin, end in self._blind)


def _blind_spans(stretch: Stretch) -> Iterator[tuple[str | None, int, int]]:
    """When calls on a node may be open that a stretch of a log does not tell of: up to its beginning, from its end."""
    node, last = stretch.lines[0].node, max(line.at for line in stretch.lines)
    if stretch.strays_until:
        yield node, stretch.lines[0].at - LONGEST_CALL_US, stretch.strays_until
    if stretch.ends_in_gap:
        yield node, last, last + LONGEST_CALL_US


def _within(operations: Sequence[Operation], callers: Sequence[Operation], check: Check) -> list[list[int]]:
    """For each of a driver's operations the callers that were waiting for an answer all the while."""
    candidates: list[list[int]] = []
    open_calls: list[int] = []
    order = sorted(range(len(callers)), key=lambda place: _at(callers[place].asked))
    upcoming = 0
    for operation in operations:
        check()
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


def _node(operation: Operation) -> str | None:
    line = operation.driver_asked or operation.driver_answered
    return None if line is None else line.node


def _asks_the_same(call: Line, operation: Operation) -> bool:
    if call.node is not None and _node(operation) not in (None, call.node):
        return False
    if call.component == "kubelet":
        return any(each in operation.ids for each in call.ids)
    told = operation.driver_asked or operation.driver_answered
    node = told.node_id if told is not None else None
    return call.ids <= operation.ids and (node is None or call.node_id is None or node == call.node_id)
