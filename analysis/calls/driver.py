"""Calls in a driver's own log: a line that holds all of it, lines that share a number, or that share nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from analysis.calls.lines import AMBIGUOUS, EXACT, INFERRED, Check, Line, Operation
from analysis.calls.matching import match
from analysis.calls.shapes import may_answer, names
from analysis.calls.stretches import LONGEST_CALL_US, Stretch

_WINDOW = 512
"""Lines that may stand between two of one call, where nothing but their order joins them."""


def read_driver(log: Sequence[Stretch], check: Check) -> list[Operation]:
    """The operations of one process of a driver, in the order of their first lines."""
    lines = [line for stretch in log for line in stretch.lines]
    numbered = [line for line in lines if line.call_id is not None]
    if any(line.phase == "whole" for line in lines):
        read = _whole
    elif numbered:
        return _numbered(numbered)
    else:
        read = _unnamed
    operations = []
    for stretch in log:
        found = read(stretch, check)
        for operation in found:
            operation.is_before_gap = stretch.ends_in_gap
        operations += found
    return operations


def _whole(stretch: Stretch, check: Check) -> list[Operation]:
    """Each line that holds a call; when it was begun is told by the line of its request before."""
    ends = [line for line in stretch.lines if line.phase == "whole"]
    starts = [line for line in joined_requests(stretch) if line.ids or line.request_seq is not None]
    begun = _starts_of(ends, starts, stretch.strays_until, check)
    operations = []
    for place, end in enumerate(ends):
        operation = Operation(None, end.ids)
        operation.driver_answered, operation.driver_asked = end, begun.get(place)
        operation.pairing, operation.code = EXACT, end.code
        operations.append(operation)
    return operations


def _starts_of(ends: Sequence[Line], starts: Sequence[Line], strays_until: int, check: Check) -> dict[int, Line]:
    """Which start belongs to each end, where that is certain."""
    found: dict[int, Line] = {}
    same_method: dict[str | None, _Begun] = defaultdict(lambda: _Begun(strays_until))
    upcoming = 0
    for place, end in enumerate(ends):
        check()
        while upcoming < len(starts) and starts[upcoming].seq < end.seq:
            same_method[starts[upcoming].method].open[upcoming] = starts[upcoming]
            upcoming += 1
        pairs = same_method[end.method].ended(place, end)
        found |= {each: starts[start] for each, start in pairs.items()}
    # An end without a start tells of a call from before the stretch: ends of the same may have been its own.
    unsure = {(end.method, end.ids) for place, end in enumerate(ends) if place not in found and end.at <= strays_until}
    return {
        place: start
        for place, start in found.items()
        if ends[place].at > strays_until or (ends[place].method, ends[place].ids) not in unsure
    }


class _Begun:
    """Calls of one method that a driver has begun, and the ends that may belong to several of them."""

    def __init__(self, strays_until: int) -> None:
        self.open: dict[int, Line] = {}
        self._strays_until = strays_until
        self._ends: dict[int, list[int]] = {}

    def ended(self, place: int, end: Line) -> dict[int, int]:
        """Take one more end; the pairs, end and start, that are certain by now."""
        if end.at <= self._strays_until and not end.ids:
            return {}
        for start in [start for start, line in self.open.items() if end.at - line.at > LONGEST_CALL_US]:
            self._forget(start)
        possible = [start for start, line in self.open.items() if _same_call(line, end)]
        if len(possible) == 1:
            self._forget(possible[0])
            return {place: possible[0]}
        if possible:
            self._ends[place] = possible
        if len(self._ends) == len(self.open) or len(self.open) > _WINDOW:
            return self._settled()
        return {}

    def _forget(self, start: int) -> None:
        del self.open[start]
        for place, possible in list(self._ends.items()):
            if start in possible:
                possible.remove(start)
                if not possible:
                    del self._ends[place]

    def _settled(self) -> dict[int, int]:
        """What is certain of all that is open: nothing of it comes later, or there is too much of it."""
        starts, ends = list(self.open), list(self._ends)
        if len(starts) > len(ends):
            self._strays_until = max(line.at for line in self.open.values()) + LONGEST_CALL_US
        number = {start: place for place, start in enumerate(starts)}
        found = match(len(starts), [[number[start] for start in self._ends[end]] for end in ends])
        self.open, self._ends = {}, {}
        return {ends[end]: starts[start] for end, start in found.pairs.items()}


def _same_call(start: Line, end: Line) -> bool:
    return start.method == end.method and start.ids <= end.ids


def joined_requests(stretch: Stretch) -> list[Line]:
    """The calls, each with the ids of its request where a line of its own tells that.

    A request's line follows its call's; where several calls wait for theirs, only what is certain is joined.
    """
    settled = stretch.settled("call", "request")
    calls = [line for line in stretch.lines[:settled] if line.phase == "call"]
    requests: list[Line] = []
    candidates: list[list[int]] = []
    waiting: list[int] = []
    for line in stretch.lines[settled:]:
        if line.phase == "call":
            waiting.append(len(calls))
            calls.append(line)
        elif line.phase == "request" and waiting:
            if len(waiting) == 1:
                place = waiting.pop()
                calls[place] = _with_request(calls[place], line)
                continue
            requests.append(line)
            candidates.append(list(waiting[-_WINDOW:]))
            if len(requests) == len(waiting):
                _join(calls, requests, candidates)
                requests, candidates, waiting = [], [], []
    _join(calls, requests, candidates)
    return calls


def _join(calls: list[Line], requests: Sequence[Line], candidates: Sequence[Sequence[int]]) -> None:
    for request, call in match(len(calls), candidates).pairs.items():
        calls[call] = _with_request(calls[call], requests[request])


def _with_request(call: Line, request: Line) -> Line:
    node = call.node_id or request.node_id
    sources = call.sources | request.sources
    return call._replace(ids=call.ids | request.ids, sources=sources, node_id=node, request_seq=request.seq)


def _numbered(lines: Iterable[Line]) -> list[Operation]:
    """Lines that share the driver's own number of the call."""
    operations: list[Operation] = []
    waiting: dict[str | None, Operation] = {}
    for line in lines:
        operation = waiting.get(line.call_id)
        if line.phase == "call" or operation is None or operation.driver_answered is not None:
            operation = waiting[line.call_id] = Operation(None)
            operations.append(operation)
        operation.ids |= line.ids
        if line.phase in ("response", "error"):
            operation.driver_answered, operation.pairing = line, EXACT
            operation.code = line.code or ("OK" if line.phase == "response" else None)
        elif operation.driver_asked is None:
            operation.driver_asked = line
    return [operation for operation in operations if operation.method is not None]


def _unnamed(stretch: Stretch, check: Check) -> list[Operation]:
    """Lines that have only their order, and what an answer looks like."""
    calls = [line for line in joined_requests(stretch) if line.method is not None]
    answers = [line for line in stretch.lines if line.phase in ("response", "error")]
    operations = [Operation(None, call.ids) for call in calls]
    candidates: list[list[int]] = []
    upcoming = 0
    open_calls: list[int] = []
    strays: list[int] = []
    for place, answer in enumerate(answers):
        check()
        while upcoming < len(calls) and calls[upcoming].seq < answer.seq:
            open_calls.append(upcoming)
            upcoming += 1
        del open_calls[:-_WINDOW]
        possible = _candidates(answer, calls, open_calls)
        candidates.append(possible)
        if answer.at <= stretch.strays_until and not any(names(answer, calls[each].own_ids) for each in possible):
            strays.append(place)
        elif len(possible) == 1:
            open_calls.remove(possible[0])
    found = match(len(calls), candidates, strays)
    for operation, call in zip(operations, calls, strict=True):
        operation.driver_asked = call
    for answer_place, call_place in found.pairs.items():
        operation, answer = operations[call_place], answers[answer_place]
        is_named = answer.method is not None or names(answer, operation.ids)
        operation.driver_answered, operation.pairing = answer, EXACT if is_named else INFERRED
        operation.code = answer.code or ("OK" if answer.phase == "response" else None)
    for call_place in found.doubtful:
        operations[call_place].pairing = AMBIGUOUS
    return operations


def _candidates(answer: Line, calls: Sequence[Line], open_calls: Iterable[int]) -> list[int]:
    possible = [
        place
        for place in open_calls
        if (answer.method is None or answer.method == calls[place].method) and may_answer(answer, calls[place].method)
    ]
    named = [place for place in possible if names(answer, calls[place].ids)]
    return named or possible


def by_process(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """The lines of each stream: a container's one run, or a host's log."""
    streams: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        streams[line.stream].append(line)
    return streams
