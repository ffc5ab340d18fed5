"""How far one run of a container was read, and how a log that is asked for again is taken up behind that.

`sinceTime` has whole seconds, so a log that is asked for again begins with lines that were seen already. They are told
by their stamps (nanoseconds): how many lines of the last seconds were seen, and the sum of their stamps. The stamps
need not rise: a runtime stamps stdout and stderr apart, and a node's clock may be set back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tracer.clock import rfc3339_us

_NS = 1_000_000_000
_SLACK_S = 2
"""Lines may be out of order by as much, and a log is read again from so far before its newest line."""
_SUM = 1 << 64
_TEXT = re.compile(r"newest (-?\d+) last (-?\d+) lines ((?:-?\d+:\d+:[0-9a-f]+ ?)*)")


@dataclass(slots=True)
class Position:
    """What was seen of one run's log."""

    newest: int | None = None
    """The highest stamp, ns since 1970; None before the first line."""
    last: int | None = None
    """The stamp of the last line."""
    seconds: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Each of the newest seconds -> how many lines it had, and the sum of their stamps."""

    def saw(self, stamp: int) -> None:
        """One more line was taken."""
        second = stamp // _NS
        self.last = stamp
        if self.newest is None or stamp > self.newest:
            if self.newest is None or second > self.newest // _NS:
                self.seconds = {each: seen for each, seen in self.seconds.items() if each >= second - _SLACK_S}
            self.newest = stamp
        elif second < self.newest // _NS - _SLACK_S:
            return
        count, total = self.seconds.get(second, (0, 0))
        self.seconds[second] = (count + 1, (total + stamp) % _SUM)

    @property
    def since_s(self) -> int | None:
        """The second since 1970 from which to ask again; None for the whole log."""
        if self.newest is None or self.last is None:
            return None
        return min(self.newest // _NS, self.last // _NS) - _SLACK_S

    @property
    def is_set_back(self) -> bool:
        """Whether the clock was set back so far that the newest second lies behind what comes next."""
        return self.newest is not None and self.last is not None and self.last < self.newest - _SLACK_S * _NS

    def text(self) -> str:
        """As it stands in a `bookmark`."""
        seen = " ".join(f"{second}:{count}:{total:x}" for second, (count, total) in sorted(self.seconds.items()))
        return f"newest {self.newest} last {self.last} lines {seen}"

    @classmethod
    def parse(cls, text: str | None) -> Position | None:
        """The position that `text` gave; None where it is none."""
        found = _TEXT.search(text or "")
        if found is None:
            return None
        parts = (each.split(":") for each in found[3].split())
        seconds = {int(second): (int(count), int(total, 16)) for second, count, total in parts}
        return cls(int(found[1]), int(found[2]), seconds)


@dataclass(slots=True)
class LogPast:
    """What a trace says of one run's log that was not read to its end."""

    position: Position = field(default_factory=Position)
    is_synced: bool = False


def since_time(second: int) -> str:
    """A second since 1970 as a `sinceTime`."""
    return rfc3339_us(second * 1_000_000)[:19] + "Z"


class TakingUp:
    """A log that was asked for again from `position.since_s`: which of its lines are new."""

    def __init__(self, position: Position) -> None:
        self.found = Position()
        """What is there of what was seen."""
        self._newest = position.newest
        self._until = position.last if position.is_set_back else None
        self._left = sum(count for count, _ in position.seconds.values())
        self._sum = sum(total for _, total in position.seconds.values()) % _SUM
        self.is_done = position.newest is None
        """Whether everything from here on is new."""
        self.is_broken = False
        """Whether lines that were seen are not there any more: others may be missing that were not."""

    def is_new(self, stamp: int) -> bool:
        """Whether a line is new; to be asked for each, until `is_done`."""
        assert self._newest is not None
        if stamp > self._newest:
            self.is_done = self.is_broken = True
            return True
        if self._until is None and stamp // _NS < self._newest // _NS - _SLACK_S:
            return False  # more than was asked for: of so long ago no count is kept
        self.found.saw(stamp)
        if self._until is not None:
            self.is_done = stamp == self._until
        elif self._left:
            self._left -= 1
            self._sum = (self._sum - stamp) % _SUM
            self.is_done = not self._left and not self._sum
        return False
