"""The table of volumes: only the rows that fit are made."""

from __future__ import annotations

from typing import Any

from rich.cells import set_cell_size
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from analysis.text import took
from analysis.volume_list import VolumeList
from tracer.trace.visible import visible

_WIDE, _WIDEST = 64, 120
"""Columns from which a row has room for who has the turn; and for the class and the last error."""
_WHEEL = 3


class VolumeTable(Widget, can_focus=True):
    """Volumes in their order, the selected one marked with `>`; one that is waited for with `!`."""

    DEFAULT_CSS = "VolumeTable { height: 1fr; }"

    class Moved(Message):
        """Another row is to be selected: `steps` from the one that is."""

        def __init__(self, steps: int) -> None:
            super().__init__()
            self.steps = steps

    def __init__(self) -> None:
        super().__init__()
        self._volumes: VolumeList | None = None
        self._selected = 0
        self._words = ""

    @property
    def page(self) -> int:
        """How many volumes fit."""
        return max(1, self.size.height - 1)

    def show(self, volumes: VolumeList, selected: int) -> None:
        """Draw these volumes around the selected one."""
        self._volumes, self._selected = volumes, selected
        self.refresh()

    def show_words(self, words: str) -> None:
        """Draw a sentence instead of volumes."""
        self._volumes, self._words = None, words
        self.refresh()

    def render(self) -> Text:
        if self._volumes is None:
            return Text(visible(self._words))
        width = self.size.width
        lines = [Text("  " + _line(("volume", "stands", "step", "who", "took", "class", "last error"), width), "bold")]
        for index in range(self._top, min(self._top + self.page, len(self._volumes))):
            volume, is_selected = self._volumes[index], index == self._selected
            mark = f"{'>' if is_selected else ' '}{'!' if volume['phase'] else ' '}"
            style = "reverse" if is_selected else "bold yellow" if volume["phase"] else ""
            lines.append(Text(mark + _line(_cells(volume), width), style))
        for line in lines:
            line.truncate(width, pad=True)
        return Text("\n", no_wrap=True, overflow="crop").join(lines)

    @property
    def _top(self) -> int:
        return max(0, min(self._selected - self.page // 2, len(self._volumes or ()) - self.page))

    def on_click(self, click: events.Click) -> None:
        if click.y > 0:
            self.post_message(self.Moved(self._top + click.y - 1 - self._selected))

    def on_mouse_scroll_down(self) -> None:
        self.post_message(self.Moved(_WHEEL))

    def on_mouse_scroll_up(self) -> None:
        self.post_message(self.Moved(-_WHEEL))


def _cells(volume: dict[str, Any]) -> tuple[str, ...]:
    step = (volume["slowest_phase"] or "-", volume["slowest_owner"] or "-", took(volume["slowest_us"], "-"))
    if volume["phase"]:
        step = (volume["phase"], volume["owner"], f">{took(volume['waiting_us'])}")
    error = " ".join((volume["last_error"] or "").split())
    return (volume["label"], volume["standing"] or "unknown", *step, volume["storage_class"] or "-", error)


def _line(cells: tuple[str, ...], width: int) -> str:
    name, stands, step, who, time, storage_class, error = map(visible, cells)
    if width < _WIDE:
        room = max(8, width - 28)
        return f"{set_cell_size(name, room)} {set_cell_size(step, 16)} {time:>8}"
    room = max(12, min(40, width - 59))
    line = f"{set_cell_size(name, room)} {set_cell_size(stands, 9)} {set_cell_size(step, 19)} "
    line += f"{set_cell_size(who, 17)} {time:>8}"
    return f"{line} {set_cell_size(storage_class, 14)} {error}" if width >= _WIDEST else line
