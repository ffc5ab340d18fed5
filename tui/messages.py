"""What the views' workers bring back from the trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual.message import Message

from analysis.answers import Answer
from analysis.completing import Completer
from analysis.finding_words import Finding, Undecided
from analysis.history import Change, HistoryRow
from analysis.landmarks import Spot
from analysis.latencies import Latencies
from analysis.log_rows import LogRow, LogRows
from analysis.overview import Found, Overview
from analysis.timeline import Timeline
from analysis.trace import Summary
from analysis.volume_list import VolumeList
from analysis.worlds import Standing
from tui.log_stretch import Searched


@dataclass
class Answered(Message):
    """The thread that was asked a question of a group is done."""

    group: str
    answer: Message


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
class OverviewLoaded(Message):
    """The trace as seen from afar is here."""

    overview: Overview


@dataclass
class FoundLoaded(Message):
    """It is known what there are of findings."""

    found: Sequence[Found]


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
class DoingsLoaded(Message):
    """What went on with each volume at the cursor is known, by volume_id."""

    doings: Mapping[str, str]


@dataclass
class VolumeLoaded(Message):
    """A volume's life is here."""

    volume_id: str
    life: Timeline
    blame: Mapping[tuple[str, str], Text]
    """Who had the turn while its pods waited, by use_id and direction, as wide as the screen was."""


@dataclass
class Renewed(Message):
    """More of the trace has been recorded."""

    summary: Summary


@dataclass
class LatenciesLoaded(Message):
    """How long each kind of phase takes is known."""

    latencies: Latencies


@dataclass
class SlowestLoaded(Message):
    """The phases of a group that took the longest are here."""

    group: dict[str, Any]
    phases: list[dict[str, Any]]


@dataclass
class WorldsLoaded(Message):
    """The worlds at an instant are here."""

    standing: Standing


@dataclass
class CompleterLoaded(Message):
    """The words that a query may be made of are known."""

    completer: Completer


@dataclass
class QueryAnswered(Message):
    """A query was answered."""

    query: str
    answer: Answer


@dataclass
class FindingsLoaded(Message):
    """What went wrong is known, and what could not be decided."""

    findings: Sequence[Finding]
    """Roots first by severity, each followed by its echoes."""
    undecided: Sequence[Undecided]


@dataclass
class LinesLoaded(Message):
    """Rows of the logs are here."""

    source: LogRows
    """Which were wanted."""
    label: str | None
    """The volume whose lines they are; None where any were wanted."""
    searched: Searched
    """The stretch that was looked through for them."""
    rows: Sequence[LogRow]
    here: int | None = None
    """The seq at the cursor, where that was asked for as well."""
