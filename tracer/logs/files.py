"""The lines of a log file as those of a capture: each with its time and whose it is."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from itertools import chain, islice
from pathlib import Path
from typing import Any

from tracer.errors import InputError
from tracer.input_files import STDIN, InputFile
from tracer.logs.calendar import Calendar
from tracer.logs.decoding import LONGEST_LINE
from tracer.logs.dialects import DIALECTS
from tracer.logs.forms import Form, Text, form_of
from tracer.logs.streams import host_stream
from tracer.ndjson.line import Line
from tracer.ndjson.reading import Read

_AHEAD = 2000
"""Lines at a file's begin in which a year is looked for."""
_SUFFIX = re.compile(r"(?:\.(?:log|txt|json|gz|zst|\d{1,8}|previous))+$")
_DATED = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)[T ]\d\d:\d\d:\d\d")
_KLOG = re.compile(r"[IWEF](\d\d)(\d\d) \d\d:\d\d:\d\d\.\d{6} ")


@dataclass(frozen=True, slots=True)
class About:
    """What is known of the files beside what stands in them."""

    node: str | None = None
    component: str | None = None
    year: int | None = None
    """Of the first line of a file whose lines have none."""
    zone: tzinfo = UTC
    """Of times that name none."""


class LogFile:
    """One file that is being read."""

    def __init__(self, file: InputFile, about: About) -> None:
        self._file = file
        self._about = about
        self._form: Form | None = None
        self._context: dict[str, Any] = {"zone": about.zone, "year": about.year}

    def calendar(self) -> Calendar:
        """What tells year and zone in this file; each that is asked for begins with the file's first line."""
        return Calendar(**self._context)

    def lines(self) -> Iterator[Read]:
        """Its lines in their order. Raises InputError for the first that is not what it should be."""
        with self._file.blaming():
            yield from self._timed(self._texts())

    def _texts(self) -> Iterator[Text]:
        texts = self._read()
        first = list(islice(texts, _AHEAD))
        self._set_context(first)
        return chain(first, texts)

    def _read(self) -> Iterator[Text]:
        for data in self._file.lines(LONGEST_LINE):
            if b"\0" in data:
                raise ValueError("this is no text")
            line = data.rstrip(b"\r\n")
            if self._form is None:
                if not line:
                    continue
                self._form = form_of(line)
            yield from self._form(line)

    def _set_context(self, first: Sequence[Text]) -> None:
        """The year of a file whose lines have none: the option's, one that stands in them, or that of the file."""
        if self._about.year is not None:
            return
        for text in first:
            head, dated = _KLOG.match(text.text), _DATED.search(text.text)
            if head and dated and head.groups() == dated.groups()[1:]:
                self._context["year"] = int(dated[1])
                return
        name = self._file.name
        written = time.time() if name == STDIN else Path(name).stat().st_mtime
        self._context["not_after_s"] = int(written)

    def _timed(self, texts: Iterator[Text]) -> Iterator[Read]:
        """Lines before the first that has a time get that one's."""
        calendar = self.calendar()
        latest = -1
        waiting: list[Text] = []
        for text in texts:
            at = _time_of(text, calendar)
            if at is None and latest < 0:
                waiting.append(text)
                continue
            latest = max(latest, at or 0)
            for each in (*waiting, text):
                yield self._found(latest, each)
            waiting.clear()
        if waiting:
            raise InputError(
                f"{self._file.name} has no line with a time that volreel knows. Export it with stamps"
                " (kubectl logs --timestamps, journalctl -o short-iso-precise). Nothing was imported."
            )

    def _found(self, at_ns: int, text: Text) -> Read:
        node = self._about.node or text.node
        name = self._about.component or text.name or _SUFFIX.sub("", Path(self._file.name).name)
        line = Line(t="", stream=host_stream(node, name), node=node, line=text.line)
        return Read(at_ns, self._file.name, self._file.number, len(text.line), line)


def _time_of(text: Text, calendar: Calendar) -> int | None:
    if text.stamp_ns is not None:
        return text.stamp_ns
    calendar.stamped(None)
    for dialect in DIALECTS:
        parsed = dialect.parse(text.text, calendar)
        if parsed is not None and parsed.logged_at is not None:
            return parsed.logged_at * 1000 if parsed.logged_at >= 0 else None
    return None
