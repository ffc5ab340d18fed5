"""A volume's life as text: its steps as bars on one scale of time, then each milestone with what proves it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from analysis.instants import length
from analysis.text import cut, table, took
from analysis.timeline import Timeline
from analysis.timeline_bars import Scale, bar, gap_strip
from tracer.trace.visible import visible

_NARROWEST_BAR = 12
_WIDE = 100
"""Columns from which a milestone's line has room for the time since the first."""
_STATES = {"open": "open", "abandoned": "given up", "contradiction": "contradiction"}


def as_text(life: Timeline, width: int) -> str:
    """The volume, its steps, its milestones; within `width` columns."""
    return "".join([*_head(life, width), *_steps(life, width), *_milestones(life, width)])


def _head(life: Timeline, width: int) -> Iterator[str]:
    volume = life.volume
    known = [volume["kind"], volume["storage_class"], volume["driver"], volume["pv_name"]]
    yield cut(visible(": ".join(filter(None, [volume["label"], ", ".join(filter(None, known))]))), width) + "\n"
    if volume["source_kind"]:
        yield cut(visible(f"made from {volume['source_kind']} {volume['source_name']}"), width) + "\n"
    standing = f"stands: {volume['standing'] or 'unknown'}"
    if volume["phase"]:
        standing += f", waits in {volume['phase']} ({volume['owner']}) for {took(volume['waiting_us'])} so far"
    yield standing + "\n"
    if volume["last_error"]:
        yield cut(visible(f"last error: {' '.join(volume['last_error'].split())}"), width) + "\n"


def _steps(life: Timeline, width: int) -> Iterator[str]:
    phases = life.phases.rows(named=True)
    if not phases:
        yield "\nno step of it is known\n"
        return
    instants = [phase[end] for phase in phases for end in ("begins_at", "seen_until") if phase[end] is not None]
    if not instants:
        yield "\nof its steps no instant is known\n"
        return
    begin, end = min(instants), max(instants)
    yield f"\nfrom {begin:%Y-%m-%d %H:%M:%S.%f} UTC, for {length((end - begin).total_seconds())}\n"
    rows = [_cells(phase, begin) for phase in phases]
    headings = ("step", "owner", "from", "took")
    widths = [max(len(name), *(len(cells[column]) for cells in rows)) for column, name in enumerate(headings)]
    scale = Scale(begin, end, max(_NARROWEST_BAR, width - sum(widths) - 2 * len(widths) - 1))
    yield _line(headings, widths, "time →") + "\n"
    if gaps := gap_strip(life, scale):
        yield _line(("not observed", "", "", ""), widths, gaps) + "\n"
    subject = None
    for phase, cells in zip(phases, rows, strict=True):
        if phase["use_id"] != subject:
            subject = phase["use_id"]
            where = f" on {phase['node']}" if phase["node"] else ""
            yield cut(visible(f"pod {phase['namespace']}/{phase['pod']}{where}"), width) + "\n"
        yield _line(cells, widths, bar(phase, scale)) + "\n"
        if phase["last_error"]:
            tries = f"{phase['attempts']} tries: " if (phase["attempts"] or 0) > 1 else ""
            yield cut(visible(f"    {tries}{' '.join(phase['last_error'].split())}"), width) + "\n"


def _cells(phase: dict[str, Any], begin: datetime) -> list[str]:
    state = _STATES.get(phase["state"])
    longer = ">" if phase["left_censored"] or phase["right_censored"] else ""
    duration = took(phase["duration_us"] if phase["duration_us"] is not None else phase["shortest_us"])
    return [
        phase["phase"],
        f"{phase['owner']} ({state})" if state else phase["owner"],
        _after(phase["begins_at"], begin),
        f"{longer}{duration}",
    ]


def _after(instant: datetime | None, begin: datetime) -> str:
    return "?" if instant is None else f"+{(instant - begin).total_seconds():.3f}"


def _line(cells: Sequence[str], widths: Sequence[int], bar: str) -> str:
    step, owner, since, duration = cells
    room = widths
    return f"{step:<{room[0]}}  {owner:<{room[1]}}  {since:>{room[2]}}  {duration:>{room[3]}}  {bar}".rstrip()


def _milestones(life: Timeline, width: int) -> Iterator[str]:
    milestones = life.milestones.rows(named=True)
    if not milestones:
        return
    begin = min(milestone["instant"] for milestone in milestones)
    yield "\n"
    header = ["at (UTC)", "after", "known to", "milestone", "pod", "told by", "seq"]
    rows = [(_proof(milestone, begin), milestone["disagreement"]) for milestone in milestones]
    if width < _WIDE:
        after = header.index("after")
        for cells in (header, *(cells for cells, _ in rows)):
            del cells[after]
    yield from table(header, rows, width, right=("after", "known to", "seq"), flexible="told by")


def _proof(milestone: dict[str, Any], begin: datetime) -> list[str]:
    is_bound = milestone["happened_at"] is None
    return [
        f"{'≤' if is_bound else ''}{milestone['instant']:%H:%M:%S.%f}"[:-3],
        _after(milestone["instant"], begin),
        took(milestone["precision_us"]),
        milestone["milestone"],
        milestone["pod"] or "-",
        milestone["source"],
        str(milestone["evidence"]),
    ]
