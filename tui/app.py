"""The replay app: one screen over one trace."""

from __future__ import annotations

from datetime import datetime

from textual.app import App

from analysis.history import History
from analysis.trace import Summary, Trace
from tui.replay import ReplayScreen


class ReplayApp(App[None]):
    """Plays a trace back; `start` is where the cursor stands first, the trace's beginning by default."""

    TITLE = "volreel"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, trace: Trace, summary: Summary, start: datetime | None = None) -> None:
        super().__init__()
        self._trace = trace
        self._first_screen = ReplayScreen(History(trace), summary, start)

    def on_mount(self) -> None:
        self.push_screen(self._first_screen)

    def on_unmount(self) -> None:
        self._trace.cancel()
