"""Where the reader is in the trace: what all views share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass
class Place:
    """The time cursor, and what it was put on."""

    instant: datetime | None
    """The cursor's time; None in an empty trace."""
    seq: int | None = None
    """The row that History is asked to stand on when it is shown next; None: where `instant` says."""
    volume_id: str | None = None
    """The volume that was opened."""
