"""The replay app: views of one trace, which share a time cursor."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from textual.app import App, SystemCommand
from textual.screen import Screen

from analysis.trace import Summary, Trace
from tui.place import Place
from tui.views import VIEWS


class ReplayApp(App[None]):
    """Shows a trace: its volumes first, or with a `start` its history with the cursor there."""

    TITLE = "volreel"

    def __init__(self, trace: Trace, summary: Summary, start: datetime | None = None) -> None:
        super().__init__()
        self._trace = trace
        self._first_view = "history" if start else "volumes"
        place = Place(start or summary.first_at)
        for view in VIEWS:
            self.add_mode(view.name, partial(view.make, trace, summary, place))
            self.bind(view.key, f"view({view.name!r})", description=view.name, show=False)

    async def on_mount(self) -> None:
        await self.switch_mode(self._first_view)

    async def action_view(self, name: str) -> None:
        """Show a view; a dialog that is open stays."""
        if len(self.screen_stack) == 1:
            await self.switch_mode(name)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        for view in VIEWS:
            yield SystemCommand(
                f"{view.name.capitalize()} ({view.key})", view.meaning, partial(self._show_view, view.name)
            )
        yield SystemCommand("Quit (q)", "Leave volreel", self.exit)

    async def _show_view(self, name: str) -> None:
        await self.switch_mode(name)

    def on_unmount(self) -> None:
        self._trace.cancel()
