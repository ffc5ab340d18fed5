"""NDJSON into a new trace: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tracer.making import make_room, new_trace
from tracer.ndjson.files import Files, Read
from tracer.ndjson.window import Intake
from tracer.trace.progress import Advance

_WINDOW_ROWS = 4096
_WINDOW_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has made."""

    lines: int
    streams: int
    """Streams of objects."""


def import_ndjson(names: Sequence[str], out: Path, progress: Advance = lambda done, total: None) -> Imported:
    """Make the trace `out` from NDJSON files (plain or gzip; `-` is standard input), merged by time.

    `progress` is told the bytes read and their total (None: unknown). Raises InputError for input that is not what it
    should be, TraceExists, TraceLocked (another import is making it), OSError. On an error nothing is left behind.
    """
    with new_trace(out, "import ndjson") as writer, Files(names) as files:
        intake = Intake(writer)
        lines = 0
        for window in _windows(files.lines()):
            intake.add(window)
            lines += len(window)
            make_room(writer)
            progress(files.done, files.total)
        writer.manifest.resources = [stream.resource for _, stream in sorted(intake.streams.items())]
    return Imported(lines, len(intake.streams))


def _windows(reads: Iterator[Read]) -> Iterator[list[Read]]:
    window: list[Read] = []
    size = 0
    for read in reads:
        window.append(read)
        size += read.size
        if len(window) >= _WINDOW_ROWS or size >= _WINDOW_BYTES:
            yield window
            window, size = [], 0
    if window:
        yield window
