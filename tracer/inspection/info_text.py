"""What a trace holds, as text of 80 columns: doubts first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from tracer.inspection.info import Gap, TraceInfo, Trouble
from tracer.trace.manifest import Session
from tracer.trace.visible import visible
from tracer.units import show_duration, show_size

_WIDTH = 80
_MOST = 12
"""Entries of a list; --json has all."""


def info_text(info: TraceInfo) -> str:
    """The text, newline at its end. Text from the trace is shown, never obeyed."""
    parts = [_doubts(info), _about(info), _kinds(info), _logs(info), _tables(info)]
    return "\n".join("".join(f"{line}\n" for line in part) for part in map(list, parts) if part)


# -- doubts -----------------------------------------------------------------------------------------------------------


def _doubts(info: TraceInfo) -> Iterator[str]:
    doubts = [
        *_broken(info),
        *_few(map(_gap, info.gaps)),
        *_few(_troubles(each for each in info.troubles if each.what != "absent")),
        *_left_out(info),
        *_assumed(info),
    ]
    yield "Gaps and doubts" if doubts else "Gaps and doubts: none"
    yield from doubts


def _broken(info: TraceInfo) -> Iterator[str]:
    if info.state == "not ended":
        yield from _item("the recording did not end well", "its writer was killed; what it had made durable is here")
    for fault in info.faults:
        yield from _item(fault["file"], fault["why"])
    for why in info.damaged:
        yield from _item("damaged", why)


def _gap(gap: Gap) -> list[str]:
    since, until = gap.certain_until or "its beginning", gap.certain_from or "the end"
    length = f" ({_between(since, until)})" if gap.certain_until and gap.certain_from else ""
    return [
        *_item(f"{gap.what} in {gap.stream}", f"{_show(since)} to {_until(since, until)}{length}"),
        *_wrapped(gap.why or "", "      "),
    ]


def _troubles(troubles: Iterable[Trouble]) -> Iterator[list[str]]:
    """Streams that failed for the same reason are one doubt."""
    alike: dict[tuple[str, str], list[Trouble]] = {}
    for trouble in troubles:
        alike.setdefault((trouble.what, trouble.why or ""), []).append(trouble)
    for (what, why), found in alike.items():
        times = sum(trouble.times for trouble in found)
        last = _show(max(trouble.last_at for trouble in found))
        streams = ", ".join(trouble.stream for trouble in found)
        when = last if times == 1 else f"{times} times, last {last}"
        yield [*_item(f"{what} ({when})", streams), *_wrapped(why, "      ")]


def _left_out(info: TraceInfo) -> Iterator[str]:
    for stream, counts in sorted(info.filtered.items()):
        why = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))
        yield from _item(f"left out of {stream}", why)


def _assumed(info: TraceInfo) -> list[str]:
    if not any(each.assumed for each in info.kinds):
        return []
    why = "a capture without `synced` rows does not say what it missed; it counts from its first row to its last"
    return _item("covered* is assumed", why)


def _few(entries: Iterable[list[str]]) -> list[str]:
    every = list(entries)
    lines = [line for entry in every[:_MOST] for line in entry]
    return lines if len(every) <= _MOST else [*lines, f"  and {len(every) - _MOST} more; --json has all"]


def _item(what: str, about: str) -> list[str]:
    return _wrapped(f"{what}: {about}", "  ", "      ")


def _wrapped(text: str, indent: str, further: str | None = None) -> list[str]:
    return textwrap.wrap(
        visible(text), _WIDTH, initial_indent=indent, subsequent_indent=further or indent, break_on_hyphens=False
    )


# -- the trace --------------------------------------------------------------------------------------------------------


def _about(info: TraceInfo) -> Iterator[str]:
    yield from _entry("Trace", f"{info.trace} ({show_size(info.bytes)}, {info.state})")
    cluster = info.cluster
    known = [cluster.server, cluster.version, cluster.uid and f"kube-system {cluster.uid}"]
    yield from _entry("Cluster", ", ".join(each for each in known if each) or "unknown")
    if info.first_at and info.last_at:
        yield from _entry(
            "Span", f"{_show(info.first_at)} to {_until(info.first_at, info.last_at)}, {show_duration(info.span_s)}"
        )
    else:
        yield from _entry("Span", "no rows")
    if absent := sorted(each.stream.rsplit("/", 1)[-1] for each in info.troubles if each.what == "absent"):
        yield from _entry("Absent", f"not served by the cluster at some time: {', '.join(absent)}")
    if info.kept_from:
        yield from _entry("Kept", f"from {_show(info.kept_from)}; before it only the state at that instant")
    for session in info.sessions:
        yield from _entry("Written", _session(session, info.state))


def _session(session: Session, state: str) -> str:
    end = f"ended {_show(session.ended_at)}" if session.ended_at else "no end: " + state
    return f"by {session.by} on {session.host}, {_show(session.started_at)}, {end}"


def _entry(name: str, text: str) -> list[str]:
    return _wrapped(f"{name:<9}{text}", "", "         ")


# -- tables -----------------------------------------------------------------------------------------------------------


def _kinds(info: TraceInfo) -> Iterator[str]:
    if not info.kinds:
        return
    rows = [
        (
            each.kind,
            f"{each.objects:,}",
            f"{each.observations:,}",
            f"{each.without_object:,}",
            _percent(each.coverage) + ("*" if each.assumed else " "),
        )
        for each in info.kinds
    ]
    yield from _table(("KIND", "OBJECTS", "OBSERVATIONS", "NO OBJECT", "COVERED "), rows)


def _logs(info: TraceInfo) -> Iterator[str]:
    if not info.logs:
        return
    several = len({(each.namespace, each.pod) for each in info.logs}) > 1
    most = sorted(info.logs, key=lambda each: -each.lines)[:_MOST]
    rows = [
        (
            f"{each.namespace}/{each.pod}/{each.container}" if several else each.container,
            f"{each.lines:,}",
            f"{each.runs:,}",
        )
        for each in most
    ]
    yield from _table(("LOG", "LINES", "RUNS"), rows)
    if len(info.logs) > _MOST:
        yield f"  and {len(info.logs) - _MOST} more containers; --json has all"


def _tables(info: TraceInfo) -> Iterator[str]:
    rows = [
        (
            each.table,
            f"{each.rows:,}",
            show_size(each.sealed_bytes),
            "-" if each.bytes_per_row is None else f"{each.bytes_per_row:.1f}",
        )
        for each in info.tables
    ]
    yield from _table(("TABLE", "ROWS", "SEALED", "BYTES/ROW"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The first column to the left and cut to what is free, the others to the right."""
    lines = [[visible(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in lines) for column in range(len(head))]
    widths[0] = min(widths[0], _WIDTH - sum(width + 2 for width in widths[1:]))
    for row in lines:
        first = row[0] if len(row[0]) <= widths[0] else "…" + row[0][1 - widths[0] :]
        numbers = (f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        yield f"{first:<{widths[0]}}{''.join(numbers)}".rstrip()


def _percent(part: float) -> str:
    """Never rounded up to 100 %."""
    return "100%" if part == 1 else f"{min(part * 100, 99.9):.1f}%"


def _show(instant: str) -> str:
    return instant[:19].replace("T", " ") if instant[:2].isdigit() else instant


def _until(since: str, until: str) -> str:
    """The day only where it is another one."""
    return _show(until)[11:] if since[:10] == until[:10] else _show(until)


def _between(since: str, until: str) -> str:
    return show_duration((datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds())
