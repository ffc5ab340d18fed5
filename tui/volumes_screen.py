"""The first screen: the volumes of the trace, stuck first, to be narrowed, sorted and opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from analysis.text import took
from analysis.volume_filter import NotACondition
from analysis.volume_list import ORDERS, VolumeList, conditions_in, read_doings, read_volumes
from tui.messages import DoingsLoaded, VolumesLoaded
from tui.replay import Replay
from tui.row_table import Column, RowTable
from tui.view_screen import ViewScreen
from tui.wording import plain

_WIDE, _WIDER, _WIDEST = 64, 100, 120
"""Columns from which a row has room for who has the turn; for the cursor's time; for the class and the last error."""

_DOING = "at the cursor"


class VolumesScreen(ViewScreen):
    """Chooses, sorts and selects; a volume that is waited for is marked with `!`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", tooltip="open the volume"),
        Binding("slash", "filter", "filter", key_display="/", tooltip="filter: class=fast age>2m, or any words"),
        Binding("s", "sort", "sort", tooltip="take the next order"),
    ]
    DEFAULT_CSS = """
    VolumesScreen #listed { height: 1; background: $panel; }
    VolumesScreen Input { display: none; }
    """

    def __init__(self, replay: Replay) -> None:
        super().__init__(replay)
        self._all: VolumeList | None = None
        """In the order that is chosen."""
        self._order = 0
        self._chosen: VolumeList | None = None
        self._words = ""
        """The filter."""
        self._doings: Mapping[str, str] = {}

    def compose_view(self) -> ComposeResult:
        yield RowTable()
        yield Input(placeholder="class=fast  age>2m  or any words of it", compact=True)
        yield Static(id="listed")

    def show_place(self) -> None:
        """The volumes are those of the whole trace; where there is room, with what went on at the cursor."""
        if self._all is None and not self.is_asking("volumes"):
            self.query_one(RowTable).show_words("Finding the volumes ...")
            self.ask("volumes", lambda: VolumesLoaded(read_volumes(self.trace)))
        else:
            self._show()
            self._ask_doings()

    def renewed(self) -> None:
        if self._all is not None:
            self.ask("volumes", lambda: VolumesLoaded(read_volumes(self.trace)))

    def show_advance(self, done: int, total: int) -> None:
        if self._all is None:
            words = f"Finding the volumes: {done} of {total} models built. Escape stops it."
            self.query_one(RowTable).show_words(words)

    def show_refusal(self, group: str, why: str) -> None:
        if group == "volumes":
            self.query_one(RowTable).show_words(f"{why}. Enter asks again.")
        else:
            super().show_refusal(group, why)

    def on_resize(self) -> None:
        super().on_resize()
        self._show()

    def command(self) -> list[str]:
        return ["volumes", str(self.trace.path), *conditions_in(self._words)]

    def go_back(self) -> None:
        """Close the filter and show all again."""
        self._close_filter()
        self.query_one(Input).clear()

    # -- keys -------------------------------------------------------------------------------------------------------

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
        if self._all is not None:
            self._all = self._all.sorted(ORDERS[self._order])
            self._choose()

    # -- choosing and showing ---------------------------------------------------------------------------------------

    @on(VolumesLoaded)
    def _take_volumes(self, loaded: VolumesLoaded) -> None:
        self._all = loaded.volumes.sorted(ORDERS[self._order])
        self._choose()
        self._ask_doings()

    def _ask_doings(self) -> None:
        instant = self.place.instant
        if instant and self._all and self.size.width >= _WIDER:
            self.ask("doings", lambda: DoingsLoaded(read_doings(self.trace, instant)))

    @on(DoingsLoaded)
    def _take_doings(self, loaded: DoingsLoaded) -> None:
        self._doings = loaded.doings
        self.query_one(RowTable).refresh()

    @on(Input.Changed)
    def _take_words(self, changed: Input.Changed) -> None:
        self._words = changed.value
        self._choose()

    @on(Input.Submitted)
    def _close_filter(self) -> None:
        self.query_one(Input).display = False
        self.query_one(RowTable).focus()

    @on(RowTable.Selected)
    def _take_selection(self, selected: RowTable.Selected) -> None:
        if self._chosen:
            self.place.volume_id = self._chosen[selected.index]["volume_id"]

    def _choose(self) -> None:
        if self._all is None:
            return
        try:
            self._chosen = self._all.chosen(self._words)
        except NotACondition as error:
            self.query_one("#listed", Static).update(plain(str(error)))
            return
        self._show()

    def _show(self) -> None:
        volumes = self._chosen
        if volumes is None or self._all is None:
            return
        table = self.query_one(RowTable)
        if volumes:
            index = volumes.index_of(self.place.volume_id)
            self.place.volume_id = volumes[index]["volume_id"]
            columns = _columns(self.size.width)
            names = [column.name for column in columns]

            def cells(index: int) -> Sequence[str]:
                volume = volumes[index]
                of_volume = {**_cells(volume), _DOING: self._doings.get(volume["volume_id"], "")}
                return [of_volume[name] for name in names]

            def style(index: int) -> str:
                return "bold yellow" if volumes[index]["phase"] else ""

            table.show(columns, len(volumes), cells, index, style=style)
        else:
            table.show_words("No volume is like that." if self._words else "This trace knows of no volume.")
        parts = [f"{len(volumes):,} of {len(self._all):,} volumes, {volumes.waiting:,} waiting"]
        parts += [f"sorted by {ORDERS[self._order]}" if self._order else ORDERS[0]]
        parts += [f"filter: {self._words}"] if self._words else []
        self.query_one("#listed", Static).update(plain(" · ".join(parts)))


def _columns(width: int) -> list[Column]:
    if width < _WIDE:
        return [Column("volume", most=max(12, width - 28)), Column("step", most=14), Column("took", is_right=True)]
    columns = [Column("", most=1), Column("volume", most=max(12, min(40, width - 62)))]
    columns += [Column(_DOING, least=20)] if width >= _WIDER else []
    columns += [Column(name) for name in ("stands", "step", "who")] + [Column("took", is_right=True)]
    return [*columns, Column("class", most=24), Column("last error", most=width)] if width >= _WIDEST else columns


def _cells(volume: dict[str, Any]) -> dict[str, str]:
    """A volume's row: what is being waited for, or else what was the slowest."""
    is_waiting = volume["phase"] is not None
    told = ("phase", "owner", "waiting_us") if is_waiting else ("slowest_phase", "slowest_owner", "slowest_us")
    step, who, lasted = (volume[name] for name in told)
    return {
        "": "!" if is_waiting else "",
        "volume": volume["label"],
        "stands": volume["standing"] or "unknown",
        "step": step or "-",
        "who": who or "-",
        "took": (">" if is_waiting else "") + took(lasted, "-"),
        "class": volume["storage_class"] or "-",
        "last error": " ".join((volume["last_error"] or "").split()),
    }
