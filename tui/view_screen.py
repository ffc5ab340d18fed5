"""The frame of every view: its first and last lines, and the time cursor that all share."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static

from analysis.explain_text import as_text as explanation_as_text
from analysis.explaining.explain import volume_subject
from analysis.instants import go_to
from analysis.landmarks import Spot
from tracer.errors import VolreelError
from tracer.trace.visible import visible
from tui.activity_strip import ActivityStrip
from tui.asking_screen import AskingScreen
from tui.bookmarks import Bookmark
from tui.dialogs import AskDialog, ChooseDialog, TextDialog
from tui.keys import SHARED_KEYS
from tui.messages import ExplanationLoaded, SpotFound
from tui.replay import Replay
from tui.wording import headline, keys_in_words, position

_WIDEST_TEXT = 96
_LOWEST = 10
"""Lines of a terminal from which there is room for the strip."""


class _Move(NamedTuple):
    """A move that is being looked up: so many steps by `find` from where the cursor was."""

    origin: Spot
    kind: str
    steps: int


class ViewScreen(AskingScreen):
    """Widgets draw, threads ask the trace, the screen decides.

    A view yields its widgets in `compose_view`, draws them in `show_place`, and asks with `ask`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*SHARED_KEYS]
    DEFAULT_CSS = """
    ViewScreen #headline, ViewScreen #position { height: 1; background: $panel; }
    """

    def __init__(self, replay: Replay) -> None:
        super().__init__(replay.trace)
        self.replay = replay
        self.place = replay.place
        self._renewals = replay.renewals
        self.note = ""
        """The answer to the last key, where it has one; shown beside the cursor's time."""
        self._advance = ""
        """How far the models are that a question needs."""
        self._move: _Move | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="headline")
        yield ActivityStrip()
        yield from self.compose_view()
        yield Static(id="position")
        yield Footer(show_command_palette=False)

    # -- what a view is ---------------------------------------------------------------------------------------------

    def compose_view(self) -> ComposeResult:
        """The widgets between the headline and the position line."""
        raise NotImplementedError

    def show_place(self) -> None:
        """Draw what the view shows at the cursor.

        It is called when the view comes to the front and when the cursor has moved: while playing, five times a second.
        """
        raise NotImplementedError

    def renewed(self) -> None:
        """Ask again what is shown, without taking it away: more of the trace has been recorded."""

    def show_advance(self, done: int, total: int) -> None:
        """Draw how many of the models that a question needs are built."""
        if self.is_asking():
            self._advance = f"building models: {done} of {total}"
            self._show_position()

    def show_refusal(self, group: str, why: str) -> None:
        if group == "move":
            self._move = None  # keys that led nowhere do not count with the next
        self.tell(why)

    def answered(self) -> None:
        self._advance = ""
        self._show_position()

    def step_selection(self, origin: Spot, steps: int) -> Spot | None:
        """Where so many observations of the selection lead; asked in a thread. Raises VolreelError."""
        if self.place.volume_id is None:
            return self.replay.landmarks.row_beside(origin, steps)
        return self.replay.landmarks.row_of_volume_beside(self.place.volume_id, origin, steps)

    def subject(self) -> tuple[str, str]:
        """What is selected and can be explained, in the words of `Trace.explain`; asked in a thread.

        Raises VolreelError where nothing is.
        """
        if self.place.volume_id is None:
            raise VolreelError("no volume is selected: 1 shows all")
        return volume_subject(self.trace, self.place.volume_id)

    def command(self) -> list[str]:
        """The arguments of `volreel` that give the same answer on the command line."""
        raise NotImplementedError

    def go_back(self) -> None:
        """What escape does when no question is being asked."""
        self.show_view("volumes")

    def action_back(self) -> None:
        """Stop what is being asked; else go back."""
        if self.is_asking():
            self.stop_asking()
        else:
            self.go_back()

    def show_view(self, name: str) -> None:
        """Show another view."""
        self.run_worker(self.app.run_action(f"view({name!r})"))

    # -- the time cursor --------------------------------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        self.catch_up()

    def catch_up(self) -> None:
        """Draw what follows from where the cursor is, and from what was recorded meanwhile."""
        if self._renewals != self.replay.renewals:
            self._renewals = self.replay.renewals
            self.renewed()
        self.show_known()
        self.moved()

    def show_known(self) -> None:
        """Draw the first lines: what is known of the trace as a whole."""
        known = self.replay.known
        self.query_one("#headline", Static).update(headline(self.replay.summary, known.volumes, known.found))
        self._show_position()

    def on_resize(self) -> None:
        self.query_one(ActivityStrip).display = self.size.height >= _LOWEST
        self._show_position()

    def move(self, spot: Spot) -> None:
        """Put the cursor there, for all views."""
        self.place.move(spot)
        self.note = ""
        self.moved()

    def moved(self) -> None:
        """Draw what follows from where the cursor is."""
        self._show_position()
        self.show_place()

    def tell(self, note: str) -> None:
        """Answer a key in a few words."""
        self.note = note
        self._show_position()

    def _show_position(self) -> None:
        summary, known, instant = self.replay.summary, self.replay.known, self.place.instant
        words = position(summary, instant, str(self.replay.pace), self.note or self._advance, self.size.width)
        self.query_one("#position", Static).update(words)
        self.query_one(ActivityStrip).show(summary, known.overview, known.found or (), instant)

    def action_play(self) -> None:
        """Let the clock move the cursor, or stop it."""
        pace = self.replay.pace
        if pace.is_playing or self.place.instant is None:
            pace.pause()
        else:
            pace.play()
        self.tell("")

    def action_faster(self, steps: int) -> None:
        """Change the speed of playing."""
        self.replay.pace.change(steps)
        self._show_position()

    def action_step(self, steps: int) -> None:
        """Move by observations of the selection."""
        self._step("observation of the selection", self.step_selection, steps)

    def action_step_row(self, steps: int) -> None:
        """Move by observations of the trace."""
        self._step("observation", self.replay.landmarks.row_beside, steps)

    def action_landmark(self, landmark: str, steps: int) -> None:
        """Move to a gap, an error, an operation or a finding."""
        self._step(landmark, partial(self.replay.landmarks.beside, landmark), steps)

    def _step(self, kind: str, find: Callable[[Spot, int], Spot | None], steps: int) -> None:
        """Look up where the steps lead; those of keys pressed meanwhile are added."""
        self.replay.pace.pause()
        if self.place.spot is None:
            return
        move = _Move(self.place.spot, kind, steps)
        if self._move and (self._move.origin, self._move.kind) == (move.origin, kind):
            move = move._replace(steps=steps + self._move.steps)
        self._move = move

        def landed() -> Message:
            if (spot := find(move.origin, move.steps) if move.steps else move.origin) is None:
                raise VolreelError(f"no {kind} {'after' if move.steps > 0 else 'before'} this")
            return SpotFound(spot)

        self.ask("move", landed)

    @on(SpotFound)
    def _take_spot(self, found: SpotFound) -> None:
        self.place.move(found.spot)
        if found.view:
            self.show_view(found.view)
        else:
            self.move(found.spot)

    def go_to_row(self, seq: int, view: str) -> None:
        """Put the cursor on a row of any table, and show a view there."""

        def landed() -> Message:
            if (spot := self.replay.landmarks.row(seq)) is None:
                raise VolreelError(f"the trace has no row {seq}")
            return SpotFound(spot, view)

        self.replay.pace.pause()
        self.ask("move", landed)

    @on(ActivityStrip.Chosen)
    def _take_choice(self, chosen: ActivityStrip.Chosen) -> None:
        self.move(Spot(chosen.instant, None))

    def action_go_to(self) -> None:
        """Ask where to go."""
        summary, instant = self.replay.summary, self.place.instant

        def understand(words: str) -> datetime | None:
            return go_to(words, summary.first_at, summary.last_at, instant)

        def go(instant: datetime | None) -> None:
            if instant:
                self.move(Spot(instant, None))

        self.app.push_screen(AskDialog("Go to (UTC)", "14:03:07  +30s  -5m  50%", understand), go)

    def action_mark(self) -> None:
        """Ask for a note, and keep a bookmark at the cursor."""
        spot = self.place.spot
        if spot is None:
            return

        def keep(note: str) -> Path:
            return self.replay.bookmarks.add(Bookmark(spot, note))

        def kept(file: Path | None) -> None:
            if file:
                self.tell(f"kept in {file}")

        self.app.push_screen(AskDialog("Bookmark", "a note", keep), kept)

    def action_go_to_mark(self) -> None:
        """Ask for one of the bookmarks, and go there."""
        bookmarks = self.replay.bookmarks.all()
        if not bookmarks:
            self.tell("no bookmarks: m keeps one")
            return

        def go(index: int | None) -> None:
            if index is not None:
                self.move(bookmarks[index].spot)

        lines = [f"{spot.at:%Y-%m-%d %H:%M:%S} {note}" for spot, note in bookmarks]
        self.app.push_screen(ChooseDialog("Bookmarks", lines), go)

    # -- dialogs ----------------------------------------------------------------------------------------------------

    def action_keys(self) -> None:
        """List the keys: the view's own, the shared ones, those that show a view."""
        shared = {key.action for key in SHARED_KEYS}
        not_ours = {key.action for key in Binding.make_bindings(Screen.BINDINGS)}
        keys = [
            (
                node is not self,
                binding.action in shared,
                self.app.get_key_display(binding),
                words or binding.description,
            )
            for node, binding, _, words in self.active_bindings.values()
            if (node is self and binding.action not in not_ours) or binding.action.startswith("view(")
        ]
        keys.sort(key=lambda key: key[:2])
        self.app.push_screen(TextDialog("Keys", keys_in_words(key[2:] for key in keys)))

    def action_explain(self) -> None:
        """Say why the selection stood as it did at the cursor."""
        instant, width = self.place.instant, min(_WIDEST_TEXT, self.size.width - 6)

        def explained() -> Message:
            return ExplanationLoaded(explanation_as_text(self.trace.explain(*self.subject(), instant), width))

        self.tell("explaining ...")
        self.ask("explain", explained)

    @on(ExplanationLoaded)
    def _take_explanation(self, loaded: ExplanationLoaded) -> None:
        self.tell("")
        self.app.push_screen(TextDialog("Why", loaded.text))

    def action_copy(self) -> None:
        """Show and copy the command line that gives the same answer."""
        command = visible(shlex.join(["volreel", *self.command()]))
        self.app.copy_to_clipboard(command)
        self.app.push_screen(TextDialog("The same on the command line (copied)", command))
