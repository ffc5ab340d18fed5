"""One volume: its phases as bars, the evidence of the selected one, and who had the turn."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from analysis.blame_text import as_text as blame_as_text
from analysis.timeline import Timeline, timeline
from tui.blame_bar import blame_bar
from tui.messages import VolumeLoaded
from tui.replay import Replay
from tui.view_screen import ViewScreen
from tui.volume_chart import VolumeChart
from tui.wording import evidence, volume_line

_NARROWEST = 40


class VolumeScreen(ViewScreen):
    """Shows the volume that was selected last, in whichever view."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "step before", show=False),
        Binding("down", "move(1)", "next step", show=False),
        Binding("home", "select(0)", "first step", show=False),
        Binding("end", "select(-1)", "last step", show=False),
        Binding("pageup", "scroll_blame(-1)", "scroll who had the turn up", show=False),
        Binding("pagedown", "scroll_blame(1)", "scroll who had the turn down", show=False),
        Binding("enter", "go", "evidence", tooltip="go to the row that shows how the step began"),
    ]
    DEFAULT_CSS = """
    VolumeScreen #volume { height: 1; background: $panel; }
    VolumeScreen #evidence { height: auto; max-height: 25%; background: $panel; }
    VolumeScreen VerticalScroll { height: 1fr; }
    """

    def __init__(self, replay: Replay) -> None:
        super().__init__(replay)
        self._volume_id: str | None = None
        """The volume that is shown, or asked for."""
        self._life: Timeline | None = None
        self._phases: list[dict[str, Any]] = []
        self._milestones: list[dict[str, Any]] = []
        self._blame: Mapping[tuple[str, str], Text] = {}
        self._selected = 0

    def compose_view(self) -> ComposeResult:
        yield Static(id="volume")
        yield VolumeChart()
        yield Static(id="evidence")
        with VerticalScroll(can_focus=False):
            yield Static(id="blame")

    def show_place(self) -> None:
        selected = self.place.volume_id
        if selected is None:
            self.query_one(VolumeChart).show_words("No volume is open: 1 shows all, enter opens one.")
        elif selected != self._volume_id:
            self._volume_id, self._life, self._phases, self._selected = selected, None, [], 0
            for name in ("volume", "evidence", "blame"):
                self.query_one(f"#{name}", Static).update("")
            self.query_one(VolumeChart).show_words("Reading its life ... Escape stops it.")
            width = max(_NARROWEST, self.size.width - 2)
            self.ask("volume", lambda: self._read(selected, width))
        else:
            self._show()

    def show_refusal(self, group: str, why: str) -> None:
        if group == "volume":
            self._volume_id = None
            self.query_one(VolumeChart).show_words(f"{why}. 2 asks again.")
        else:
            super().show_refusal(group, why)

    def command(self) -> list[str]:
        return ["timeline", str(self.trace.path), self._life.volume["label"] if self._life else "VOLUME"]

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
            self.go_to_row(self._phases[self._selected]["evidence_from"], "history")

    # -- showing ----------------------------------------------------------------------------------------------------

    @on(VolumeChart.Moved)
    def _take_move(self, moved: VolumeChart.Moved) -> None:
        self.action_select(moved.index)

    def on_resize(self) -> None:
        super().on_resize()
        self._volume_id = None  # what is as wide as the screen is read anew
        self.show_place()

    def _show(self) -> None:
        chart = self.query_one(VolumeChart)
        chart.point(self._selected, self.place.instant)
        if self._phases:
            phase = self._phases[self._selected]
            self.query_one("#evidence", Static).update(evidence(phase, self._milestones))
            told = self._blame.get((phase["use_id"], phase["direction"]))
            self.query_one("#blame", Static).update(told or next(iter(self._blame.values()), "nobody waited"))

    # -- asking the trace, in threads -------------------------------------------------------------------------------

    def _read(self, volume_id: str, width: int) -> Message:
        life = timeline(self.trace, volume_id)
        uses = life.phases["use_id"].drop_nulls().unique(maintain_order=True).to_list()
        blame = self.trace.blame(uses)
        told = {}
        for key in product(uses, ("up", "down")):
            way = blame.filter(use_id=key[0], direction=key[1])
            if way.height:
                told[key] = blame_bar(way.rows(named=True), width).append(f"\n{blame_as_text(way, width)}")
        return VolumeLoaded(volume_id, life, told)

    @on(VolumeLoaded)
    def _take_life(self, loaded: VolumeLoaded) -> None:
        if loaded.volume_id != self._volume_id:
            return
        life = loaded.life
        self._life, self._blame = life, loaded.blame
        self._phases, self._milestones = life.phases.rows(named=True), life.milestones.rows(named=True)
        self.query_one("#volume", Static).update(volume_line(life.volume))
        self.query_one(VolumeChart).show(life)
        self._show()
