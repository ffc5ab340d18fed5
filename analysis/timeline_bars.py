"""The steps of a volume's life as bars of characters on one scale of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from analysis.timeline import Timeline

CERTAIN, UNCERTAIN, GAP, OPEN = "█", "▒", "/", "→"


@dataclass(frozen=True, slots=True)
class Scale:
    """A stretch of time, and over how many columns it is drawn."""

    begin: datetime
    end: datetime
    width: int

    def cell(self, instant: datetime) -> int:
        """The column of an instant; one outside the stretch has the first or the last."""
        whole = (self.end - self.begin).total_seconds()
        share = (instant - self.begin).total_seconds() / whole if whole else 0.0
        return min(max(int(share * self.width), 0), self.width - 1)


def bar(phase: dict[str, Any], scale: Scale, certain: str = CERTAIN) -> str:
    """A phase's bar: of `certain` as far as it is known, then shaded; an open one ends in an arrow.

    One of which only the end is known begins with the scale; one of which only the begin is known is a cell.
    """
    first = scale.cell(phase["begins_at"]) if phase["begins_at"] is not None else 0
    last = scale.cell(phase["seen_until"]) if phase["seen_until"] is not None else first
    cells = [" "] * first + [certain] * (last - first + 1)
    if phase["longest_us"] is not None and phase["shortest_us"] is not None:
        whole = (scale.end - scale.begin).total_seconds() or 1.0
        vague = int((phase["longest_us"] - phase["shortest_us"]) / 1_000_000 / whole * scale.width)
        for cell in range(max(first, last - vague + 1), last + 1):
            cells[cell] = UNCERTAIN
    if phase["state"] == "open":
        cells[last] = OPEN
    return "".join(cells)


def gap_strip(life: Timeline, scale: Scale) -> str:
    """`/` where some stream may have missed something; empty where none may."""
    cells = [" "] * scale.width
    for gap in life.gaps.rows(named=True):
        gap_end = gap["ends_at"] or scale.end
        if gap["begins_at"] <= scale.end and gap_end >= scale.begin:
            for cell in range(scale.cell(gap["begins_at"]), scale.cell(gap_end) + 1):
                cells[cell] = GAP
    return "".join(cells).rstrip()
