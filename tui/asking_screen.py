"""Questions to the trace, asked in threads so that the screen never waits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual import on, work
from textual.message import Message
from textual.screen import Screen
from textual.worker import get_current_worker

from analysis.trace import Trace
from tracer.errors import VolreelError
from tui.messages import Answered, RefusedToAnswer


class AskingScreen(Screen[None]):
    """Of each group one question is asked at a time, and of those that wait for it only the last."""

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self.trace = trace
        self._asking: dict[str, Callable[[], Message] | None] = {}
        """The groups of which a question is being asked, and the question that waits for that."""

    def is_asking(self, group: str | None = None) -> bool:
        """Whether a question of the group, or any, is being asked."""
        return group in self._asking if group else bool(self._asking)

    def ask(self, group: str, question: Callable[[], Message]) -> None:
        """Have a thread put a question to the trace; the answer is a message to this screen.

        Answers of a group come in the order of their questions. Where a question raises VolreelError, `show_refusal` is
        called instead.
        """
        if group in self._asking:
            self._asking[group] = question
        else:
            self._asking[group] = None
            self.run_worker(partial(self._answer, group, question), group=group, thread=True)

    def stop_asking(self) -> None:
        """Stop the questions that are being asked, and forget those that wait."""
        self._asking = dict.fromkeys(self._asking)
        self._cancel()

    def answered(self) -> None:
        """A question has been answered, or refused; its answer comes next."""

    def show_refusal(self, group: str, why: str) -> None:
        """Draw why a question of a group has no answer."""
        raise NotImplementedError

    def _answer(self, group: str, question: Callable[[], Message]) -> None:
        answer: Message
        try:
            answer = question()
        except VolreelError as error:
            answer = RefusedToAnswer(group, str(error))
        if not get_current_worker().is_cancelled:
            self.post_message(Answered(group, answer))

    @on(Answered)
    def _ask_what_waits(self, answered: Answered) -> None:
        question = self._asking.pop(answered.group)
        self.post_message(answered.answer)  # before the next question is asked: answers stay in their order
        self.answered()
        if question is not None:
            self.ask(answered.group, question)

    @on(RefusedToAnswer)
    def _take_refusal(self, refused: RefusedToAnswer) -> None:
        self.show_refusal(refused.group, refused.why)

    @work(thread=True, group="cancel")
    def _cancel(self) -> None:
        self.trace.cancel()
