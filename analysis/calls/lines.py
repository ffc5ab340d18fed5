"""The log lines that tell of CSI calls, as the pairing reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

Check = Callable[[], None]
"""Called often while lines are paired; what it raises ends the work."""


class Line(NamedTuple):
    """A row of the model `rpc_lines`; see there for what each column means."""

    seq: int
    stream: str
    component: str
    node: str | None
    at: int
    """happened_at in µs since 1970."""
    phase: str
    method: str | None
    call_id: str | None
    context: str | None
    node_id: str | None
    ids: frozenset[str]
    result: str | None
    code: str | None
    error: str | None
    sources: frozenset[str] = frozenset()
    """Those of the ids that are only what the volume or snapshot is made from."""
    request_seq: int | None = None
    """The line of the call's request, where that is another."""

    @property
    def own_ids(self) -> frozenset[str]:
        """The ids of what the call is about."""
        return self.ids - self.sources


class Operation:
    """One call, as far as its lines are known. `asked` and `answered` are its caller's lines."""

    __slots__ = (
        "after",
        "answered",
        "asked",
        "before",
        "code",
        "driver_answered",
        "driver_asked",
        "ids",
        "is_before_gap",
        "pairing",
    )

    def __init__(self, asked: Line | None, ids: frozenset[str] = frozenset()) -> None:
        self.asked = asked
        self.answered: Line | None = None
        self.pairing: str | None = None
        """exact, inferred or ambiguous; None while no answer is known."""
        self.after: Line | None = None
        self.before: Line | None = None
        """Of an ambiguous answer: the first and the last line that it may be."""
        self.code: str | None = None
        self.driver_asked: Line | None = None
        self.driver_answered: Line | None = None
        self.is_before_gap = False
        """Whether lines are missing behind those that were looked at for its answer."""
        self.ids = ids or (asked.ids if asked is not None else frozenset())

    @property
    def method(self) -> str | None:
        """The CSI method; None where no line names it."""
        told = (self.asked, self.driver_asked, self.driver_answered)
        return next((line.method for line in told if line is not None and line.method is not None), None)


EXACT, INFERRED, AMBIGUOUS = "exact", "inferred", "ambiguous"
GAP = "gap"
"""Phase of a Line that is none: before it lines of its stream may be missing."""
LATE = frozenset(("DeadlineExceeded", "Canceled", "Unavailable"))
"""Codes that a caller gives itself when it waits no longer: the driver may still be at work."""
