"""The dialogs of the replay: one asks for words, one for a choice, one shows a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList, Static

from tracer.errors import VolreelError
from tracer.trace.visible import visible

Answer = TypeVar("Answer")


class AskDialog(ModalScreen[Answer | None], Generic[Answer]):
    """Asks for words until they can be understood; None when the user thinks better of it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "Back")]
    DEFAULT_CSS = """
    AskDialog { align: center middle; }
    AskDialog Vertical { width: 38; height: auto; border: round $accent; padding: 0 1; background: $surface; }
    AskDialog Input { border: none; height: 1; padding: 0; }
    AskDialog Label { width: 1fr; }
    """

    def __init__(self, title: str, example: str, understand: Callable[[str], Answer | None]) -> None:
        """`understand` turns words into an answer, or raises VolreelError."""
        super().__init__()
        self._title = title
        self._example = example
        self._understand = understand

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(self._title, markup=False)
            yield Input(placeholder=self._example)
            yield Label("", id="refusal", markup=False)

    def on_input_submitted(self, submitted: Input.Submitted) -> None:
        try:
            self.dismiss(self._understand(submitted.value))
        except VolreelError as error:
            self.query_one("#refusal", Label).update(str(error))


class ChooseDialog(ModalScreen[int | None]):
    """Asks for one of several lines: its index, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q", "dismiss", "Back")]
    DEFAULT_CSS = """
    ChooseDialog { align: center middle; }
    ChooseDialog OptionList { width: 70; max-width: 100%; height: auto; max-height: 100%; border: round $accent; }
    """

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        super().__init__()
        self._title = title
        self._lines = lines

    def compose(self) -> ComposeResult:
        options = OptionList(*(Text(visible(line), no_wrap=True, overflow="ellipsis") for line in self._lines))
        options.border_title = Text(self._title)
        yield options

    def on_option_list_option_selected(self, selected: OptionList.OptionSelected) -> None:
        self.dismiss(selected.option_index)


class TextDialog(ModalScreen[None]):
    """Shows a text until it is closed; what a terminal would obey in it is spelt out."""

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
            yield Static(Text("\n".join(map(visible, self._text.split("\n")))), id="text")
