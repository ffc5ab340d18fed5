"""Captures and logs into a new trace: all of them, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tracer.input_files import InputFiles, windows
from tracer.logs.files import About, LogFile
from tracer.making import make_room, new_trace
from tracer.ndjson.reading import read_lines
from tracer.ndjson.window import Intake
from tracer.trace.progress import Advance


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has made."""

    lines: int
    """Of all files."""
    streams: int
    """Streams of objects."""
    logs: int
    unknown: int
    """Lines of logs that no dialect knows; they are kept as they are."""


def import_ndjson(names: Sequence[str], out: Path, progress: Advance = lambda done, total: None) -> Imported:
    """Make the trace `out` from NDJSON files (plain or gzip; `-` is standard input), merged by time.

    `progress` is told the bytes read and their total (None: unknown). Raises InputError for input that is not what it
    should be, TraceExists, TraceLocked (another import is making it), OSError. On an error nothing is left behind.
    """
    with InputFiles(names, "an NDJSON file") as inputs:
        return _import(inputs, {}, out, "import ndjson", progress)


def import_logs(
    names: Sequence[str],
    out: Path,
    about: About,
    progress: Advance = lambda done, total: None,
    captures: Sequence[str] = (),
) -> Imported:
    """The same from log files; `captures` are NDJSON files that belong into the same trace.

    Raises InputError also for a file whose lines have no time.
    """
    with InputFiles([*names, *captures], "a log file") as inputs:
        logs = {file.name: LogFile(file, about) for file in inputs.files[: len(names)]}
        return _import(inputs, logs, out, "import logs", progress)


def _import(inputs: InputFiles, logs: dict[str, LogFile], out: Path, by: str, progress: Advance) -> Imported:
    with new_trace(out, by) as writer:
        intake = Intake(writer, logs)
        files = [logs[file.name].lines() if file.name in logs else read_lines(file) for file in inputs.files]
        lines = 0
        for window in windows(files):
            intake.add(window)
            lines += len(window)
            make_room(writer)
            progress(inputs.done, inputs.total)
        writer.manifest.resources = [stream.resource for _, stream in sorted(intake.streams.items())]
    return Imported(lines, len(intake.streams), len(intake.logs), intake.unknown)
