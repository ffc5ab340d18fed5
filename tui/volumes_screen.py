"""The first screen: the volumes of the trace, stuck first, to be narrowed, sorted and opened."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from analysis.volume_filter import NotACondition
from analysis.volume_list import ORDERS, VolumeList, read_volumes
from tui.messages import VolumesLoaded
from tui.replay import Replay
from tui.view_screen import ViewScreen
from tui.volume_table import VolumeTable
from tui.wording import plain


class VolumesScreen(ViewScreen):
    """Chooses, sorts and selects."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "volume before", show=False),
        Binding("down", "move(1)", "next volume", show=False),
        Binding("pageup", "page(-1)", "page before", show=False),
        Binding("pagedown", "page(1)", "next page", show=False),
        Binding("home", "end(-1)", "first volume", show=False),
        Binding("end", "end(1)", "last volume", show=False),
        Binding("enter", "open", "open", tooltip="open the volume"),
        Binding("slash", "filter", "filter", key_display="/", tooltip="filter: class=fast age>2m, or any words"),
        Binding("s", "sort", "sort", tooltip="take the next order"),
    ]
    DEFAULT_CSS = """
    VolumesScreen #listed { height: 1; background: $panel; }
    VolumesScreen Input { border: none; height: 1; padding: 0; display: none; }
    """

    def __init__(self, replay: Replay) -> None:
        super().__init__(replay)
        self._all: VolumeList | None = None
        self._order = 0
        self._chosen: VolumeList | None = None
        self._selected = 0
        self._words = ""
        """The filter."""

    def compose_view(self) -> ComposeResult:
        yield VolumeTable()
        yield Input(placeholder="class=fast  age>2m  or any words of it")
        yield Static(id="listed")

    def show_place(self) -> None:
        if self._all is None and not self.is_asking("volumes"):
            self._ask()

    def show_advance(self, done: int, total: int) -> None:
        if self._all is None:
            words = f"Finding the volumes: {done} of {total} models built. Escape stops it."
            self.query_one(VolumeTable).show_words(words)

    def show_refusal(self, group: str, why: str) -> None:
        if group == "volumes":
            self.query_one(VolumeTable).show_words(f"{why}. Enter asks again.")
        else:
            super().show_refusal(group, why)

    def command(self) -> list[str]:
        return ["volumes", str(self.trace.path)]

    def go_back(self) -> None:
        """Close the filter and show all again."""
        if self._all is not None:
            self._close_filter()
            self.query_one(Input).clear()
            self._choose("")

    # -- keys -------------------------------------------------------------------------------------------------------

    def action_move(self, steps: int) -> None:
        """Select another volume."""
        self._selected += steps
        self._show()

    def action_page(self, pages: int) -> None:
        """Select one a page further."""
        self.action_move(pages * self.query_one(VolumeTable).page)

    def action_end(self, side: int) -> None:
        """Select the first or the last."""
        self.action_move(side * len(self._chosen or ()))

    def action_open(self) -> None:
        """Show the selected volume's life; ask again where the answer was cancelled."""
        if self._chosen:
            self.show_view("volume")
        else:
            self.show_place()

    def action_filter(self) -> None:
        """Ask for words."""
        words = self.query_one(Input)
        words.display = True
        words.focus()

    def action_sort(self) -> None:
        """Take the next order."""
        self._order = (self._order + 1) % len(ORDERS)
        self._choose(self._words)

    # -- showing ----------------------------------------------------------------------------------------------------

    @on(Input.Submitted)
    def _take_words(self, submitted: Input.Submitted) -> None:
        self._choose(submitted.value)
        self._close_filter()

    @on(VolumeTable.Moved)
    def _take_move(self, moved: VolumeTable.Moved) -> None:
        self.action_move(moved.steps)

    def _close_filter(self) -> None:
        self.query_one(Input).display = False
        self.query_one(VolumeTable).focus()

    def _choose(self, words: str) -> None:
        if self._all is None:
            return
        try:
            chosen = self._all.sorted(ORDERS[self._order]).chosen(words)
        except NotACondition as error:
            self.query_one("#listed", Static).update(plain(str(error)))
            return
        selected = self._chosen[self._selected]["volume_id"] if self._chosen else None
        self._chosen, self._words = chosen, words
        self._selected = chosen.index_of(selected)
        self._show()

    def _show(self) -> None:
        if self._chosen is None or self._all is None:
            return
        self._selected = max(0, min(self._selected, len(self._chosen) - 1))
        if self._chosen:
            self.place.volume_id = self._chosen[self._selected]["volume_id"]
            self.query_one(VolumeTable).show(self._chosen, self._selected)
        else:
            none = "No volume is like that." if self._words else "This trace knows of no volume. 3 shows its history."
            self.query_one(VolumeTable).show_words(none)
        parts = [f"{len(self._chosen):,} of {len(self._all):,} volumes, {self._chosen.waiting:,} waiting"]
        parts += [f"sorted by {ORDERS[self._order]}" if self._order else ORDERS[0]]
        parts += [f"filter: {self._words}"] if self._words else []
        self.query_one("#listed", Static).update(plain(" · ".join(parts)))

    # -- asking the trace, in threads -------------------------------------------------------------------------------

    def _ask(self) -> None:
        self.query_one(VolumeTable).show_words("Finding the volumes ...")
        self.ask("volumes", lambda: VolumesLoaded(read_volumes(self.trace)))

    @on(VolumesLoaded)
    def _take_volumes(self, loaded: VolumesLoaded) -> None:
        self._all = loaded.volumes
        self._choose("")
