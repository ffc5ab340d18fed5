"""How the durations of one kind of phase are spread, drawn over a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from rich.text import Text
from textual.widget import Widget

from analysis.latencies import BINS_PER_DECADE, SHORTEST_US, Bin
from tui.owners import look_of

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_CENSORED = "░"
_UNITS = {"µs": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
"""In microseconds."""
_ROUND = {"m": ((1, 10), (2, 5, 20, 30)), "h": ((1, 10), (2, 5)), "d": ((1, 10, 100), (2, 5, 20, 50))}
_ROUND_DECIMAL = ((1, 10, 100), (2, 5, 20, 50, 200, 500))
"""What of a unit is marked on the scale: first the one, then the other where there is room."""
_TICKS = [
    (number * us, f"{number}{unit}")
    for turn in (0, 1)
    for unit, us in _UNITS.items()
    for number in _ROUND.get(unit, _ROUND_DECIMAL)[turn]
]
_MARGIN = 5
"""Columns on the left, for the names of the percentiles."""
_MARKED = ("p50", "p95", "p99")


class DistributionChart(Widget):
    """Columns of phases that ended (in the owner's colour), on them those known to take longer (`░`).

    Below the scale each percentile stands as `●` within its confidence interval, `├─●─┤`; one without a known end
    leads out of the picture.
    """

    DEFAULT_CSS = "DistributionChart { height: 1fr; max-height: 12; min-height: 0; }"

    def __init__(self) -> None:
        super().__init__()
        self._group: dict[str, Any] | None = None
        self._spread: Sequence[Bin] = ()

    def show(self, group: dict[str, Any], spread: Sequence[Bin]) -> None:
        """Draw a group of `Latencies` and its spread."""
        self._group, self._spread = group, spread
        self.refresh()

    def show_nothing(self) -> None:
        """Draw nothing."""
        self._group = None
        self.refresh()

    def render(self) -> Text:
        if self._group is None or self.size.height < 3 or self.size.width <= 2 * _MARGIN:
            return Text("")
        scale = _Scale(self._spread, self.size.width - _MARGIN)
        marks = _MARKED[: max(0, min(len(_MARKED), self.size.height - 4))]
        lines = [*self._bars(scale, self.size.height - 1 - len(marks)), Text(" " * _MARGIN + scale.axis(), "dim")]
        lines += [Text(f"{name:<{_MARGIN}}{_interval(self._group, name, scale)}") for name in marks]
        return Text("\n", no_wrap=True, overflow="crop").join(lines)

    def _bars(self, scale: _Scale, height: int) -> Iterator[Text]:
        ended, censored = scale.counts(self._spread)
        most = max(map(sum, zip(ended, censored, strict=True)))
        colour = look_of(self._group["owner"]).colour if self._group else ""
        for row in reversed(range(height)):
            label = f"{most}" if row == height - 1 and len(f"{most}") < _MARGIN else ""
            line = Text(f"{label:>{_MARGIN - 1}} ", "dim")
            for of_ended, of_censored in zip(ended, censored, strict=True):
                filled = math.ceil(of_ended / most * height * 8) - row * 8
                # What never ended is seen however rare it is: it takes the next whole cell.
                top = max(math.ceil((of_ended + of_censored) / most * height), math.ceil(filled / 8) + row + 1)
                if filled > 0:
                    line.append(_EIGHTHS[min(8, filled)], colour)
                elif of_censored and row < min(top, height):
                    line.append(_CENSORED, "yellow")
                else:
                    line.append(" ")
            yield line


class _Scale:
    """Microseconds on a line of text, by their logarithm: from the first bin to behind the last."""

    def __init__(self, spread: Sequence[Bin], width: int) -> None:
        self.width = width
        self._begin = (spread[0].place - 1) / BINS_PER_DECADE
        self._decades = (spread[-1].place + 2) / BINS_PER_DECADE - self._begin

    def column(self, decade: float) -> int:
        """The column of 10 ** decade µs; outside of the line where that is outside of the scale."""
        return math.floor((decade - self._begin) / self._decades * self.width)

    def counts(self, spread: Sequence[Bin]) -> tuple[list[int], list[int]]:
        """How many phases that ended, and that did not, stand in each column."""
        ended, censored = [0] * self.width, [0] * self.width
        for each in spread:
            column = min(self.width - 1, self.column((each.place + 0.5) / BINS_PER_DECADE))
            ended[column] += each.ended
            censored[column] += each.censored
        return ended, censored

    def axis(self) -> str:
        """The line below the bars."""
        line = "─" * self.width
        for microseconds, name in _TICKS:
            column, tick = self.column(math.log10(microseconds)), f"┴{name}──"
            if column >= 0 and line[column : column + len(tick)] == "─" * len(tick):
                line = line[:column] + tick + line[column + len(tick) :]
        return line


def _interval(group: dict[str, Any], name: str, scale: _Scale) -> str:
    """A percentile and its bounds on the scale; empty where it is not known."""
    at, low, high = (group[f"{name}{part}_us"] for part in ("", "_low", "_high"))
    if at is None:
        return "? (too few have ended)"
    first, place, last = (
        scale.column(math.log10(max(SHORTEST_US, each))) if each is not None else None for each in (low, at, high)
    )
    line = []
    for column in range(scale.width):
        if column == place:
            line.append("●")
        elif column == first:
            line.append("├")
        elif column == last:
            line.append("┤")
        else:
            is_within = (first is None or column > first) and (last is None or column < last)
            line.append("─" if is_within else " ")
    return "".join(line)
