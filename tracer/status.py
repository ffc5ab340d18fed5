"""The live status of a recording: its numbers, and how a log shows them (`live_status` draws them on a terminal)."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass

from tracer.recorder import Recorder
from tracer.trace.visible import visible
from tracer.units import show_duration, show_size

REFRESH_S = 0.5
_LOG_EVERY_S = 30.0


@dataclass(slots=True)
class Row:
    """What is shown of one kind, its namespaces together."""

    plural: str
    objects: int = 0
    observations: int = 0
    gaps: int = 0
    quiet_s: float | None = None
    """Seconds since the server was last heard, bookmarks included: the recorder is not further behind than that."""
    states: set[str] | None = None


class Status:
    """Numbers of a running recording, and how they look."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._before: dict[str, tuple[float, int]] = {}

    def rows(self) -> list[Row]:
        """One row a kind, in the order in which they are listed; absent kinds are left out."""
        rows: dict[str, Row] = {}
        now = time.monotonic()
        for stream, follower in self._recorder.followers.items():
            plural = stream.rsplit("/", 1)[1]
            row = rows.setdefault(plural, Row(plural, states=set()))
            counts = follower.intake.counts
            row.objects += len(follower.intake.known)
            row.observations += counts.observations
            row.gaps += counts.gaps
            if counts.heard_at is not None:
                row.quiet_s = max(row.quiet_s or 0.0, now - counts.heard_at)
            assert row.states is not None
            row.states.add(counts.state)
        return list(rows.values())

    def rate(self, row: Row) -> float:
        """Observations per second of a kind since it was last asked for."""
        now = time.monotonic()
        before_at, before = self._before.get(row.plural, (self._recorder.started_at, 0))
        if now - before_at >= 1.0:
            self._before[row.plural] = (now, row.observations)
        return (row.observations - before) / max(now - before_at, 0.001)

    def line(self) -> str:
        """The whole recording in one line."""
        rows = self.rows()
        writer = self._recorder.sink.writer
        logs = self._recorder.log_counts
        lines = f"{logs.lines} log lines, " if logs.lines else ""
        gaps = sum(row.gaps for row in rows) + logs.gaps
        return (
            f"{visible(writer.path.name)}: {show_duration(time.monotonic() - self._recorder.started_at)}, "
            f"{sum(row.objects for row in rows)} objects, {sum(row.observations for row in rows)} observations, "
            f"{lines}{gaps} gaps, {show_size(writer.bytes_on_disk)} on disk"
        )

    def troubles(self) -> dict[str, str]:
        """What the user should know: what is not recorded at the moment -> why."""
        found = {visible(stream): visible(why) for stream, why in self._recorder.warnings()}
        if self._recorder.sink.trouble:
            found["disk"] = visible(self._recorder.sink.trouble)
        return found


async def show_status(recorder: Recorder, *, verbose: bool) -> None:
    """Show the status on stderr until cancelled: a live table on a terminal, else a line now and then."""
    status = Status(recorder)
    if sys.stderr.isatty():
        from tracer.live_status import show_table  # noqa: PLC0415 - a recorder in a pod has no use for Rich

        await show_table(status)
    else:
        await _show_lines(status, 5.0 if verbose else _LOG_EVERY_S)


async def _show_lines(status: Status, every_s: float) -> None:
    """A trouble is said when it comes and when it goes, not with each try."""
    said: set[str] = set()
    next_line = time.monotonic() + every_s
    while True:
        troubles = status.troubles()
        for what in [what for what in troubles if what not in said]:
            _say(f"! {what}: {troubles[what]}")
        for what in said - troubles.keys():
            _say(f"  {what}: well again")
        said = set(troubles)
        if time.monotonic() >= next_line:
            _say(status.line())
            next_line = time.monotonic() + every_s
        await asyncio.sleep(REFRESH_S)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
