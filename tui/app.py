"""The replay app: views of one trace, which share a time cursor."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from textual import on
from textual.app import App, SystemCommand
from textual.message import Message
from textual.screen import Screen

from analysis.landmarks import Spot
from analysis.overview import read_found, read_overview
from analysis.trace import Summary, Trace
from tracer.errors import VolreelError
from tui.keys import SHARED_KEYS
from tui.messages import FoundLoaded, ModelsAdvanced, OverviewLoaded, Renewed, VolumesLoaded
from tui.replay import Known, Replay
from tui.view_screen import ViewScreen
from tui.views import VIEWS

_TICK_S = 0.2
_RENEW_S = 1.0
LEARNING = "learning"
"""The group of the workers that no view waits for."""


class ReplayApp(App[None]):
    """Shows a trace: a `view`; else a volume, or with a `start` its history there, or its volumes."""

    TITLE = "volreel"

    def __init__(
        self,
        trace: Trace,
        summary: Summary,
        *,
        start: datetime | None = None,
        view: str | None = None,
        volume_id: str | None = None,
        follow: bool = False,
    ) -> None:
        """With `follow` the cursor rides at the end while the trace grows."""
        super().__init__()
        self.replay = Replay(trace, summary, summary.last_at if follow else start, volume_id)
        self._first_view = view or ("volume" if volume_id else "history" if start else "volumes")
        for each in VIEWS:
            self.add_mode(each.name, partial(each.make, self.replay))
            self.bind(each.key, f"view({each.name!r})", description=each.meaning, show=False)

        self._left = threading.Event()
        if follow:
            self.replay.pace.is_live = True
            self.bind("n", "live", description="leave what is being recorded now, or return to it", show=False)

    async def on_mount(self) -> None:
        self.replay.trace.when_building(self._tell_of_advance)
        await self.switch_mode(self._first_view)
        self.set_interval(_TICK_S, self._tick)
        self._learn_overview()
        if self.replay.pace.is_live:
            self.run_worker(self._follow, group=LEARNING, thread=True)

    def on_unmount(self) -> None:
        self._left.set()
        self.replay.trace.cancel()

    async def action_view(self, name: str) -> None:
        """Show a view; a dialog that is open stays."""
        if len(self.screen_stack) == 1:
            await self.switch_mode(name)
            self._learn_findings()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        for view in VIEWS:
            yield SystemCommand(
                f"{view.name.capitalize()} ({view.key})", view.meaning, partial(self.switch_mode, view.name)
            )
        if isinstance(screen, ViewScreen):
            for key in SHARED_KEYS:
                title = f"{key.tooltip.capitalize()} ({self.get_key_display(key)})"
                yield SystemCommand(title, key.tooltip, partial(self.run_action, key.action, screen))

    @property
    def _view(self) -> ViewScreen | None:
        """The view in front; None behind a dialog, before it is composed, and when the app ends."""
        return self.screen if isinstance(self.screen, ViewScreen) and self.screen.children else None

    # -- a trace that is being recorded -------------------------------------------------------------------------------

    def action_live(self) -> None:
        """Ride at the end of what is recorded, or stop there."""
        pace = self.replay.pace
        if pace.is_live:
            pace.pause()
        else:
            pace.pause()
            pace.is_live = True
            if self.replay.summary.last_at:
                self.replay.place.move(Spot(self.replay.summary.last_at, None))
        if self._view:
            self._view.moved()

    def _follow(self) -> None:
        """Take in what is recorded, in at most a fifth of the time: to renew waits for what the views ask."""
        trace, took = self.replay.trace, 0.0
        while not self._left.wait(max(_RENEW_S, 4 * took)):
            began = time.monotonic()
            with suppress(VolreelError):  # a ring that lets go of a segment, a disk that is away: the next time
                if trace.renew():
                    self.post_message(Renewed(trace.summary()))
            took = time.monotonic() - began

    @on(Renewed)
    def _take_renewed(self, renewed: Renewed) -> None:
        self.replay.renew(renewed.summary)
        if self._view:
            self._view.catch_up()
        self._learn_overview()

    # -- what the first lines of every view tell: nobody waits for it -------------------------------------------------

    def _learn_overview(self) -> None:
        summary = self.replay.summary
        if summary.first_at and summary.last_at:
            begin, end = summary.first_at, summary.last_at
            self._learn("overview", lambda: OverviewLoaded(read_overview(self.replay.trace, begin, end)))

    def _learn_findings(self) -> None:
        """Only when the volumes are known: by then most of the models that findings need are built."""
        known = self.replay.known
        if known.volumes is not None and known.found is None:
            self._learn("findings", lambda: FoundLoaded(read_found(self.replay.trace)))

    def _learn(self, name: str, question: Callable[[], Message]) -> None:
        """Have a thread ask, unless one does; where that is cancelled the next view asks again."""

        def learn() -> None:
            with suppress(VolreelError):
                self.post_message(question())

        if all(worker.is_finished for worker in self.workers if worker.name == name):
            self.run_worker(learn, name=name, group=LEARNING, thread=True)

    @on(OverviewLoaded)
    def _take_overview(self, loaded: OverviewLoaded) -> None:
        self._know(replace(self.replay.known, overview=loaded.overview))

    @on(VolumesLoaded)
    def _take_volumes(self, loaded: VolumesLoaded) -> None:
        self._know(replace(self.replay.known, volumes=len(loaded.volumes)))
        self._learn_findings()

    @on(FoundLoaded)
    def _take_found(self, loaded: FoundLoaded) -> None:
        self._know(replace(self.replay.known, found=loaded.found))

    def _know(self, known: Known) -> None:
        self.replay.known = known
        if self._view:
            self._view.show_known()

    def _tick(self) -> None:
        if not self.replay.pace.is_playing:
            return
        if self._view:
            self.replay.advance()
            self._view.moved()
        else:
            self.replay.pace.pause()

    def _tell_of_advance(self, _: str, done: int, total: int) -> None:
        self.post_message(ModelsAdvanced(done, total))

    @on(ModelsAdvanced)
    def _show_advance(self, advanced: ModelsAdvanced) -> None:
        if self._view:
            self._view.show_advance(advanced.done, advanced.total)
