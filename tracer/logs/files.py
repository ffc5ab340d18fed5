"""Log files as one sequence of lines in the order of their times."""

from __future__ import annotations

import re
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, tzinfo
from heapq import merge
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path
from typing import IO, Any, NamedTuple

from tracer.errors import InputError
from tracer.logs.calendar import Calendar
from tracer.logs.dialects import DIALECTS
from tracer.logs.forms import Form, Text, form_of
from tracer.logs.streams import host_stream
from tracer.ndjson.files import STDIN, unpacked

_LONGEST = 16 << 20
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


class Found(NamedTuple):
    """A line, and whose it is."""

    at_ns: int
    """Never falls within a file."""
    file: str
    stream: str
    node: str | None
    line: str
    """As the log API would send it."""


class LogFile:
    """One file that is being read."""

    def __init__(self, name: str, raw: IO[bytes], about: About) -> None:
        self.name = name
        self.raw = raw
        self._about = about
        self._number = 0
        self._form: Form | None = None
        self._context: dict[str, Any] = {"zone": about.zone, "year": about.year}

    def calendar(self) -> Calendar:
        """What tells year and zone in this file; each that is asked for begins with the file's first line."""
        return Calendar(**self._context)

    def lines(self) -> Iterator[Found]:
        """Its lines. Raises InputError that names the line."""
        try:
            yield from self._timed(self._texts())
        except ValueError as error:
            raise self._wrong(error) from error
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                f"{self.name} cannot be read beyond line {self._number} ({error}). Nothing was imported."
            ) from error

    def _wrong(self, why: object) -> InputError:
        return InputError(f"{self.name}:{self._number}: {why}. Correct or remove that line; nothing was imported.")

    def _texts(self) -> Iterator[Text]:
        texts = self._read()
        first = list(islice(texts, _AHEAD))
        self._set_context(first)
        return chain(first, texts)

    def _read(self) -> Iterator[Text]:
        file = unpacked(self.raw)
        while data := file.readline(_LONGEST):
            self._number += 1
            if len(data) == _LONGEST:
                raise ValueError(f"the line is longer than {_LONGEST >> 20} MiB")
            if b"\0" in data:
                raise ValueError("this is no text")
            line = data.decode("utf-8", "replace").rstrip("\r\n")
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
        written = time.time() if self.name == STDIN else Path(self.name).stat().st_mtime
        self._context["not_after_s"] = int(written)

    def _timed(self, texts: Iterator[Text]) -> Iterator[Found]:
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
                f"{self.name} has no line with a time that volreel knows. Export it with stamps"
                " (kubectl logs --timestamps, journalctl -o short-iso-precise). Nothing was imported."
            )

    def _found(self, at_ns: int, text: Text) -> Found:
        node = self._about.node or text.node
        name = self._about.component or text.name or _SUFFIX.sub("", Path(self.name).name)
        return Found(at_ns, self.name, host_stream(node, name), node, text.line)


def _time_of(text: Text, calendar: Calendar) -> int | None:
    if text.stamp_ns is not None:
        return text.stamp_ns
    calendar.stamped(None)
    for dialect in DIALECTS:
        parsed = dialect.parse(text.text, calendar)
        if parsed is not None and parsed.logged_at is not None:
            return parsed.logged_at * 1000 if parsed.logged_at >= 0 else None
    return None


class LogFiles:
    """Open log files; `done` of `total` bytes have been read."""

    def __init__(self, names: Sequence[str], about: About) -> None:
        """Raises InputError for a file that cannot be opened, or that is named twice."""
        self._stack = ExitStack()
        try:
            if len(set(names)) < len(names):
                raise InputError("A file is named twice. Name each once; nothing was imported.")
            self.files = {name: LogFile(name, self._open(name), about) for name in names}
        except BaseException:
            self._stack.close()
            raise
        self.total = None if STDIN in names else sum(Path(name).stat().st_size for name in names)

    def __enter__(self) -> LogFiles:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _open(self, name: str) -> IO[bytes]:
        if name == STDIN:
            return sys.stdin.buffer
        try:
            return self._stack.enter_context(Path(name).open("rb"))
        except OSError as error:
            raise InputError(f"{name} cannot be read ({error.strerror}). Name a log file, or - for stdin.") from error

    @property
    def done(self) -> int:
        """Bytes read so far."""
        return sum(file.raw.tell() for file in self.files.values()) if self.total is not None else 0

    def lines(self) -> Iterator[Found]:
        """All lines, merged by time; those of one file keep their order."""
        readers = [file.lines() for file in self.files.values()]
        return readers[0] if len(readers) == 1 else merge(*readers, key=attrgetter("at_ns"))
