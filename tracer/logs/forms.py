"""The forms in which a log file's lines lie, told by its first line: how each gives time, node and text.

2026-11-23T07:32:17.001274030Z I1123 07:32:17.000245       1 main.go:1] ...      kubectl logs --timestamps
2026-11-23T07:32:17.001274+0000 node-1 kubelet[812]: I1123 ...                   journalctl -o short-iso-precise
{"__REALTIME_TIMESTAMP":"1795419137001274","_HOSTNAME":"node-1","MESSAGE":"..."}  journalctl -o json
I1123 07:32:17.000245       1 main.go:1] ...                                     as the program wrote it
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from tracer.logs.decoding import text_of
from tracer.trace.lines import stamp_text


class Text(NamedTuple):
    """One line of a log, whatever it lay in."""

    stamp_ns: int | None
    """The host's stamp, ns since 1970."""
    node: str | None
    name: str | None
    """Who wrote it, where the form says that."""
    text: str
    """Without the stamp."""

    @property
    def line(self) -> str:
        """As the log API would send it."""
        return self.text if self.stamp_ns is None else f"{stamp_text(self.stamp_ns)} {self.text}"


Form = Callable[[bytes], Iterator[Text]]
"""The lines in one line of the file, which has no end any more. Raises ValueError for what is not of this form."""

_STAMPED = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) (.*)", re.ASCII | re.DOTALL)
_JOURNAL = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?([+-]\d\d):?(\d\d) (\S{1,253})"
    r" ([^\s:\[]{1,200})(?:\[\d{1,10}\])?: (.*)",
    re.ASCII | re.DOTALL,
)
_BOOT = re.compile(r"-- .{0,300} --")


def form_of(first: bytes) -> Form:
    """The form of a file that begins with this line."""
    if first.startswith(b"{") and b'"__REALTIME_TIMESTAMP"' in first:
        return journal_json
    line = text_of(first)
    if _JOURNAL.fullmatch(line) or _BOOT.fullmatch(line):
        return JournalText()
    return stamped if _STAMPED.fullmatch(line) else plain


def plain(data: bytes) -> Iterator[Text]:
    """A line as its program wrote it."""
    yield Text(None, None, None, text_of(data))


def stamped(data: bytes) -> Iterator[Text]:
    """A line of `kubectl logs --timestamps`; one without a stamp is part of a longer one and has its time."""
    line = text_of(data)
    match = _STAMPED.fullmatch(line)
    if match is None:
        yield Text(None, None, None, line)
        return
    seconds, fraction, zone, text = match.groups()
    yield Text(_instant(seconds, fraction, zone), None, None, text)


class JournalText:
    """journalctl's short-iso and short-iso-precise; further lines of a message are indented to the first."""

    def __init__(self) -> None:
        self._last: Text | None = None
        self._indent = 0

    def __call__(self, data: bytes) -> Iterator[Text]:
        """The line, with its prefix taken off."""
        line = text_of(data)
        match = _JOURNAL.fullmatch(line)
        if match is not None:
            seconds, fraction, hours, minutes, node, name, text = match.groups()
            self._indent = match.start(7)
            self._last = Text(_instant(seconds, fraction, f"{hours}:{minutes}"), node, name, text)
            yield self._last
        elif self._last is not None and line[:1] in (" ", "\t", ""):
            rest = line[self._indent :] if line[: self._indent].isspace() else line
            yield self._last._replace(text=rest)
        elif not _BOOT.fullmatch(line):
            raise ValueError("this is no line of journalctl -o short-iso-precise")


class _Entry(msgspec.Struct):
    at: str = msgspec.field(name="__REALTIME_TIMESTAMP")
    message: Any = msgspec.field(name="MESSAGE", default=None)
    node: str | None = msgspec.field(name="_HOSTNAME", default=None)
    identifier: str | None = msgspec.field(name="SYSLOG_IDENTIFIER", default=None)
    command: str | None = msgspec.field(name="_COMM", default=None)


_ENTRY = msgspec.json.Decoder(_Entry)


def journal_json(data: bytes) -> Iterator[Text]:
    """journalctl's json; a message that is not UTF-8 lies in it as numbers, one of several lines as one text."""
    try:
        entry = _ENTRY.decode(data)
        stamp = int(entry.at) * 1000
        message = bytes(entry.message).decode("utf-8", "replace") if isinstance(entry.message, list) else entry.message
    except (msgspec.DecodeError, ValueError, TypeError, UnicodeError) as error:
        raise ValueError(f"this is no line of journalctl -o json ({str(error)[:200]})") from error
    if not 0 <= stamp < 2**63:
        raise ValueError("its __REALTIME_TIMESTAMP is no time")
    for text in str(message or "").split("\n"):
        yield Text(stamp, entry.node, entry.identifier or entry.command, text)


def _instant(seconds: str, fraction: str | None, zone: str) -> int:
    try:
        second = int(datetime.fromisoformat(seconds + zone).timestamp())
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{seconds[:40]!a} is no time") from error
    if not 0 <= second < 2**33:
        raise ValueError(f"{seconds[:40]!a} is no time since 1970")
    return second * 1_000_000_000 + int((fraction or "").ljust(9, "0"))
