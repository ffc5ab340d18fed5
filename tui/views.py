"""The views of a trace: a screen each, and the key that shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tui.findings_screen import FindingsScreen
from tui.history_screen import HistoryScreen
from tui.latency_screen import LatencyScreen
from tui.logs_screen import LogsScreen
from tui.replay import Replay
from tui.sql_screen import SqlScreen
from tui.view_screen import ViewScreen
from tui.volume_screen import VolumeScreen
from tui.volumes_screen import VolumesScreen
from tui.worlds_screen import WorldsScreen


class View(NamedTuple):
    """A view is a screen that is made of what all views share."""

    key: str
    name: str
    meaning: str
    make: Callable[[Replay], ViewScreen]


VIEWS = (
    View("1", "volumes", "All volumes, stuck first, then slowest", VolumesScreen),
    View("2", "volume", "The life of the volume that was opened", VolumeScreen),
    View("3", "history", "All observations around the time cursor", HistoryScreen),
    View("4", "logs", "The log lines around the cursor, of the volume or all", LogsScreen),
    View("5", "worlds", "What should be attached and mounted at the cursor, and what is: drift first", WorldsScreen),
    View("6", "latency", "How long each step takes, and for which volumes the longest", LatencyScreen),
    View("7", "findings", "What went wrong, each cause with what follows from it", FindingsScreen),
    View("8", "sql", "Ask the trace in SQL", SqlScreen),
)
