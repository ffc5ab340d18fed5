"""A stretch of lines turned into the rows of all three tables, each in its exact place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tracer.logs.calendar import Calendar
from tracer.logs.files import LogFile
from tracer.logs.lifting import LogLifter
from tracer.ndjson.components import Components
from tracer.ndjson.line import LOG_COLUMNS, NOTE_COLUMNS, OBJECT_STREAM, Line, log_values, note_values
from tracer.ndjson.objects import ObjectStream, Row
from tracer.ndjson.reading import Read
from tracer.trace.schema import LOGS, OBJECTS, STREAMS
from tracer.trace.writer import TraceWriter


class _TableRows:
    """Rows of one table, filled in any order."""

    def __init__(self) -> None:
        self.places: list[int] = []
        self.columns: dict[str, list[Any]] = {}

    def claim(self, place: int) -> int:
        """Make room for a row that stands at this place of the window; its index."""
        self.places.append(place)
        return len(self.places) - 1

    def fill(self, indices: Sequence[int], columns: Mapping[str, Sequence[Any]]) -> None:
        """Put columns into rows that have been claimed; all of them, before the first is filled."""
        for name, values in columns.items():
            column = self.columns.get(name)
            if column is None and len(indices) == len(self.places):  # these are all rows of the table
                self.columns[name] = list(values)
                continue
            if column is None:
                column = self.columns[name] = [None] * len(self.places)
            for index, value in zip(indices, values, strict=True):
                column[index] = value


class Intake:
    """Puts windows of lines into a trace."""

    def __init__(self, writer: TraceWriter, log_files: Mapping[str, LogFile] | None = None) -> None:
        """`log_files` are those of the files that are no NDJSON, by their names."""
        self.streams: dict[str, ObjectStream] = {}
        self.logs: set[str] = set()
        """Streams of log lines."""
        self.unknown = 0
        """Log lines that no dialect knows."""
        self._log_files = log_files or {}
        self._lines = LogLifter(self._calendar)
        self._components = Components()
        self._writer = writer

    def add(self, reads: Sequence[Read]) -> None:
        """Add the rows of these lines, and those that follow from their order. Raises InputError."""
        lifted, before = self._streams_of(reads)
        tables = {table: _TableRows() for table in (OBJECTS, LOGS, STREAMS)}
        table_of = [_table_of(read.line) for read in reads]
        inserted: list[tuple[str, int, dict[str, Any]]] = []
        at_us: list[int] = []
        index_of: list[int] = []
        for place, read in enumerate(reads):
            if place in before:
                for table, row in before[place]:
                    inserted.append((table, tables[table].claim(len(at_us)), row))
                    at_us.append(read.at_ns // 1000)
            index_of.append(tables[table_of[place]].claim(len(at_us)))
            at_us.append(read.at_ns // 1000)
        for places, columns in lifted:
            tables[OBJECTS].fill([index_of[place] for place in places], columns)
        for table, index, row in inserted:
            tables[table].fill([index], {name: [value] for name, value in row.items()})
        for table, names, values_of in ((LOGS, LOG_COLUMNS, log_values), (STREAMS, NOTE_COLUMNS, note_values)):
            places = [place for place, each in enumerate(table_of) if each == table]
            columns = _columns(names, values_of, [reads[place] for place in places])
            if table == LOGS and columns:
                whose = zip(*(columns[name] for name in ("pod_uid", "container", "component")), strict=True)
                columns["component"] = [self._components.of(*each) for each in whose]
                by_s = [reads[place].at_ns // 1_000_000_000 for place in places]
                columns |= self._lines.lift([self._log(reads[place]) for place in places], columns["line"], by_s)
                self.logs.update(columns["stream"])
                self.unknown += columns["dialect"].count(None)
            tables[table].fill([index_of[place] for place in places], columns)
        filled = {table: (rows.places, rows.columns) for table, rows in tables.items() if rows.places}
        self._writer.add_interleaved(filled, at_us, sum(read.size for read in reads))

    def _log(self, read: Read) -> str:
        """What has one clock and one order of lines: a log file by itself, or a stream."""
        return read.file if read.file in self._log_files else read.line.stream

    def _calendar(self, log: str) -> Calendar:
        return self._log_files[log].calendar() if log in self._log_files else Calendar()

    def _streams_of(
        self, reads: Sequence[Read]
    ) -> tuple[list[tuple[list[int], dict[str, Sequence[Any]]]], dict[int, list[Row]]]:
        """Per stream of objects the places and columns of its observations; and the rows that go before a place."""
        by_stream: dict[str, list[int]] = {}
        for place, read in enumerate(reads):
            if read.line.line is None:
                by_stream.setdefault(read.line.stream, []).append(place)
        lifted = []
        before: dict[int, list[Row]] = {}
        for name, places in by_stream.items():
            if not OBJECT_STREAM.fullmatch(name):
                continue  # notes of a log
            stream = self.streams.setdefault(name, ObjectStream(name))
            observed = [place for place in places if reads[place].line.type is not None]
            columns = stream.lift([reads[place] for place in observed]) if observed else {}
            for index, rows in stream.follow([reads[place] for place in places], columns):
                before[places[index]] = rows
            lifted.append((observed, columns))
            if columns:
                self._components.learn_drivers(stream.kind, columns)
        for places, columns in lifted:
            if columns and columns["kind"][0] == "Pod":
                self._components.learn_pods(columns["uid"], [bytes(reads[place].line.object) for place in places])
        return lifted, before


def _table_of(line: Line) -> str:
    if line.type is not None:
        return OBJECTS
    return LOGS if line.line is not None else STREAMS


def _columns(
    names: Sequence[str], values_of: Callable[[Line], tuple[Any, ...]], reads: Sequence[Read]
) -> dict[str, Sequence[Any]]:
    rows = []
    for read in reads:
        try:
            rows.append(values_of(read.line))
        except ValueError as error:
            raise read.wrong(error) from error
    return dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
