"""The replay app: views of one trace, which share a time cursor."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from textual import on
from textual.app import App, SystemCommand
from textual.screen import Screen

from analysis.trace import Summary, Trace
from tui.messages import ModelsAdvanced
from tui.replay import Replay
from tui.view_screen import ViewScreen
from tui.views import VIEWS

_TICK_S = 0.2


class ReplayApp(App[None]):
    """Shows a trace: its volumes first, or with a `start` its history with the cursor there."""

    TITLE = "volreel"

    def __init__(self, trace: Trace, summary: Summary, start: datetime | None = None) -> None:
        super().__init__()
        self.replay = Replay(trace, summary, start)
        self._first_view = "history" if start else "volumes"
        for view in VIEWS:
            self.add_mode(view.name, partial(view.make, self.replay))
            self.bind(view.key, f"view({view.name!r})", description=view.meaning, show=False)

    async def on_mount(self) -> None:
        self.replay.trace.when_building(self._tell_of_advance)
        await self.switch_mode(self._first_view)
        self.set_interval(_TICK_S, self._tick)

    def on_unmount(self) -> None:
        self.replay.trace.cancel()

    async def action_view(self, name: str) -> None:
        """Show a view; a dialog that is open stays."""
        if len(self.screen_stack) == 1:
            await self.switch_mode(name)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        for view in VIEWS:
            yield SystemCommand(
                f"{view.name.capitalize()} ({view.key})", view.meaning, partial(self.switch_mode, view.name)
            )
        yield SystemCommand("Quit (q)", "Leave volreel", self.exit)

    def _tick(self) -> None:
        if not self.replay.pace.is_playing:
            return
        if isinstance(self.screen, ViewScreen):
            self.replay.advance()
            self.screen.moved()
        else:
            self.replay.pace.pause()

    def _tell_of_advance(self, _: str, done: int, total: int) -> None:
        self.post_message(ModelsAdvanced(done, total))

    @on(ModelsAdvanced)
    def _show_advance(self, advanced: ModelsAdvanced) -> None:
        if isinstance(self.screen, ViewScreen):
            self.screen.show_advance(advanced.done, advanced.total)
