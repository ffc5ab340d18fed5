"""The dialects of log lines, one file each, in the order in which they are tried.

A dialect has a NAME, which stands in the `dialect` column, and `parse(text, calendar)`: the line's parts, or None for
another dialect's line. It gets one line without the runtime's stamp and never fails.
"""

from __future__ import annotations

from typing import Protocol

from tracer.logs.calendar import Calendar
from tracer.logs.dialects import go_log, klog_json, klog_text, logrus_json, logrus_text, zap_console, zap_json
from tracer.logs.parsed import Parsed


class Dialect(Protocol):
    """A way to write log lines."""

    NAME: str

    def parse(self, text: str, calendar: Calendar, /) -> Parsed | None:
        """The line's parts; None for another dialect's line."""


DIALECTS: tuple[Dialect, ...] = (klog_text, klog_json, zap_json, logrus_json, logrus_text, zap_console, go_log)
CONTINUED = "continued"
"""The `dialect` of a line that goes on with the value or message of the one before it."""
