"""The view of the worlds at the cursor: what is not known, what drifts, and how each volume stands on each node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any, ClassVar

from rich.cells import set_cell_size
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from analysis.places import NO_PLACES, Drifting, Place, drifting, no_drift, not_known, places
from analysis.worlds import Standing, Worlds
from tracer.trace.visible import visible
from tui.line_list import Heading, LineList
from tui.list_screen import ListScreen
from tui.messages import WorldsLoaded
from tui.replay import Replay

_WIDE = 64
"""Columns from which a line has room for the node, the world and who wants it."""
_NARROW = 11
"""Columns of a cell below that."""
_WIDEST_NAME = 40
_KINDS = {"missing": ("-", "bold red"), "left over": ("+", "bold yellow")}


class WorldsScreen(ListScreen):
    """Asks for the worlds as the cursor moves; the line of the volume that is looked at stays selected."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "open", "open", tooltip="open the volume")]
    DEFAULT_CSS = """
    WorldsScreen #about { height: auto; max-height: 3; background: $panel; }
    """

    def __init__(self, replay: Replay) -> None:
        super().__init__(replay)
        self._worlds = Worlds(self.trace)
        self.standing: Standing | None = None
        """What is shown."""

    def compose_view(self) -> ComposeResult:
        yield LineList(draw_line)
        yield Static(id="about")

    def show_place(self) -> None:
        instant = self.place.instant
        if instant is None:
            self.show_words("This trace is empty: nothing was recorded.")
            return
        if self.standing is None:
            self.show_words("Reading the worlds ... Escape stops it.")
        self.ask("worlds", lambda: WorldsLoaded(self._worlds.at(instant)))

    def renewed(self) -> None:
        self._worlds = Worlds(self.trace)

    def show_advance(self, done: int, total: int) -> None:
        if self.standing is None and self.is_asking("worlds"):
            self.show_words(f"Reading the worlds: {done} of {total} models built. Escape stops it.")
        else:
            super().show_advance(done, total)

    def show_refusal(self, group: str, why: str) -> None:
        if group == "worlds":
            self.standing = None
            self.show_words(f"{why}. 5 asks again.")
        else:
            super().show_refusal(group, why)

    def command(self) -> list[str]:
        instant = self.place.instant
        return ["state", str(self.trace.path), *(["--at", instant.isoformat()] if instant else [])]

    def action_open(self) -> None:
        """Show the life of the selected volume."""
        if self.selected is not None:
            self.chosen()
            self.show_view("volume")

    def chosen(self) -> None:
        self.place.volume_id = self.selected.volume_id

    @on(WorldsLoaded)
    def _take_worlds(self, loaded: WorldsLoaded) -> None:
        self.standing = loaded.standing
        before, items = self.selected, list(_items(loaded.standing))
        alike = [place for place, item in enumerate(items) if before and _subject(item) == _subject(before)]
        of_volume = [place for place, item in enumerate(items) if _is_of(item, self.place.volume_id)]
        self.show_items(items, next(iter(alike or of_volume), None))

    def show_selected(self) -> None:
        self.query_one("#about", Static).update(Text(visible(_about(self.selected))))


def _items(standing: Standing) -> Iterator[Heading | Drifting | Place]:
    for sentence in not_known(standing):
        yield Heading(sentence, "yellow")
    differing = drifting(standing)
    yield Heading(f"drift: {len(differing)} (- is missing, + is left over)" if differing else no_drift(standing))
    yield from differing
    on_nodes = places(standing)
    if not on_nodes:
        yield Heading(NO_PLACES)
    drifting_on = Counter(node for node, _ in {(each.node, each.volume) for each in differing})
    for node, group in groupby(on_nodes, key=lambda place: place.node):
        standing_there = list(group)
        count = f"{len(standing_there)} volume{'s' if len(standing_there) > 1 else ''}"
        yield Heading(f"{node}: {count}" + (f", {drifting_on[node]} drifting" if drifting_on[node] else ""))
        yield from standing_there


def _subject(item: Any) -> tuple[str, ...] | None:
    """What a line is about, by which it is found again at another instant."""
    return (type(item).__name__, item.node, item.volume) if isinstance(item, Drifting | Place) else None


def _is_of(item: Any, volume_id: str | None) -> bool:
    return volume_id is not None and isinstance(item, Drifting | Place) and item.volume_id == volume_id


def draw_line(item: Drifting | Place, width: int) -> Text:
    """A line of the worlds in so many columns."""
    if isinstance(item, Place):
        stands = [(item.attached, 14), (item.mounted, 18)]
        return Text(_cells(width, f"  {visible(item.volume)}", [(item.wanted_by, 24)], stands))
    sign, style = _KINDS[item.kind]
    on_node = [(item.node, 16), (item.kind, 9), (item.worlds, 14)]
    why = f"  {' '.join(item.why.split())}" if item.why else ""
    told = [(item.lasted, 8), (f"{item.turn}{why}", 14)]
    return Text(_cells(width, f"{sign} {visible(item.volume)}", on_node, told), style)


def _cells(width: int, name: str, extra: list[tuple[str, int]], always: list[tuple[str, int]]) -> str:
    """A name and cells with their widths, the extra ones only where there is room; the last has what is left."""
    cells = [*extra, *always] if width >= _WIDE else [(cell, min(room, _NARROW)) for cell, room in always]
    room = max(_NARROW, min(_WIDEST_NAME, width - sum(each + 1 for _, each in cells)))
    shown = [set_cell_size(name, room), *(set_cell_size(visible(cell), each) for cell, each in cells[:-1])]
    return " ".join([*shown, visible(cells[-1][0])])


def _about(item: Drifting | Place | None) -> str:
    """The whole of what a line may have cut."""
    if isinstance(item, Drifting):
        error = f": {' '.join(item.why.split())}" if item.why else ""
        stands = f"{item.kind} ({item.worlds}) for {item.lasted}, turn of {item.turn}"
        return f"{item.volume} on {item.node}: {stands}{error}"
    if isinstance(item, Place):
        return f"{item.volume} on {item.node}: wanted by {item.wanted_by}; {item.attached}; {item.mounted}"
    return ""
