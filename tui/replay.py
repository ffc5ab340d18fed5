"""What all views of a replay share: the trace, what is known of it as a whole, the time cursor, its pace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from analysis.landmarks import Landmarks, Spot
from analysis.overview import Found, Overview
from analysis.trace import Summary, Trace
from tui.bookmarks import Bookmarks
from tui.pace import Pace
from tui.place import Place


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the trace as a whole; None while it is not yet."""

    overview: Overview | None = None
    volumes: int | None = None
    """How many volumes there are."""
    found: Sequence[Found] | None = None


class Replay:
    """A trace being looked at."""

    def __init__(
        self, trace: Trace, summary: Summary, start: datetime | None = None, volume_id: str | None = None
    ) -> None:
        """The cursor stands at `start`, or where the trace begins; that volume is selected, or none."""
        self.trace = trace
        self.summary = summary
        self.landmarks = Landmarks(trace)
        self.place = Place(start or summary.first_at, volume_id=volume_id)
        self.pace = Pace()
        self.known = Known()
        self.bookmarks = Bookmarks(trace)
        self.renewals = 0
        """How often there was more of the trace."""

    def renew(self, summary: Summary) -> None:
        """Know what was recorded meanwhile; a live cursor that still stands at the end stays there."""
        self.pace.is_live &= self.place.instant == self.summary.last_at
        self.summary, self.landmarks = summary, Landmarks(self.trace)
        self.renewals += 1
        if self.pace.is_live and summary.last_at:
            self.place.move(Spot(summary.last_at, None))

    def advance(self) -> None:
        """Let the clock move the cursor; it stops at the end of the trace."""
        instant, last = self.place.instant, self.summary.last_at
        if instant is None or last is None:
            self.pace.pause()
            return
        self.place.move(Spot(min(instant + self.pace.elapsed(), last), None))
        if self.place.instant == last:
            self.pace.pause()
