"""What changed between two instants as text: a line a change, then how many volumes stood how."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from analysis.text import table

_NOTHING = "-"


def as_text(changes: pl.DataFrame, begin: datetime | None, end: datetime | None, width: int) -> str:
    """Changes as `Trace.changes` gives them between two instants, within `width` columns; None in an empty trace."""
    if begin is None or end is None:
        return "the trace is empty\n"
    dated = changes.filter(pl.col("changed_at").is_not_null()).rows(named=True)
    counted = changes.filter(pl.col("changed_at").is_null()).rows(named=True)
    head = f"from {begin:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} UTC\n"
    if not dated and not counted:
        return f"{head}\nnothing changed\n"
    parts = [head]
    if dated:
        rows = ((_dated(row), None) for row in dated)
        header = ("at (UTC)", "subject", "what", "was > is")
        parts.append("".join(table(header, rows, width, flexible="subject")))
    if counted:
        rows = (([row["subject"], row["what"] or "?", row["before"], row["after"]], None) for row in counted)
        parts.append("".join(table(("volumes", "standing", "were", "are"), rows, width, right=("were", "are"))))
    return "\n".join(parts)


def _dated(row: dict[str, Any]) -> list[str]:
    return [
        f"{row['changed_at']:%H:%M:%S}",
        row["subject"],
        row["what"],
        f"{row['before'] or _NOTHING} > {row['after'] or _NOTHING}",
    ]
