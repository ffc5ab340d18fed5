"""One line of NDJSON: decoded and judged, or refused with a reason."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from tracer.lifting import as_revision
from tracer.logs.streams import STREAM_COLUMNS, stream_columns
from tracer.trace.schema import TYPES

OBJECT_STREAM = re.compile(r"(?:[a-z0-9.-]+/)?v\d+[a-z0-9]*/(?:namespaces/[^/]+/)?[a-z][a-z0-9-]*", re.ASCII)
_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)
_TIME = re.compile(r"(\S{19})(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_NO_OBJECT = msgspec.Raw(b"")


class Line(msgspec.Struct, gc=False):
    """A line as it stands in the file: an observation (`type`), a log line (`line`) or a stream's note (`what`)."""

    t: str
    stream: str
    type: str | None = None
    object: msgspec.Raw = _NO_OBJECT
    node: str | None = None
    line: str | None = None
    what: str | None = None
    revision: int | str | None = None
    revision_from: int | str | None = None
    revision_to: int | str | None = None
    detail: str | None = None


_DECODER = msgspec.json.Decoder(Line)


def parse_line(text: bytes) -> tuple[int, Line]:
    """The time of a line, in ns since 1970 UTC, and the line. Raises ValueError that says what is wrong with it."""
    try:
        if not text.isascii():
            text.decode()
        line = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8") from error
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    except msgspec.ValidationError as error:
        raise ValueError(f"a value is not what it should be ({error})") from error
    except msgspec.DecodeError as error:
        raise ValueError(f"this is no JSON ({error})") from error
    at = instant_ns(line.t)
    if at is None or at < 0:
        raise ValueError(f"t is no RFC 3339 time since 1970: {line.t[:40]!a}")
    _judge(line)
    return at, line


def _judge(line: Line) -> None:
    if (line.type is not None) + (line.line is not None) + (line.what is not None) != 1:
        raise ValueError('a line needs exactly one of "type" (with "object"), "line" and "what"')
    if line.type is not None:
        if line.type not in TYPES:
            raise ValueError(f"type is {line.type[:40]!a}; it is one of {', '.join(TYPES)}")
        if not OBJECT_STREAM.fullmatch(line.stream):
            raise ValueError(f"stream is {line.stream[:80]!a}; of objects it is like v1/pods or apps/v1/statefulsets")
        if line.object == _NO_OBJECT:
            raise ValueError('the line has a "type" but no "object"')
    elif line.what is not None:
        for name in ("revision", "revision_from", "revision_to"):
            value = getattr(line, name)
            if value is not None and as_revision(value) is None:
                raise ValueError(f"{name} is no revision: {str(value)[:40]!a}")


NOTE_COLUMNS = ("stream", "what", "revision_from", "revision_to", "detail")


def note_values(line: Line) -> tuple[Any, ...]:
    """The values of NOTE_COLUMNS in a `what` line."""
    to = line.revision if line.revision_to is None else line.revision_to
    return line.stream, line.what, as_revision(line.revision_from), as_revision(to), line.detail


LOG_COLUMNS = ("stream", *STREAM_COLUMNS, "node", "line")


def log_values(line: Line) -> tuple[Any, ...]:
    """The values of LOG_COLUMNS in a log line, which is still raw. Raises ValueError for a stream of no container."""
    return line.stream, *stream_columns(line.stream), line.node, line.line


def instant_ns(text: str) -> int | None:
    """Nanoseconds since 1970 UTC of an RFC 3339 time; None for what is none. Digits beyond the ninth are cut off."""
    if len(text) == 30 and text[29] == "Z" and text[19] == "." and text.isascii() and text[20:29].isdigit():
        start, fraction = _second(text[:19], "Z"), text[20:29]  # as captures have it
    else:
        match = _TIME.fullmatch(text)
        if match is None:
            return None
        start, fraction = _second(match[1], match[3]), (match[2] or "").ljust(9, "0")
    return None if start is None else start * 1_000_000_000 + int(fraction)


@lru_cache(maxsize=4096)
def _second(seconds: str, zone: str) -> int | None:
    if not _SECONDS.fullmatch(seconds):
        return None
    try:
        return int(datetime.fromisoformat(seconds + zone).timestamp())
    except (ValueError, OverflowError):
        return None
