"""Calls in a driver's own log: a line that holds all of it, lines that share a number, or that share nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from analysis.calls.lines import AMBIGUOUS, EXACT, INFERRED, Line, Operation
from analysis.calls.matching import match
from analysis.calls.shapes import may_answer, names

_WINDOW = 512
"""Lines that may stand between two of one call, where nothing but their order joins them."""


def read_driver(lines: Sequence[Line]) -> list[Operation]:
    """The operations of one process of a driver, in the order of their first lines."""
    if any(line.phase == "whole" for line in lines):
        return _whole(lines)
    numbered = [line for line in lines if line.call_id is not None]
    if numbered:
        return _numbered(numbered)
    return _unnamed(lines)


def _whole(lines: Sequence[Line]) -> list[Operation]:
    """Each line that holds a call; when it was begun is told by the line of its request before."""
    starts = joined_requests(lines)
    ends = [line for line in lines if line.phase == "whole"]
    begun = _starts_of(ends, starts)
    operations = []
    for place, end in enumerate(ends):
        operation = Operation(None, end.ids)
        operation.driver_answered, operation.driver_asked = end, begun.get(place)
        operation.pairing, operation.code = EXACT, end.code
        operations.append(operation)
    return operations


def _starts_of(ends: Sequence[Line], starts: Sequence[Line]) -> dict[int, Line]:
    """Which start belongs to each end, where that is certain."""
    candidates: list[list[int]] = []
    open_starts: list[int] = []
    upcoming = 0
    for end in ends:
        while upcoming < len(starts) and starts[upcoming].seq < end.seq:
            open_starts.append(upcoming)
            upcoming += 1
        del open_starts[:-_WINDOW]
        possible = [place for place in open_starts if _same_call(starts[place], end)]
        if len(possible) == 1:
            open_starts.remove(possible[0])
        candidates.append(possible)
    return {end: starts[start] for end, start in match(len(starts), candidates).pairs.items()}


def _same_call(start: Line, end: Line) -> bool:
    return start.method == end.method and start.ids <= end.ids


def joined_requests(lines: Sequence[Line]) -> list[Line]:
    """The calls, each with the ids of its request where a line of its own tells that.

    A request's line follows its call's; where several calls wait for theirs, only what is certain is joined.
    """
    calls: list[Line] = []
    requests: list[Line] = []
    candidates: list[list[int]] = []
    waiting: list[int] = []
    for line in lines:
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
    return call._replace(ids=call.ids | request.ids, node_id=node, request_seq=request.seq)


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


def _unnamed(lines: Sequence[Line]) -> list[Operation]:
    """Lines that have only their order, and what an answer looks like."""
    calls = [line for line in joined_requests(lines) if line.method is not None]
    answers = [line for line in lines if line.phase in ("response", "error")]
    operations = [Operation(None, call.ids) for call in calls]
    candidates: list[list[int]] = []
    upcoming = 0
    open_calls: list[int] = []
    for answer in answers:
        while upcoming < len(calls) and calls[upcoming].seq < answer.seq:
            open_calls.append(upcoming)
            upcoming += 1
        del open_calls[:-_WINDOW]
        candidates.append(_candidates(answer, calls, open_calls))
        if len(candidates[-1]) == 1:
            open_calls.remove(candidates[-1][0])
    found = match(len(calls), candidates)
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
