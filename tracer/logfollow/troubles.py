"""What keeps a log from being read: said once while it lasts, and waited out longer each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from tracer.errors import VolreelError
from tracer.logfollow.reading import LogMeans, Reading
from tracer.watch.pace import Pace

_LONGEST_RETRY_AFTER_S = 300.0


def summary(logs: str, those: str, all_of: Iterable[Troubles]) -> Iterator[tuple[str, str]]:
    """What is wrong with these logs, and why: one of each sort, with the number of `those` that it concerns."""
    found = [each.now for each in all_of if each.now is not None]
    counts = Counter(what for what, _ in found)
    for what, count in counts.items():
        why = next(why for kind, why in found if kind == what)
        yield f"{logs} {what}", f"of {count} {those}: {why}" if count > 1 else why


class Troubles:
    """The troubles of one log."""

    def __init__(self, means: LogMeans, pace: Pace) -> None:
        self.now: tuple[str, str] | None = None
        """`forbidden`, `absent` or `failed`, and why; None while all is well."""
        self._means = means
        self._pace = pace
        self._failures = 0
        self._renewed = False
        """Whether the credentials were read anew and nothing has come of it yet."""

    def over(self) -> None:
        """The server has answered."""
        self.now = None
        self._renewed = False

    def say(self, reading: Reading, what: str, why: str) -> None:
        """There is one: a row in the trace, unless the last one said the same."""
        if self.now is None or self.now[0] != what:
            self._means.sink.note(reading.run.stream, what, detail=why)
        self.now = what, why
        reading.ended = reading.ended or why

    def failed(self, reading: Reading, why: str, retry_after_s: float | None = None) -> float:
        """Something that passes. Returns the seconds to wait."""
        self.say(reading, "failed", why)
        self._failures += 1
        wait = self._pace.backoff(self._failures)
        return wait if retry_after_s is None else max(wait, min(retry_after_s, _LONGEST_RETRY_AFTER_S))

    async def unauthorized(self, reading: Reading, message: str, generation: int) -> float:
        """The credentials were refused (401): read them again, once. Returns the seconds to wait."""
        if self._renewed:
            return self.failed(reading, f"HTTP 401: {message}")
        self._renewed = True
        try:
            await self._means.cluster.reload(generation)
        except VolreelError as error:
            return self.failed(reading, str(error))
        return 0.0

    def ended(self, lasted_s: float) -> float:
        """An answer has ended well. Seconds to wait: few if it was read for long, else more each time."""
        if lasted_s >= self._pace.settled_s:
            self._failures = 0
        self._failures += 1
        return self._pace.backoff(self._failures)
