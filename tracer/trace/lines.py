"""Raw log lines, byte for byte, from the parts that a trace stores.

A line's `layout` is its text with placeholders for what stands in other columns:

    {stamp} I{at %m%d %H:%M:%S.|6|0}       1 {source}] {message:q} method={0:q} err={1}

    {stamp}       stamped_at, RFC 3339 in UTC with nine decimals; {stamp O N} at an offset of O minutes with N decimals
    {at F|N|O}    logged_at at an offset of O minutes: strftime format F of the second, then N decimals
    {ms N}        logged_at as milliseconds since 1970 with N decimals; {s N} as seconds
    {source}, {message}, {0}, {1} ...     these columns; a number is the place of a value in `fields`
    :q, :j, :h, :o                        the value quoted: Go's %q, JSON, JSON with HTML escaped, a JSON reference

A brace that belongs to the text is doubled. Where a line cannot be put together like this, `line` holds it whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import pyarrow as pa

from tracer.trace.quoting import QUOTES

LINE_PARTS = ("stamped_at", "logged_at", "source", "message", "fields", "layout", "line")
"""The columns that `raw_lines` needs."""

_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


class Parts(NamedTuple):
    """What a layout puts together; times are ns and µs since 1970."""

    stamped_at: int | None
    logged_at: int | None
    source: str | None
    message: str | None
    values: Sequence[str]
    """The values of `fields`, in their order."""


Piece = str | Callable[[Parts], str]


def raw_lines(batch: pa.RecordBatch) -> list[str | None]:
    """The raw line of each row of a batch that has LINE_PARTS, its stamp included; None where a row has none."""
    stamps, times = (batch[name].cast(pa.int64()).to_pylist() for name in LINE_PARTS[:2])
    sources, messages, layouts, lines = (batch[name].to_pylist() for name in (*LINE_PARTS[2:4], *LINE_PARTS[5:]))
    values = _values(batch["fields"])
    return [
        line if line is not None or layout is None else render(layout, Parts(stamp, at, source, message, each))
        for stamp, at, source, message, each, layout, line in zip(
            stamps, times, sources, messages, values, layouts, lines, strict=True
        )
    ]


def _values(fields: Any) -> list[list[str]]:
    items = fields.items.to_pylist()
    offsets = fields.offsets.to_pylist()
    first = offsets[0] if offsets else 0
    base = 0 if len(items) >= (offsets[-1] if offsets else 0) else first  # a slice has its own items, or all
    return [items[start - base : end - base] for start, end in pairwise(offsets)]


def render(layout: str, parts: Parts) -> str:
    """The line of a layout. Raises ValueError for a layout that asks for what is not there."""
    try:
        return "".join([piece if piece.__class__ is str else piece(parts) for piece in _pieces(layout)])  # type: ignore[operator]
    except (TypeError, IndexError, OverflowError) as error:
        raise ValueError(f"the layout {layout!r} asks for what the row does not have") from error


def literal(text: str) -> str:
    """Text as it stands in a layout."""
    return text.replace("{", "{{").replace("}", "}}") if "{" in text or "}" in text else text


@lru_cache(maxsize=4096)
def _pieces(layout: str) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    end = 0
    for match in _PLACE.finditer(layout):
        pieces.append(layout[end : match.start()])
        pieces.append(match[0][0] if match[1] is None else _place(match[1]))
        end = match.end()
    return tuple(piece for piece in (*pieces, layout[end:]) if piece != "")


def _place(place: str) -> Piece:
    if place == "stamp" or place.startswith("stamp "):
        how = [int(each) for each in place.split(" ")[1:]]
        return lambda parts: stamp_text(_known(parts.stamped_at), *how)
    if place.startswith("at "):
        form, decimals, offset = place[3:].rsplit("|", 2)
        return _time_of(form, int(decimals), int(offset))
    if place.startswith(("ms ", "s ")):
        unit, decimals = place.split(" ")
        return _epoch_of(1_000 if unit == "ms" else 1_000_000, 3 if unit == "ms" else 6, int(decimals))
    name, _, letter = place.partition(":")
    quote = QUOTES[letter] if letter else str
    if name == "source":
        return lambda parts: quote(_text(parts.source))
    if name == "message":
        return lambda parts: quote(_text(parts.message))
    index = int(name)
    return lambda parts: quote(parts.values[index])


def _known(instant: int | None) -> int:
    if instant is None:
        raise TypeError("no time")
    return instant


def _text(value: str | None) -> str:
    if value is None:
        raise TypeError("no text")
    return value


def _time_of(form: str, decimals: int, offset: int) -> Callable[[Parts], str]:
    def text(parts: Parts) -> str:
        second, micros = divmod(_known(parts.logged_at), 1_000_000)
        return second_text(second, form, offset) + f"{micros:06d}"[:decimals]

    return text


def _epoch_of(unit: int, width: int, decimals: int) -> Callable[[Parts], str]:
    def text(parts: Parts) -> str:
        whole, rest = divmod(_known(parts.logged_at), unit)
        return f"{whole}.{rest:0{width}d}"[: decimals - width or None] if decimals else str(whole)

    return text


@lru_cache(maxsize=4096)
def second_text(second: int, form: str, offset: int) -> str:
    """A second since 1970 in a strftime format, at an offset of so many minutes."""
    return datetime.fromtimestamp(second, timezone(timedelta(minutes=offset))).strftime(form)


def stamp_text(instant_ns: int, offset: int = 0, decimals: int = 9) -> str:
    """RFC 3339 as runtimes stamp lines, with nine decimals; at an offset of so many minutes."""
    second, nanos = divmod(instant_ns, 1_000_000_000)
    zone = f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}" if offset else "Z"
    fraction = f".{nanos:09d}"[: decimals + 1] if decimals else ""
    return f"{second_text(second, '%Y-%m-%dT%H:%M:%S', offset)}{fraction}{zone}"


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
