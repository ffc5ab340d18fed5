"""Which of several possible pairs are certain: an answer to each call, where lines interleave and name nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Matching:
    """What can be said about the pairs; calls and answers are named by their places."""

    pairs: dict[int, int]
    """Answer -> call, only where every way to give the most answers a call has this pair."""
    doubtful: dict[int, tuple[int, ...]]
    """Call -> the answers of which one may be its own; none of the calls or answers in `pairs` is here."""
    may_be_open: frozenset[int]
    """Doubtful calls of which one may have no answer at all."""


def match(calls: int, candidates: Sequence[Sequence[int]], strays: Collection[int] = ()) -> Matching:
    """Find the pairs that are certain, given for each answer the calls that it may belong to, the oldest first.

    Each call has one answer or none yet, each answer one call. `strays` are answers that may belong to none of these
    calls. A pair is certain if no other assignment that serves as many answers does without it (the decomposition of
    Dulmage and Mendelsohn); an answer without candidates, or whose call was not seen, is in no pair.
    """
    # Each stray may have an unseen call of its own, behind the others.
    unseen = {answer: calls + place for place, answer in enumerate(strays)}
    possible = [[*each, unseen[answer]] if answer in unseen else each for answer, each in enumerate(candidates)]
    call_of, answer_of = _most_pairs(calls + len(unseen), possible)
    loose = _exchangeable(possible, call_of, answer_of)
    pairs = {answer: call for answer, call in enumerate(call_of) if call >= 0 and answer not in loose}
    settled = set(pairs.values())
    doubtful: dict[int, list[int]] = {}
    for answer, of_it in enumerate(possible):
        if answer not in pairs:
            for call in of_it:
                if call not in settled:
                    doubtful.setdefault(call, []).append(answer)
    open_groups = _beside_an_open_call(doubtful, possible, answer_of)
    return Matching(
        {answer: call for answer, call in pairs.items() if call < calls},
        {call: tuple(answers) for call, answers in doubtful.items() if call < calls},
        frozenset(call for call in open_groups if call < calls),
    )


def _most_pairs(calls: int, candidates: Sequence[Sequence[int]]) -> tuple[list[int], list[int]]:
    """A largest matching: each answer's call and each call's answer, -1 for none."""
    call_of = [-1] * len(candidates)
    answer_of = [-1] * calls
    for answer, possible in enumerate(candidates):
        free = next((call for call in possible if answer_of[call] < 0), None)
        if free is None:
            _augment(answer, candidates, call_of, answer_of)
        else:
            call_of[answer], answer_of[free] = free, answer
    return call_of, answer_of


def _augment(start: int, candidates: Sequence[Sequence[int]], call_of: list[int], answer_of: list[int]) -> None:
    """Give an answer a call by moving others to another of theirs, if that is possible."""
    came_from: dict[int, int] = {}
    waiting = [start]
    while waiting:
        answer = waiting.pop()
        for call in candidates[answer]:
            if call in came_from:
                continue
            came_from[call] = answer
            if answer_of[call] < 0:
                while call >= 0:
                    giver = came_from[call]
                    before = call_of[giver]
                    call_of[giver], answer_of[call] = call, giver
                    call = before if giver != start else -1  # noqa: PLW2901
                return
            waiting.append(answer_of[call])


def _exchangeable(candidates: Sequence[Sequence[int]], call_of: Sequence[int], answer_of: Sequence[int]) -> set[int]:
    """Matched answers that could have another call, or none, in an assignment as large."""
    moves: list[list[int]] = [[] for _ in candidates]
    into: list[list[int]] = [[] for _ in candidates]
    from_open: list[int] = []
    to_unserved: list[int] = []
    for answer, possible in enumerate(candidates):
        for call in possible:
            other = answer_of[call]
            if other == answer:
                continue
            if other < 0:
                from_open.append(answer)
            elif call_of[answer] < 0:
                to_unserved.append(other)
            else:
                moves[answer].append(other)
                into[other].append(answer)
    return _reached(from_open, into) | _reached(to_unserved, moves) | _in_cycles(moves)


def _reached(starts: Sequence[int], edges: Sequence[Sequence[int]]) -> set[int]:
    seen = set(starts)
    waiting = list(seen)
    while waiting:
        for each in edges[waiting.pop()]:
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    return seen


def _in_cycles(edges: Sequence[Sequence[int]]) -> set[int]:
    """Nodes of the strongly connected components with more than one node (Tarjan, without recursion)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: set[int] = set()
    for root in range(len(edges)):
        if root in index or not edges[root]:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        path: list[tuple[int, Iterator[int]]] = [(root, iter(edges[root]))]
        while path:
            node, rest = path[-1]
            for each in rest:
                if each not in index:
                    index[each] = low[each] = len(index)
                    stack.append(each)
                    on_stack.add(each)
                    path.append((each, iter(edges[each])))
                    break
                if each in on_stack:
                    low[node] = min(low[node], index[each])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == index[node]:
                    component = [stack.pop()]
                    while component[-1] != node:
                        component.append(stack.pop())
                    on_stack.difference_update(component)
                    found.update(component if len(component) > 1 else ())
    return found


def _beside_an_open_call(
    doubtful: dict[int, list[int]], candidates: Sequence[Sequence[int]], answer_of: Sequence[int]
) -> frozenset[int]:
    """Doubtful calls that share their answers, directly or over others, with a call that got none."""
    seen = {call for call in doubtful if answer_of[call] < 0}
    waiting = list(seen)
    while waiting:
        for answer in doubtful[waiting.pop()]:
            for call in candidates[answer]:
                if call in doubtful and call not in seen:
                    seen.add(call)
                    waiting.append(call)
    return frozenset(seen)
