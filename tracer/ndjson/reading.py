"""The lines of an NDJSON file, each with its time and its place."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tracer.errors import InputError
from tracer.input_files import InputFile, input_error
from tracer.ndjson.line import Line, parse_line

_LONGEST = 64 << 20
"""Bytes of a line: far more than any object's or log line's; what is longer is no NDJSON."""


class Read(msgspec.Struct, gc=False):
    """A line that was read, and where."""

    at_ns: int
    """Never falls within a file: a line whose `t` lies before the one ahead of it gets that one's."""
    file: str
    number: int
    size: int
    """Bytes."""
    line: Line

    def wrong(self, why: object) -> InputError:
        """The error for this line."""
        return input_error(self.file, self.number, why)


def read_lines(file: InputFile) -> Iterator[Read]:
    """The lines of a file in their order. Raises InputError for the first that is not what it should be."""
    latest = 0
    with file.blaming():
        for text in file.lines(_LONGEST):
            if text.isspace():
                continue
            at, line = parse_line(text)
            latest = max(latest, at)
            yield Read(latest, file.name, file.number, len(text), line)
