"""From raw lines to the columns of a trace: cleared of secrets, recognised, taken apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from tracer.logs.calendar import Calendar
from tracer.logs.calls import derived_fields
from tracer.logs.dialects import CONTINUED, DIALECTS
from tracer.logs.key_values import parse_structured
from tracer.logs.parsed import Parsed, unique
from tracer.logs.redaction import scrub_lines
from tracer.trace.lines import stamp_text

LIFTED = ("stamped_at", "logged_at", "severity", "source", "message", "fields", "dialect", "layout", "line")
"""The columns that are made from a raw line."""

_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ", re.ASCII)
"""Runtimes write nine decimals; what has passed through a tool may have lost zeros at its end, or all of them."""
_TOGETHER_NS = 20_000_000
"""Lines that the runtime stamps so close together were written by one call; up to 12 ms were seen on a busy node."""
_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)
_LONGEST_VALUE = 65_536
"""Characters of a value of several lines; what comes after that stands in its lines alone."""


Row = list[Any]
"""The values of LIFTED."""
FIELDS = LIFTED.index("fields")


class _Stream:
    """What is remembered of a stream between its lines."""

    __slots__ = ("calendar", "head", "head_row", "last_stamp", "size", "value")

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.head: Parsed | None = None
        """The last line that was recognised."""
        self.last_stamp: int | None = None
        """Of the last line of its entry."""
        self.head_row: int | None = None
        """Its row in the batch that is being lifted; None when it was in an earlier one."""
        self.value: list[str] | None = None
        """The lines so far of a value that is still open."""
        self.size = 0

    def end_batch(self, rows: list[Row]) -> None:
        """What comes later finds no row of this batch to add to."""
        if self.value is not None:
            _close_value(self, rows)
        self.head_row = None


class LogLifter:
    """Lifts the lines of any number of streams, batch by batch.

    The lines of a stream must come in their order: klog leaves year and zone out of its times, and an entry may have
    several lines.
    """

    def __init__(self, calendar: Callable[[str], Calendar] = lambda stream: Calendar()) -> None:
        """`calendar` makes what tells year and zone in a stream; it is asked once per stream."""
        self._calendar = calendar
        self._streams: dict[str, _Stream] = {}

    def forget(self, stream: str) -> None:
        """The stream has ended."""
        self._streams.pop(stream, None)

    def lift(
        self, streams: Sequence[str], lines: Sequence[str], observed_s: Sequence[int] | None = None
    ) -> dict[str, list[Any]]:
        """The columns LIFTED of these lines, each with its runtime's stamp if it has one, without its newline.

        `observed_s` are the seconds since 1970 by which they were written: years of lines without a stamp follow.
        """
        rows: list[Row] = []
        touched = set()
        by: Sequence[int | None] = observed_s or [None] * len(lines)
        for name, line, by_s in zip(streams, scrub_lines(lines), by, strict=True):
            stream = self._streams.get(name)
            if stream is None:
                stream = self._streams[name] = _Stream(self._calendar(name))
            touched.add(name)
            self._lift(stream, line, by_s, rows)
        for name in touched:
            self._streams[name].end_batch(rows)
        return dict(zip(LIFTED, (list(column) for column in zip(*rows, strict=True)), strict=True)) if rows else {}

    def _lift(self, stream: _Stream, line: str, by_s: int | None, rows: list[Row]) -> None:
        nanos = line[20:29]
        if (
            line[29:31] == "Z "
            and line[19] == "."
            and nanos.isdigit()
            and nanos.isascii()
            and (second := _second(line[:19], "Z"))
        ):
            stamp: int | None = second * 1_000_000_000 + int(nanos)
            lead: str | None = "{stamp} "
            text = line[31:]
            stream.calendar.stamped(second)
        else:
            stamp, lead, text = _stamped(line)
            stream.calendar.stamped(None if stamp is None else stamp // 1_000_000_000, by_s)
        for dialect in DIALECTS:
            parsed = dialect.parse(text, stream.calendar)
            if parsed is not None:
                break
        else:
            rows.append([stamp, *_other_line(stream, stamp, text, rows), *_raw(line, lead, "{message}")])
            return
        if stream.value is not None:
            _close_value(stream, rows)
        said = parsed.said
        stream.head, stream.last_stamp, stream.head_row = parsed, stamp, len(rows)
        stream.value, stream.size = (None if said.opened is None else []), 0
        what = (said.severity, said.source, said.message, said.pairs)
        rows.append([stamp, parsed.logged_at, *what, dialect.NAME, *_raw(line, lead, said.layout)])


def _raw(line: str, lead: str | None, layout: str | None) -> tuple[str | None, str | None]:
    """`layout` and `line` of a row: where the parts do not give the line back it is kept whole."""
    return (None, line) if lead is None or layout is None else (lead + layout, None)


def _other_line(stream: _Stream, stamp: int | None, text: str, rows: list[Row]) -> Row:
    """logged_at to dialect of a line of none: it goes on with the entry before it, or it is kept as it is."""
    head = stream.head
    if head is None or not _continues(stream, stamp, text):
        stream.head = None
        return [None, None, None, text, (), None]
    stream.last_stamp = stamp
    if stream.value is not None:
        _continue_value(stream, text, rows)
    said = head.said
    return [head.logged_at, said.severity, said.source, text, (), CONTINUED]


def _continues(stream: _Stream, stamp: int | None, text: str) -> bool:
    if stream.value is not None or text[:1] in ("\t", " "):
        return True
    if stamp is None or stream.last_stamp is None:
        return True
    return 0 <= stamp - stream.last_stamp <= _TOGETHER_NS


def _continue_value(stream: _Stream, text: str, rows: list[Row]) -> None:
    """A line of klog's `key=<`, or its end, behind which more keys may come."""
    assert stream.value is not None and stream.head is not None
    if not text.startswith(" >"):
        stream.size += len(text)
        if stream.size <= _LONGEST_VALUE:
            stream.value.append(text.removeprefix("\t"))
        return
    _close_value(stream, rows, text[2:])
    stream.value = None


def _close_value(stream: _Stream, rows: list[Row], rest: str = "") -> None:
    """Put the value into the row that it began in, and the keys that stand behind its end."""
    assert stream.value is not None and stream.head is not None
    if stream.head_row is None:  # its row is written already
        return
    said, value = stream.head.said, "\n".join(stream.value)
    behind = parse_structured(f'""{rest}') if rest else None
    own = said.pairs[: said.own]
    pairs = [(key, value if key == said.opened else each) for key, each in own]
    found = unique([*pairs, *(behind.pairs if behind else ())])
    rows[stream.head_row][FIELDS] = found + derived_fields(said.message, found)


def _stamped(line: str) -> tuple[int | None, str | None, str]:
    """The runtime's stamp in ns since 1970, its place in a layout (None: it has none), and the text behind it."""
    match = _STAMP.match(line)
    second = _second(match[1], match[3]) if match else None
    if match is None or second is None:
        return None, "", line
    fraction, zone = match[2] or "", match[3]
    stamp = second * 1_000_000_000 + int(fraction.ljust(9, "0"))
    minutes = 0 if zone == "Z" else int(zone[0] + "1") * (int(zone[1:3]) * 60 + int(zone[4:]))
    is_plain = stamp_text(stamp, minutes, len(fraction)) + " " == match[0]  # +00:00 is not
    return stamp, f"{{stamp {minutes} {len(fraction)}}} " if is_plain else None, line[match.end() :]


@lru_cache(maxsize=4096)
def _second(seconds: str, zone: str) -> int | None:
    """Of a time that a 64-bit number of nanoseconds reaches."""
    try:
        found = int(datetime.fromisoformat(seconds + zone).timestamp())
    except (ValueError, OverflowError):
        return None
    return found if _SECONDS.fullmatch(seconds) and abs(found) < 2**33 else None
