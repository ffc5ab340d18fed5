"""The worlds at an instant as text: what is not known, what differs, then each volume on each node."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.places import NO_PLACES, drifting, no_drift, not_known, places
from analysis.text import cut, table
from analysis.worlds import Standing
from tracer.trace.visible import visible


def as_text(standing: Standing, width: int, *, only_drift: bool = False) -> str:
    """Within `width` columns; `only_drift` leaves out what is as it should be."""
    parts = [_head(standing, width), _drift(standing, width)]
    if not only_drift:
        parts.append(_volumes(standing, width))
    return "\n".join("".join(part) for part in parts)


def _head(standing: Standing, width: int) -> Iterator[str]:
    yield f"at {standing.at:%Y-%m-%d %H:%M:%S.%f} UTC\n"
    for sentence in not_known(standing):
        yield cut(visible(sentence), width) + "\n"


def _drift(standing: Standing, width: int) -> Iterator[str]:
    rows = drifting(standing)
    if not rows:
        yield f"{no_drift(standing)}\n"
        return
    header = ("volume", "node", "is", "for", "turn", "world")
    shown = (([row.volume, row.node, row.kind, row.lasted, row.turn, row.worlds], row.why) for row in rows)
    yield f"drift: {len(rows)}\n"
    yield from table(header, shown, width, flexible="volume")


def _volumes(standing: Standing, width: int) -> Iterator[str]:
    rows = places(standing)
    if not rows:
        yield f"{NO_PLACES}\n"
        return
    header = ("volume", "node", "wanted by", "attached", "mounted")
    shown = (([row.volume, row.node, row.wanted_by, row.attached, row.mounted], None) for row in rows)
    yield from table(header, shown, width, flexible="volume")
