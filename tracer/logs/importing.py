"""Log files into a new trace: all of them, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracer.input_files import InputFiles, windows
from tracer.logs.files import About, Found, LogFile
from tracer.logs.lifting import LogLifter
from tracer.logs.streams import STREAM_COLUMNS, stream_columns
from tracer.making import make_room, new_trace
from tracer.trace.progress import Advance
from tracer.trace.schema import LOGS


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has made."""

    lines: int
    unknown: int
    """Lines that no dialect knows; they are kept as they are."""
    streams: int


def import_logs(
    names: Sequence[str], out: Path, about: About, progress: Advance = lambda done, total: None
) -> Imported:
    """Make the trace `out` from log files (plain or gzip; `-` is standard input), merged by time.

    Raises InputError for a file that cannot be read or timed, TraceExists, TraceLocked, OSError. On an error nothing is
    left behind.
    """
    lines = unknown = 0
    streams: set[str] = set()
    with new_trace(out, "import logs") as writer, InputFiles(names, "a log file") as inputs:
        files = {file.name: LogFile(file, about) for file in inputs.files}
        lifter = LogLifter(lambda name: files[name].calendar())
        for window in windows([file.lines() for file in files.values()]):
            columns = _columns(window, lifter)
            at = [each.at_ns // 1000 for each in window]
            writer.add_interleaved({LOGS: (range(len(window)), columns)}, at, sum(each.size for each in window))
            lines += len(window)
            unknown += columns["dialect"].count(None)
            streams.update(columns["stream"])
            make_room(writer)
            progress(inputs.done, inputs.total)
    return Imported(lines, unknown, len(streams))


def _columns(window: Sequence[Found], lifter: LogLifter) -> dict[str, list[Any]]:
    whose = [stream_columns(each.stream) for each in window]
    return {
        "stream": [each.stream for each in window],
        "node": [each.node for each in window],
        **dict(zip(STREAM_COLUMNS, (list(column) for column in zip(*whose, strict=True)), strict=True)),
        **lifter.lift([each.file for each in window], [each.line for each in window]),
    }
