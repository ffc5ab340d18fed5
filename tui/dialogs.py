"""The dialogs of the replay: one asks where to go, one shows a text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from analysis.instants import NotAnInstant


class GoToDialog(ModalScreen[datetime | None]):
    """Asks for an instant; None when the user thinks better of it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "Back")]
    DEFAULT_CSS = """
    GoToDialog { align: center middle; }
    GoToDialog Vertical { width: 38; height: auto; border: round $accent; padding: 0 1; background: $surface; }
    GoToDialog Input { border: none; height: 1; padding: 0; }
    """

    def __init__(self, understand: Callable[[str], datetime | None]) -> None:
        """`understand` turns words into an instant, or raises NotAnInstant."""
        super().__init__()
        self._understand = understand

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label("Go to (UTC)", markup=False)
            yield Input(placeholder="14:03:07  +30s  -5m  50%")
            yield Label("", id="refusal", markup=False)

    def on_input_submitted(self, submitted: Input.Submitted) -> None:
        try:
            self.dismiss(self._understand(submitted.value))
        except NotAnInstant:
            self.query_one("#refusal", Label).update("That is no time.")


class TextDialog(ModalScreen[None]):
    """Shows a text, as it is, until it is closed."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,enter,question_mark,q", "dismiss", "Back")]
    DEFAULT_CSS = """
    TextDialog { align: center middle; }
    TextDialog VerticalScroll {
        width: auto; max-width: 100%; height: auto; max-height: 100%;
        border: round $accent; padding: 0 1; background: $surface;
    }
    TextDialog Static { width: auto; max-width: 100%; }
    """

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        with VerticalScroll() as scroll:
            scroll.border_title = Text(self._title)
            scroll.border_subtitle = "escape closes"
            yield Static(Text(self._text), id="text")
