"""The first screen: the volumes of the trace, stuck first, to be narrowed, sorted and opened."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer, Input, Static
from textual.worker import get_current_worker

from analysis.trace import Summary, Trace
from analysis.volume_filter import NotACondition
from analysis.volume_list import ORDERS, VolumeList, read_volumes
from tracer.errors import VolreelError
from tui.messages import ModelsAdvanced, RefusedToAnswer, VolumesLoaded
from tui.place import Place
from tui.volume_table import VolumeTable
from tui.wording import headline, plain


class VolumesScreen(Screen[None]):
    """The table draws, a worker asks the trace, this screen decides."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "end(-1)", show=False),
        Binding("end", "end(1)", show=False),
        Binding("enter", "open", "open"),
        Binding("slash", "filter", "filter", key_display="/"),
        Binding("s", "sort", "sort"),
        Binding("escape", "back", "cancel"),
        Binding("3", "app.view('history')", "history"),
        Binding("q", "app.quit", "quit"),
    ]
    DEFAULT_CSS = """
    VolumesScreen #headline, VolumesScreen #listed { height: 1; background: $panel; }
    VolumesScreen Input { border: none; height: 1; padding: 0; display: none; }
    """

    def __init__(self, trace: Trace, summary: Summary, place: Place) -> None:
        super().__init__()
        self._trace = trace
        self._summary = summary
        self._place = place
        self._all: VolumeList | None = None
        self._order = 0
        self._chosen: VolumeList | None = None
        self._selected = 0
        self._words = ""
        """The filter."""
        self._is_asking = False

    def compose(self) -> ComposeResult:
        yield Static(headline(self._summary), id="headline")
        yield VolumeTable()
        yield Input(placeholder="class=fast  age>2m  or any words of it")
        yield Static(id="listed")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._ask()

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
            self._place.volume_id = self._chosen[self._selected]["volume_id"]
            self.run_worker(self.app.run_action("view('volume')"))
        elif self._all is None and not self._is_asking:
            self._ask()

    def action_filter(self) -> None:
        """Ask for words."""
        words = self.query_one(Input)
        words.display = True
        words.focus()

    def action_sort(self) -> None:
        """Take the next order."""
        self._order = (self._order + 1) % len(ORDERS)
        self._choose(self._words)

    def action_back(self) -> None:
        """Close the filter and show all again; while the volumes are being found, stop that."""
        if self._is_asking:
            self._cancel()
        elif self._all is not None:
            self._close_filter()
            self.query_one(Input).clear()
            self._choose("")

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
        self._is_asking = True
        self.query_one(VolumeTable).show_words("Finding the volumes ...")
        self._trace.when_building(self._tell_of_advance)
        self._fetch()

    def _tell_of_advance(self, _: str, done: int, total: int) -> None:
        self.post_message(ModelsAdvanced(done, total))

    @work(thread=True, exclusive=True, group="volumes")
    def _fetch(self) -> None:
        worker = get_current_worker()
        answer: VolumesLoaded | RefusedToAnswer
        try:
            answer = VolumesLoaded(read_volumes(self._trace))
        except VolreelError as error:
            answer = RefusedToAnswer(str(error))
        if not worker.is_cancelled:
            self.post_message(answer)

    @work(thread=True, group="cancel")
    def _cancel(self) -> None:
        self._trace.cancel()

    @on(ModelsAdvanced)
    def _take_advance(self, advanced: ModelsAdvanced) -> None:
        if self._is_asking:
            words = f"Finding the volumes: {advanced.done} of {advanced.total} models built. Escape stops it."
            self.query_one(VolumeTable).show_words(words)

    @on(VolumesLoaded)
    def _take_volumes(self, loaded: VolumesLoaded) -> None:
        self._is_asking = False
        self._all = loaded.volumes
        self._choose("")

    @on(RefusedToAnswer)
    def _take_refusal(self, refused: RefusedToAnswer) -> None:
        self._is_asking = False
        self.query_one(VolumeTable).show_words(f"{refused.why}. Enter asks again.")
