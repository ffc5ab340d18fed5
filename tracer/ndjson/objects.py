"""One stream of objects on its way into a trace: lifted, redacted, heartbeats left out, rewinds written down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from tracer.heartbeat import Heartbeats
from tracer.kinds import kind_of_stream, stream_version
from tracer.lifting import Lifter
from tracer.ndjson.history import History, Rewind, Version
from tracer.ndjson.line import note_values
from tracer.ndjson.reading import Read
from tracer.ndjson.unknown import UnknownLifter
from tracer.trace.manifest import Resource
from tracer.trace.schema import OBJECTS, STREAMS

IDENTITY = ("api_version", "kind", "namespace", "name", "uid", "resource_version", "revision")
"""The columns that a VANISHED row has, beside its clocks and its type."""

_UNFIT = (msgspec.MsgspecError, ValueError, TypeError, AttributeError, RecursionError)

Row = tuple[str, dict[str, Any]]
"""A table, and the columns of one row of it."""


class ObjectStream:
    """What is known of one stream from the lines so far."""

    def __init__(self, stream: str) -> None:
        kind = kind_of_stream(stream)
        self._stream = stream
        self._lifter = UnknownLifter(stream) if kind is None else Lifter(kind, stream_version(stream))
        self._history = History()
        self._heartbeats = self._no_heartbeats()
        self.kind = self._lifter.kind.kind
        """Empty until an object of an unknown resource has said it."""

    def _no_heartbeats(self) -> Heartbeats | None:
        paths = self._lifter.kind.heartbeat
        return Heartbeats(paths) if paths else None

    @property
    def resource(self) -> Resource:
        """The stream as the manifest names it."""
        return Resource(stream=self._stream, kind=self.kind, api_version=self._lifter.api_version)

    # -- objects ------------------------------------------------------------------------------------------------------

    def lift(self, reads: Sequence[Read]) -> dict[str, Sequence[Any]]:
        """The columns of observations, `type` and `stream` included.

        Raises InputError for the first line whose object is not what it should be.
        """
        try:
            return self._lift(reads)
        except _UNFIT:
            for each in reads:  # one of them is to blame: which?
                try:
                    self._lift([each])
                except _UNFIT as error:
                    raise each.wrong(f"the object is not what it should be ({_first_line(error)})") from error
            raise

    def _lift(self, reads: Sequence[Read]) -> dict[str, Sequence[Any]]:
        pairs = [self._lifter.object_parts(self._lifter.listed_text(bytes(each.line.object))) for each in reads]
        columns = self._lifter.columns([parts for parts, _ in pairs], [text for _, text in pairs])
        for each, name in zip(reads, columns["name"], strict=True):
            if not isinstance(name, str) or not name:
                raise each.wrong("the object has no metadata.name")
        columns["type"] = [each.line.type for each in reads]
        columns["stream"] = [self._stream] * len(reads)
        gone = [index for index, each in enumerate(reads) if each.line.type == "VANISHED"]
        if gone:
            columns = _bare(columns, gone)
        self.kind = self.kind or next((each for each in columns["kind"] if isinstance(each, str)), "")
        return columns

    # -- what follows from their order --------------------------------------------------------------------------------

    def follow(self, reads: Sequence[Read], columns: dict[str, Sequence[Any]]) -> Iterator[tuple[int, list[Row]]]:
        """The rows that go before a line, by its place in `reads` (observations and notes of this stream, in order).

        `columns` are the observations' own; the object of each that is a mere heartbeat is taken out of them.
        """
        objects = list(columns.get("object", ()))
        row = 0
        for place, each in enumerate(reads):
            if each.line.what is not None:
                self._noted(each)
                continue
            kind, version = str(each.line.type), _version(columns, row)
            found = self._history.observe(kind, version)
            if found is not None:
                yield place, list(self._rows_of(found))
            if self._heartbeats is not None:
                objects[row] = self._without_heartbeat(self._heartbeats, each, version, objects[row])
            row += 1
        if "object" in columns:
            columns["object"] = objects

    def _noted(self, read: Read) -> None:
        _, what, _, revision_to, _ = note_values(read.line)
        if what == "opened":  # another recorder began: the first version that it saw it kept whole
            self._heartbeats = self._no_heartbeats()
        elif what == "rewound":
            self._history.was_rewound(revision_to)
        elif what == "bookmark":
            self._history.reached(revision_to)

    def _without_heartbeat(self, heartbeats: Heartbeats, read: Read, version: Version, text: Any) -> Any:
        kind, uid = read.line.type, str(version.uid)
        if kind == "VANISHED":
            heartbeats.forget(uid)
            return None
        try:
            is_same = heartbeats.is_only_heartbeat(uid, text)
        except _UNFIT as error:
            raise read.wrong(f"the object is not what it should be ({_first_line(error)})") from error
        if kind == "DELETED":
            heartbeats.forget(uid)
        return None if is_same and kind == "MODIFIED" else text

    def _rows_of(self, found: Rewind | Version) -> Iterator[Row]:
        if isinstance(found, Rewind):
            revisions = {"revision_from": found.revision_from, "revision_to": found.revision_to}
            why = "the lines go back: the capture joins two histories of the cluster"
            yield STREAMS, {"stream": self._stream, "what": "rewound", **revisions, "detail": why}
            why = f"history was rewound; objects of the old one that cannot be alive: {len(found.vanished)}"
            yield STREAMS, {"stream": self._stream, "what": "gap", **revisions, "detail": why}
        for each in found.vanished if isinstance(found, Rewind) else (found,):
            if self._heartbeats is not None:
                self._heartbeats.forget(str(each.uid))
            identity = {name: getattr(each, name) for name in IDENTITY if hasattr(each, name)}
            about = {"stream": self._stream, "api_version": self._lifter.api_version, "kind": self.kind}
            yield OBJECTS, {**about, "type": "VANISHED", **identity}
        if isinstance(found, Rewind):
            # What is not known lies between the last line of the old history and this one.
            why = "the lines of the new history follow each other from here on"
            yield STREAMS, {"stream": self._stream, "what": "resumed", "detail": why}


def _version(columns: dict[str, Sequence[Any]], row: int) -> Version:
    namespace, name, uid, version = (
        each if isinstance(each := columns[column][row], str) else None
        for column in ("namespace", "name", "uid", "resource_version")
    )
    return Version(namespace, str(name), uid, version, columns["revision"][row])


def _bare(columns: dict[str, Sequence[Any]], gone: Sequence[int]) -> dict[str, Sequence[Any]]:
    """The columns with nothing but its identity left of each VANISHED row."""
    kept, absent = {"type", "stream", *IDENTITY}, set(gone)
    return {
        name: values if name in kept else [None if at in absent else value for at, value in enumerate(values)]
        for name, values in columns.items()
    }


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).split("\n", 1)[0][:200]
