"""A kubelet's log as the node log query gives it: lines of the node's journal, made into lines of the log API.

The kubelet runs `journalctl --utc --output=short-precise` (`pkg/kubelet/kubelet_server_journal_linux.go`):

    Nov 23 07:32:17.001274 node-1 kubelet[812]: I1123 07:32:17.000245     812 reconciler.go:1] ...

It stops journalctl after 30 s: an answer may end anywhere, in the middle of a line too.
"""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import lru_cache

from tracer.cluster import Answer
from tracer.logfollow.lines import Cutter
from tracer.logs.streams import KUBELET
from tracer.trace.lines import stamp_text

_LINE = re.compile(
    rb"([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)\.(\d{6}) \S{1,253}"
    rb" (([^\s:\[]{1,200})(?:\[\d{1,10}\])?: )(.*)",
    re.DOTALL,
)
_MONTHS = {name.encode(): number for number, name in enumerate(calendar.month_abbr) if name}
_REMARK = re.compile(rb"-- .* --|\s*")
"""journalctl's own: `-- No entries --`, `-- Boot 5f... --`."""
_AHEAD_S = 86_400
"""A stamp that lies further ahead of the node's clock than this is one of the year before."""


class NoJournal(Exception):
    """The node answered with something that is no journal. The message is its beginning."""


class JournalCutter(Cutter):
    """Cuts a journal into lines, each with its stamp as the log API writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.first_s: int | None = None
        """The second of the first line, since 1970; None before it."""
        self._head = b""
        """The stamp of the last entry, and a blank."""
        self._indent = 0
        self._words = b""
        self._now_s = 0.0

    async def cut(self, answer: Answer) -> AsyncIterator[list[bytes]]:
        """Yield the whole lines of each piece, without their ends. Raises Lost, and NoJournal where there are none."""
        self._now_s = answer.dated_s or time.time()
        async for lines in super().cut(answer):
            if found := [stamped for line in lines if (stamped := self._stamped(line)) is not None]:
                yield found
        words = self._words or super().rest
        if self.first_s is None and not _REMARK.fullmatch(words):
            raise NoJournal(words[:300].decode("utf-8", "replace").strip())

    @property
    def rest(self) -> bytes:
        """Nothing: the rest of a line comes with the next answer."""
        return b""

    def _stamped(self, line: bytes) -> bytes | None:
        match = _LINE.fullmatch(line)
        second = _second(self._now_s, *match.groups()[:5]) if match else None
        if match is None or second is None:
            return self._continued(line)
        self.first_s = second if self.first_s is None else self.first_s
        self._head = f"{stamp_text(second * 1_000_000_000 + int(match[6]) * 1000)} ".encode()
        self._indent = match.start(9)
        said_by_kubelet = match[8] == KUBELET.encode()  # systemd speaks of the unit too
        return self._head + (match[9] if said_by_kubelet else match[7] + match[9])

    def _continued(self, line: bytes) -> bytes | None:
        """A further line of an entry is indented to the first; what is no line of the journal is left out."""
        if self._head and line[: self._indent].isspace() and len(line) >= self._indent:
            return self._head + line[self._indent :]
        self._words = self._words or (b"" if _REMARK.fullmatch(line) else line)
        return None


@lru_cache(maxsize=4096)
def _second(now_s: float, month: bytes, day: bytes, hours: bytes, minutes: bytes, seconds: bytes) -> int | None:
    """The second since 1970: journalctl leaves the year out, and the node's clock, `now_s`, tells it."""
    if month not in _MONTHS:
        return None
    year = datetime.fromtimestamp(now_s + _AHEAD_S, UTC).year
    clock = int(hours), int(minutes), int(seconds)
    for each in range(year, year - 5, -1):  # 29 February: the last year that has one
        try:
            second = int(datetime(each, _MONTHS[month], int(day), *clock, tzinfo=UTC).timestamp())
        except ValueError:
            continue
        if second <= now_s + _AHEAD_S:
            return second
    return None
