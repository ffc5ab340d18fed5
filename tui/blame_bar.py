"""Who had the turn while pods waited for a volume, as one bar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import accumulate, pairwise
from typing import Any

from rich.text import Text

from analysis.text import took
from tracer.trace.visible import visible
from tui.owners import look_of


def blame_bar(stretches: Iterable[Mapping[str, Any]], width: int) -> Text:
    """A line of `width` columns, each owner's share as long as its time, then a line of owners, the longest first.

    Stretches are rows of `Trace.blame`; empty where nobody waited.
    """
    times: Counter[str] = Counter()
    for stretch in stretches:
        times[stretch["owner"]] += stretch["duration_us"]
    whole = times.total()
    if not whole:
        return Text()
    owners = times.most_common()
    ends = [0, *accumulate(time for _, time in owners)]
    text = Text(no_wrap=True, overflow="ellipsis")
    for (owner, _), (begin, end) in zip(owners, pairwise(ends), strict=True):
        look = look_of(owner)
        text.append(look.shape * (round(end / whole * width) - round(begin / whole * width)), look.colour)
    text.append("\n")
    for owner, time in owners:
        look = look_of(owner)
        text.append(f"{look.shape} ", look.colour)
        text.append(visible(f"{owner} {took(time)} {time / whole:.0%}  "))
    return text
