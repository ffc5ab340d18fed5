"""Calls and answers in a kubelet's log, whose lines all name the volume or the path."""

from __future__ import annotations

from analysis.calls.lines import EXACT, Check, Operation
from analysis.calls.stretches import Stretch


def pair_kubelet(stretch: Stretch, check: Check) -> list[Operation]:
    """The operations in the order of their calls.

    A kubelet does one thing at a time to a volume on a pod, so that an answer belongs to the last call of its method
    for what it names; a call that is followed by another one without an answer was interrupted. Answers without a call
    (the kubelet failed before it could call, or said the same again in other words) are passed over.
    """
    operations: list[Operation] = []
    waiting: dict[tuple[str | None, str], Operation] = {}
    for line in stretch.lines:
        check()
        keys = [(line.method, each) for each in line.ids]
        if line.phase == "call":
            operation = Operation(line)
            operation.is_before_gap = stretch.ends_in_gap
            operations.append(operation)
            waiting |= dict.fromkeys(keys, operation)
            continue
        found = {id(waiting[key]): waiting[key] for key in keys if key in waiting}
        for operation in sorted(found.values(), key=_call_seq)[-1:]:
            operation.answered, operation.pairing, operation.code = line, EXACT, line.code
            for each in operation.ids:
                waiting.pop((operation.method, each), None)
    return operations


def _call_seq(operation: Operation) -> int:
    return operation.asked.seq if operation.asked is not None else -1
