"""The replay app: views of one trace, which share a time cursor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial

from textual import on, work
from textual.app import App, SystemCommand
from textual.screen import Screen

from analysis.overview import count_volumes, read_found, read_overview
from analysis.trace import Summary, Trace
from tracer.errors import VolreelError
from tui.messages import Learnt, ModelsAdvanced
from tui.replay import Known, Replay
from tui.view_screen import ViewScreen
from tui.views import VIEWS

_TICK_S = 0.2
LEARNING = "learning"
"""The group of the worker that no view waits for."""


class ReplayApp(App[None]):
    """Shows a trace: its volumes first, or with a `start` its history with the cursor there."""

    TITLE = "volreel"

    def __init__(self, trace: Trace, summary: Summary, start: datetime | None = None) -> None:
        super().__init__()
        self.replay = Replay(trace, summary, start)
        self._first_view = "history" if start else "volumes"
        self._is_learning = False
        for view in VIEWS:
            self.add_mode(view.name, partial(view.make, self.replay))
            self.bind(view.key, f"view({view.name!r})", description=view.meaning, show=False)

    async def on_mount(self) -> None:
        self.replay.trace.when_building(self._tell_of_advance)
        await self.switch_mode(self._first_view)
        self.set_interval(_TICK_S, self._tick)
        self.learn()

    def on_unmount(self) -> None:
        self.replay.trace.cancel()

    async def action_view(self, name: str) -> None:
        """Show a view; a dialog that is open stays."""
        if len(self.screen_stack) == 1:
            await self.switch_mode(name)
            self.learn()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        for view in VIEWS:
            yield SystemCommand(
                f"{view.name.capitalize()} ({view.key})", view.meaning, partial(self.switch_mode, view.name)
            )
        yield SystemCommand("Quit (q)", "Leave volreel", self.exit)

    # -- what the first lines of every view tell: nobody waits for it -------------------------------------------------

    def learn(self) -> None:
        """Find out what is not known of the trace as a whole; where that is cancelled the next view asks again."""
        if self.replay.known.found is None and not self._is_learning:
            self._is_learning = True
            self._learn(self.replay.known)

    @work(thread=True, group=LEARNING)
    def _learn(self, known: Known) -> None:
        trace, summary = self.replay.trace, self.replay.summary
        try:
            if known.overview is None and summary.first_at and summary.last_at:
                known = replace(known, overview=read_overview(trace, summary.first_at, summary.last_at))
                self.post_message(Learnt(known))
            known = replace(known, volumes=count_volumes(trace))
            self.post_message(Learnt(known))
            known = replace(known, found=read_found(trace))
        except VolreelError:
            pass  # it was cancelled, or the view that asks as well says why not
        self.post_message(Learnt(known, is_all=True))

    @on(Learnt)
    def _take_learnt(self, learnt: Learnt) -> None:
        self.replay.known = learnt.known
        self._is_learning = not learnt.is_all
        if isinstance(self.screen, ViewScreen):
            self.screen.show_known()

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
