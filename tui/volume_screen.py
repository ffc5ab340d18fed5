"""One volume: its phases as bars, the evidence of the selected one, and who had the turn."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static
from textual.worker import get_current_worker

from analysis.blame_text import as_text as blame_as_text
from analysis.timeline import Timeline, timeline
from analysis.trace import Summary, Trace
from tracer.errors import VolreelError
from tui.messages import RefusedToAnswer, VolumeLoaded
from tui.place import Place
from tui.volume_chart import VolumeChart
from tui.wording import evidence, headline, volume_line

_NARROWEST = 40


class VolumeScreen(Screen[None]):
    """The chart draws, a worker asks the trace, this screen decides."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("home", "select(0)", show=False),
        Binding("end", "select(-1)", show=False),
        Binding("pageup", "scroll_blame(-1)", show=False),
        Binding("pagedown", "scroll_blame(1)", show=False),
        Binding("enter", "go", "to its observation"),
        Binding("escape", "back", "back"),
        Binding("1", "app.view('volumes')", "volumes"),
        Binding("3", "app.view('history')", "history"),
        Binding("q", "app.quit", "quit"),
    ]
    DEFAULT_CSS = """
    VolumeScreen #headline, VolumeScreen #volume { height: 1; background: $panel; }
    VolumeScreen #evidence { height: auto; max-height: 4; background: $panel; }
    VolumeScreen VerticalScroll { height: 1fr; }
    """

    def __init__(self, trace: Trace, summary: Summary, place: Place) -> None:
        super().__init__()
        self._trace = trace
        self._summary = summary
        self._place = place
        self._volume_id: str | None = None
        """The volume that is shown, or asked for."""
        self._life: Timeline | None = None
        self._phases: list[dict[str, Any]] = []
        self._selected = 0
        self._is_asking = False

    def compose(self) -> ComposeResult:
        yield Static(headline(self._summary), id="headline")
        yield Static(id="volume")
        yield VolumeChart()
        yield Static(id="evidence")
        with VerticalScroll(can_focus=False):
            yield Static(id="blame")
        yield Footer(show_command_palette=False)

    def on_screen_resume(self) -> None:
        """Show the volume that was opened."""
        opened = self._place.volume_id
        if opened is None:
            self.query_one(VolumeChart).show_words("No volume is open: 1 shows all, enter opens one.")
        elif opened != self._volume_id:
            self._volume_id, self._life, self._phases, self._selected = opened, None, [], 0
            for name in ("volume", "evidence", "blame"):
                self.query_one(f"#{name}", Static).update("")
            self.query_one(VolumeChart).show_words("Reading its life ... Escape stops it.")
            self._is_asking = True
            self._fetch(opened, max(_NARROWEST, self.size.width - 2))
        else:
            self._show()

    # -- keys -------------------------------------------------------------------------------------------------------

    def action_move(self, steps: int) -> None:
        """Select another phase."""
        self._selected = max(0, min(self._selected + steps, len(self._phases) - 1))
        self._show()

    def action_select(self, index: int) -> None:
        """Select the first phase, or the last."""
        self._selected = index % len(self._phases) if self._phases else 0
        self._show()

    def action_scroll_blame(self, pages: int) -> None:
        """Scroll who had the turn."""
        scroll = self.query_one(VerticalScroll)
        scroll.scroll_relative(y=pages * max(1, scroll.size.height - 1), animate=False)

    def action_go(self) -> None:
        """Put the time cursor on the row that shows how the selected phase began, in History."""
        if self._phases:
            self._place.seq = self._phases[self._selected]["evidence_from"]
            self.run_worker(self.app.run_action("view('history')"))

    def action_back(self) -> None:
        """Stop reading; else show all volumes."""
        if self._is_asking:
            self._cancel()
        else:
            self.run_worker(self.app.run_action("view('volumes')"))

    # -- showing ----------------------------------------------------------------------------------------------------

    @on(VolumeChart.Moved)
    def _take_move(self, moved: VolumeChart.Moved) -> None:
        self.action_select(moved.index)

    def _show(self) -> None:
        if self._life is None:
            return
        self.query_one(VolumeChart).show(self._life, self._phases, self._selected, self._place.instant)
        if self._phases:
            words = evidence(self._phases[self._selected], self._life.milestones.rows(named=True))
            self.query_one("#evidence", Static).update(words)

    # -- asking the trace, in threads -------------------------------------------------------------------------------

    @work(thread=True, exclusive=True, group="volume")
    def _fetch(self, volume_id: str, width: int) -> None:
        worker = get_current_worker()
        if worker.is_cancelled:
            return
        answer: VolumeLoaded | RefusedToAnswer
        try:
            life = timeline(self._trace, volume_id)
            uses = life.phases["use_id"].drop_nulls().unique().to_list()
            answer = VolumeLoaded(volume_id, life, blame_as_text(self._trace.blame(uses), width))
        except VolreelError as error:
            answer = RefusedToAnswer(str(error))
        if not worker.is_cancelled:
            self.post_message(answer)

    @work(thread=True, group="cancel")
    def _cancel(self) -> None:
        self._trace.cancel()

    @on(VolumeLoaded)
    def _take_life(self, loaded: VolumeLoaded) -> None:
        if loaded.volume_id != self._volume_id:
            return
        self._is_asking = False
        self._life, self._phases = loaded.life, loaded.life.phases.rows(named=True)
        self.query_one("#volume", Static).update(volume_line(loaded.life.volume))
        self.query_one("#blame", Static).update(Text(loaded.blame))
        self._show()

    @on(RefusedToAnswer)
    def _take_refusal(self, refused: RefusedToAnswer) -> None:
        self._is_asking = False
        self._volume_id = None
        self.query_one(VolumeChart).show_words(f"{refused.why}. 2 asks again.")
