"""What the screen's workers bring back from the trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from textual.message import Message

from analysis.history import Change, HistoryRow
from analysis.timeline import Timeline
from analysis.volume_list import VolumeList


@dataclass
class RowsLoaded(Message):
    """The rows around `seq` are here."""

    seq: int | None
    """None where the trace has no rows."""
    rows: Sequence[HistoryRow]
    instant: datetime | None
    """The time that was asked for; None where it is that of the row found."""
    is_refill: bool
    """Whether the cursor stays on its row."""


@dataclass
class ChangeLoaded(Message):
    """What a row changed is known."""

    row: HistoryRow
    change: Change


@dataclass
class RefusedToAnswer(Message):
    """A question about rows has no answer."""

    why: str


@dataclass
class ModelsAdvanced(Message):
    """The models that a question needs are being built."""

    done: int
    total: int


@dataclass
class VolumesLoaded(Message):
    """The volumes of the trace are here."""

    volumes: VolumeList


@dataclass
class VolumeLoaded(Message):
    """A volume's life is here."""

    volume_id: str
    life: Timeline
    blame: str
    """Who had the turn while its pods waited, in words as wide as the screen was."""
