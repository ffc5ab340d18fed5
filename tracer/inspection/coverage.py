"""When a stream is certain to have missed nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Interval = tuple[int, int]
"""From and to, µs since 1970; they may be equal."""

SEEN = "seen"
"""Beside the values of `what` in the streams table: a row of the stream arrived, so it was followed at that moment."""

_SYNCED = frozenset({"synced", "relisted"})
_SIGNS = frozenset({"bookmark", "resumed", "closed", SEEN})
_BREAKS = frozenset({"gap", "rewound"})
_PAUSES = frozenset({"opened", "absent", "failed", "forbidden"})


def covered(marks: Iterable[tuple[int, str]]) -> list[Interval]:
    """The stretches in which a stream missed nothing, rising and apart, from its marks (time, what) in order.

    A stretch begins at `synced` or `relisted` and lasts as long as there are signs that nothing was missed: bookmarks,
    rows, an orderly end, and `resumed`, which vouches for the silence before it, a recorder's death included. A gap
    ends it at the last sign before the gap.
    """
    found: list[Interval] = []
    start: int | None = None
    last = 0
    is_paused = False
    for at, what in marks:
        is_new_list = what in _SYNCED and (start is None or is_paused)
        if start is not None and (what in _BREAKS or is_new_list):
            found.append((start, last))
            start = None
        if is_new_list:
            start = at
        if what in _PAUSES:
            is_paused = True
        elif what in _SIGNS or what in _SYNCED:
            # A row that arrives while the watch is down would be odd; only the server's word ends a pause.
            is_paused = is_paused and what == SEEN
            last = last if is_paused or start is None else at
    if start is not None:
        found.append((start, last))
    return _joined(found)


def _joined(intervals: Iterable[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for start, end in intervals:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def assumed(first: int, last: int, breaks: Sequence[int]) -> list[tuple[int, str]]:
    """Marks for a stream that nobody synced (a capture): taken as certain from its first row to its last.

    `breaks` are the times of its gaps; behind each it counts as certain again.
    """
    marks = [(first, "synced"), *((at, what) for at in breaks for what in ("gap", "synced")), (last, SEEN)]
    return sorted(marks, key=lambda mark: mark[0])


def share(intervals: Iterable[Interval], span: Interval) -> float:
    """Which part of a span the intervals cover, 0 to 1. Of a span without length: 1 if they touch it."""
    start, end = span
    if start == end:
        return float(any(low <= start <= high for low, high in intervals))
    inside = sum(max(0, min(high, end) - max(low, start)) for low, high in intervals)
    return inside / (end - start)


def around(intervals: Sequence[Interval], at: int) -> tuple[int | None, int | None]:
    """The uncertain stretch around a gap's moment: its last certain instant before, its first after; null if none."""
    before = max((high for low, high in intervals if low < at), default=None)
    after = min((low for low, _ in intervals if low >= at), default=None)
    return before, after
