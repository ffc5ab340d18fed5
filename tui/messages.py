"""What the views' workers bring back from the trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from analysis.history import Change, HistoryRow
from analysis.landmarks import Spot
from analysis.timeline import Timeline
from analysis.volume_list import VolumeList
from tui.replay import Known


@dataclass
class Answered(Message):
    """The thread that was asked a question of a group is done."""

    group: str


@dataclass
class RefusedToAnswer(Message):
    """A question of a group has no answer."""

    group: str
    why: str


@dataclass
class ModelsAdvanced(Message):
    """The models that a question needs are being built."""

    done: int
    total: int


@dataclass
class Learnt(Message):
    """More is known of the trace as a whole."""

    known: Known
    is_all: bool = False
    """Whether that is all that will be found out now."""


@dataclass
class SpotFound(Message):
    """Where the cursor is to stand is known."""

    spot: Spot
    view: str | None = None
    """The view that is to show it; None for the one that asked."""


@dataclass
class ExplanationLoaded(Message):
    """Why the selection stood as it did at the cursor."""

    text: str


@dataclass
class RowsLoaded(Message):
    """The rows around `seq` are here."""

    seq: int | None
    """None where the trace has no rows."""
    rows: Sequence[HistoryRow]
    is_refill: bool
    """Whether the cursor stays on its row."""


@dataclass
class ChangeLoaded(Message):
    """What a row changed is known."""

    row: HistoryRow
    change: Change


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
