"""NDJSON into a new trace: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tracer.input_files import InputFiles, windows
from tracer.making import make_room, new_trace
from tracer.ndjson.reading import read_lines
from tracer.ndjson.window import Intake
from tracer.trace.progress import Advance


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
    with new_trace(out, "import ndjson") as writer, InputFiles(names, "an NDJSON file") as inputs:
        intake = Intake(writer)
        lines = 0
        for window in windows([read_lines(file) for file in inputs.files]):
            intake.add(window)
            lines += len(window)
            make_room(writer)
            progress(inputs.done, inputs.total)
        writer.manifest.resources = [stream.resource for _, stream in sorted(intake.streams.items())]
    return Imported(lines, len(intake.streams))
