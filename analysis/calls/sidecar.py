"""Calls and answers in one container's log, where several workers interleave and answers name nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from analysis.calls.lines import AMBIGUOUS, EXACT, INFERRED, LATE, Check, Line, Operation
from analysis.calls.matching import Matching, match
from analysis.calls.shapes import may_answer, names
from analysis.calls.stretches import LONGEST_CALL_US, Stretch

_MOST = 512
"""Calls that are looked at together. Where too many stay uncertain, only names join call and answer for a while."""


class SidecarLog:
    """Pairs the lines of a stretch of one process's log, in their order.

    What an answer cannot belong to is ruled out: another logger's keys, another method's response, another volume
    where it names one, a call that the same process had already gone on from (`after`, or the next call for the same
    volume: its work queue has one worker a volume), and one that the driver itself answered later or differently.
    Of what is left, `match` tells which pairs are certain. While calls from before the stretch may be answered, an
    answer is certain only where it names its call, or where it is the only one that a call can have had which its
    process went on from.
    """

    def __init__(self, stretch: Stretch, driver_end: Callable[[Line], Line | None]) -> None:
        self._lines = stretch.lines
        self._strays_until = stretch.strays_until
        self._ends_in_gap = stretch.ends_in_gap
        self._driver_end = driver_end
        self._left_behind, self._wanted = _goings_on(stretch.lines)
        self._operations: list[Operation] = []
        self._inferred: list[Operation] = []
        self._calls: list[Operation] = []
        self._answers: list[Line] = []
        self._candidates: list[list[int]] = []
        self._only_names = False
        self._unanswered = 0
        self._seq = -1

    def pair(self, check: Check) -> list[Operation]:
        """The operations in the order of their calls."""
        last = 0
        for line in self._lines:
            check()
            if line.at - last > LONGEST_CALL_US:
                self._settle_all()
            last = max(last, line.at)
            self._seq = line.seq
            if line.phase == "call":
                operation = Operation(line)
                self._operations.append(operation)
                self._calls.append(operation)
                self._unanswered += 1
            elif line.phase == "response":
                self._answer(line)
                if line.at > self._strays_until:
                    self._unanswered = max(0, self._unanswered - 1)
                if self._only_names and self._unanswered == 0:
                    self._settle_all()
                elif len(self._calls) == len(self._answers) or len(self._calls) > _MOST or self._is_old(line.at):
                    self._settle(line.at)
        self._settle_all()
        for operation in self._operations:
            operation.is_before_gap = self._ends_in_gap
        return self._operations

    def _is_old(self, now: int) -> bool:
        return bool(self._calls) and now - _asked(self._calls[0]).at > LONGEST_CALL_US

    def _answer(self, line: Line) -> None:
        possible = [place for place, call in enumerate(self._calls) if self._is_possible(call, line)]
        named = [place for place in possible if self._is_named(self._calls[place], line)]
        if named or (possible and not self._only_names):
            self._answers.append(line)
            self._candidates.append(named or possible)
        elif not self._only_names:
            self._doubt_what_was_inferred(line)

    def _is_possible(self, operation: Operation, answer: Line) -> bool:
        call = _asked(operation)
        if call.context != answer.context or not may_answer(answer, call.method):
            return False
        if self._left_behind.get(call.seq, answer.seq) < answer.seq:
            return False
        if answer.code is not None and self._wanted.get(call.seq, answer.code) != answer.code:
            return False
        end = self._driver_end(call)
        if end is None or answer.code in LATE:
            return True
        return answer.at >= end.at and (end.code is None or answer.code is None or end.code == answer.code)

    @staticmethod
    def _is_named(operation: Operation, answer: Line) -> bool:
        """Whether both lines name one thing: an id, or external-attacher's keys, which one worker at a time has."""
        return names(answer, operation.ids) or '"VolumeAttachment"' in (answer.context or "")

    def _may_be_stray(self, answer: Line, possible: Iterable[int]) -> bool:
        """Whether it may be the answer to a call from before the stretch. Many volumes are made from one source."""
        if answer.at > self._strays_until or '"VolumeAttachment"' in (answer.context or ""):
            return False
        return not any(names(answer, _asked(self._calls[place]).own_ids) for place in possible)

    def _settle(self, now: int) -> None:
        """Pair what is certain; what an answer still to come may change goes on waiting, as long as a call lasts."""
        found = self._match()
        waiting = found.may_be_open
        for call, answers in found.doubtful.items():
            if call not in waiting or self._is_past(call, now):
                self._leave_open(call, answers, call in waiting)
        self._keep_waiting(now)
        if len(self._calls) > _MOST // 2:
            self._only_names = True
            self._settle_all()
            self._only_names = True

    def _settle_all(self) -> None:
        """Nothing that comes later belongs to what has been."""
        found = self._match()
        for call, answers in found.doubtful.items():
            self._leave_open(call, answers, call in found.may_be_open)
        if self._only_names:
            for operation in self._calls:
                operation.pairing = operation.pairing or AMBIGUOUS
        self._calls, self._answers, self._candidates = [], [], []
        self._inferred.clear()
        self._only_names = False

    def _match(self) -> Matching:
        strays = [
            place
            for place, (line, possible) in enumerate(zip(self._answers, self._candidates, strict=True))
            if self._may_be_stray(line, possible)
        ]
        if strays and not self._only_names:
            self._take_the_only_ones(strays)
        found = match(len(self._calls), self._candidates, strays)
        for answer, call in found.pairs.items():
            operation, line = self._calls[call], self._answers[answer]
            operation.answered, operation.code = line, line.code
            operation.pairing = EXACT if self._is_named(operation, line) else INFERRED
            if operation.pairing == INFERRED:
                self._inferred.append(operation)
        return found

    def _take_the_only_ones(self, strays: list[int]) -> None:
        """Give a call that its process has gone on from its answer, where that can be only one."""
        possible: dict[int, list[int]] = {}
        for answer, calls in enumerate(self._candidates):
            for call in calls:
                possible.setdefault(call, []).append(answer)
        due = [call for call in possible if self._left_behind.get(_asked(self._calls[call]).seq, self._seq) < self._seq]
        while due:
            call = due.pop()
            if len(possible[call]) != 1:
                continue
            (answer,) = possible[call]
            for other in self._candidates[answer]:
                if other != call:
                    possible[other].remove(answer)
                    due += (
                        [other] if self._left_behind.get(_asked(self._calls[other]).seq, self._seq) < self._seq else []
                    )
            self._candidates[answer] = [call]
            if answer in strays:
                strays.remove(answer)

    def _is_past(self, call: int, now: int) -> bool:
        return now - _asked(self._calls[call]).at > LONGEST_CALL_US

    def _leave_open(self, call: int, answers: Iterable[int], may_be_open: bool) -> None:
        _leave_open(self._calls[call], [self._answers[answer] for answer in answers], may_be_open)

    def _keep_waiting(self, now: int) -> None:
        """Forget the calls that are settled or too old, and the answers that belong to none of the others."""
        kept = [
            place for place, each in enumerate(self._calls) if each.pairing is None and not self._is_past(place, now)
        ]
        place_of = {old: new for new, old in enumerate(kept)}
        still = [[place_of[call] for call in possible if call in place_of] for possible in self._candidates]
        taken = {each.answered.seq for each in self._calls if each.answered is not None}
        left = [place for place, line in enumerate(self._answers) if still[place] and line.seq not in taken]
        self._answers = [self._answers[place] for place in left]
        self._candidates = [still[place] for place in left]
        self._calls = [self._calls[place] for place in kept]

    def _doubt_what_was_inferred(self, answer: Line) -> None:
        """An answer without a call: one was made before the log begins, and any answer since may have been its own."""
        for operation in self._inferred:
            line = operation.answered
            if line is not None and operation.asked is not None and self._is_possible_again(operation.asked, answer):
                _leave_open(operation, [line, answer], may_be_open=True)
        self._inferred = [operation for operation in self._inferred if operation.answered is not None]

    @staticmethod
    def _is_possible_again(call: Line, answer: Line) -> bool:
        return call.context == answer.context and may_answer(answer, call.method)


def _asked(operation: Operation) -> Line:
    assert operation.asked is not None
    return operation.asked


def _leave_open(operation: Operation, answers: Iterable[Line], may_be_open: bool) -> None:
    lines = sorted(answers)
    operation.answered, operation.pairing = None, AMBIGUOUS
    operation.after, operation.before = lines[0], None if may_be_open else lines[-1]
    codes = {line.code for line in lines}
    operation.code = codes.pop() if len(codes) == 1 and not may_be_open else None


def _goings_on(lines: Sequence[Line]) -> tuple[dict[int, int], dict[int, str]]:
    """For each call the line before which it was answered, and the code of its answer, where the log implies them."""
    left_behind: dict[int, int] = {}
    wanted: dict[int, str] = {}
    latest: dict[tuple[str | None, ...], Line] = {}
    for line in lines:
        if line.phase not in ("call", "after") or not line.ids:
            continue
        for each in line.ids:
            call = latest.get((line.method, each))
            if call is None or call.seq in left_behind:
                continue
            if line.phase == "after":
                left_behind[call.seq] = line.seq
                if line.code is not None:
                    wanted[call.seq] = line.code
            elif _subject(call) == _subject(line):
                left_behind[call.seq] = line.seq
        if line.phase == "call":
            latest |= {(line.method, each): line for each in line.ids}
    return left_behind, wanted


def _subject(call: Line) -> tuple[object, ...]:
    return call.ids, call.context, call.node_id
