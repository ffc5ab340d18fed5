"""An answer as text: a table for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tracer.trace.visible import UNSAFE, visible

_NEXT_ROW = ",\n"
_NARROWEST = 8
"""Columns of a terminal below which a table's column says too little."""


def as_json(frame: pl.DataFrame) -> str:
    """A JSON array of one object a row. Instants are RFC 3339 in UTC, bytes are hexadecimal, decimals are text.

    Characters that a terminal would obey are escaped as JSON allows, so that nothing is lost.
    """
    return rows_as_json(frame.rows(named=True))


def rows_as_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """The same for rows that are no frame."""
    lines = (json.dumps(row, default=_as_json_value, ensure_ascii=False) for row in rows)
    escaped = (UNSAFE.sub(lambda match: json.dumps(match[0])[1:-1], line) for line in lines)
    return f"[{_NEXT_ROW.join(escaped)}]\n"


def as_json_object(frames: Mapping[str, pl.DataFrame]) -> str:
    """A JSON object with such an array for each name."""
    return "{" + ",\n".join(f'"{name}": {as_json(frame).rstrip()}' for name, frame in frames.items()) + "}\n"


def as_csv(frame: pl.DataFrame, *, shown: bool = False) -> str:
    """RFC 4180 with a header; lists and structs are JSON, null is empty.

    For a program every byte is as it was; `shown` on a terminal, escapes are spelt out.
    """
    spelt: Callable[[str], str] = visible if shown else str
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(spelt, frame.columns))
    writer.writerows(["" if each is None else spelt(as_text(each)) for each in row] for row in frame.iter_rows())
    return text.getvalue()


def as_table(frame: pl.DataFrame, width: int) -> str:
    """Rows and columns within `width`; where the columns are too many for it, a block of lines a row.

    Text from the trace is shown, never obeyed.
    """
    rows = [["" if each is None else visible(as_text(each)) for each in row] for row in frame.iter_rows()]
    names = [visible(name) for name in frame.columns]
    if len(names) * (_NARROWEST + 2) > width:
        return _blocks(names, rows)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))
    for name, kind in zip(names, frame.dtypes, strict=True):
        table.add_column(Text(name), justify="right" if kind.is_numeric() else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return _drawn(lambda console: console.print(table), width)


def _drawn(draw: Callable[[Console], None], width: int) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        draw(console)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def _blocks(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    longest = max(map(len, names))
    blocks = []
    for number, row in enumerate(rows, start=1):
        filled = [f"{name:<{longest}}  {value}\n" for name, value in zip(names, row, strict=True) if value]
        blocks.append(f"row {number}\n{''.join(filled)}")
    return "\n".join(blocks)


def as_text(value: Any) -> str:
    """A value, not null, as CSV and tables have it: lists and structs are JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        return json.dumps(value, default=_as_json_value, ensure_ascii=False)
    return str(_as_json_value(value))


def _as_json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        instant = value.astimezone(UTC) if value.tzinfo else value
        return instant.isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if value is not None else None
