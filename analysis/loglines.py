"""Log lines as they were written, chosen by volume, component, severity, text and time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa

from analysis.database import Seqs
from analysis.queries import query
from tracer.errors import VolreelError
from tracer.trace.lines import LINE_PARTS, raw_lines

_SEVERITIES = "IWEF"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which log lines; None for any."""

    volume: str | None = None
    """A volume's name, handle, or claim (`namespace/name`, its name alone, or its UID)."""
    component: str | None = None
    """A component or the name of a container."""
    severity: str | None = None
    """I, W, E or F: at least so bad."""
    pattern: str | None = None
    """A regular expression that the line contains."""
    begin: datetime | None = None
    end: datetime | None = None
    streams: Sequence[str] = ()
    """Logs of which one is to hold it; empty for any."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log."""

    seq: int
    happened_at: datetime
    """The time inside the line; where it has none, the runtime's stamp, else the time of arrival."""
    stream: str
    namespace: str | None
    pod: str | None
    pod_uid: str | None
    container: str | None
    restart: int | None
    node: str | None
    component: str | None
    severity: str | None
    source: str | None
    message: str | None
    fields: Mapping[str, str]
    line: str | None
    """As it was written, byte for byte, with the runtime's stamp."""
    observed_at: datetime
    """When it arrived."""


class Ask(Protocol):
    """Runs a query with parameters, over the rows from one seq to another where they are given."""

    def __call__(self, query: str, parameters: Mapping[str, Any], between: Seqs | None = None, /) -> pa.Table: ...


class LogReader:
    """Reads the lines that are wanted, all or those of a stretch of the trace. Raises TraceDamaged, QueryError."""

    def __init__(self, ask: Ask, wanted: Wanted) -> None:
        """Raises VolreelError for a bad severity or expression."""
        self._ask = ask
        self._pattern = _compiled(wanted.pattern)
        self._volume = wanted.volume
        self._names: list[str] | None = None if wanted.volume else []
        self._parameters = {
            "component": wanted.component,
            "severities": _at_least(wanted.severity),
            "begin": wanted.begin,
            "end": wanted.end,
            "streams": list(wanted.streams),
        }

    def read(self, between: Seqs | None = None) -> list[LogLine]:
        """The lines in the trace's order; with `between` those from the first seq to the last."""
        table = self._ask(query("log_lines"), {**self._parameters, "names": self.names()}, between)
        return [line for batch in table.to_batches() for line in self._lines(batch)]

    def streams(self) -> list[str]:
        """The logs that hold such a line; the expression is not looked for."""
        asked = f"select distinct stream from ({query('log_lines')}) order by stream"  # noqa: S608 - a query of ours
        streams: list[str] = self._ask(asked, {**self._parameters, "names": self.names()})["stream"].to_pylist()
        return streams

    def names(self) -> list[str]:
        """The names of the volume whose lines are wanted; none where any line is."""
        if self._names is None:
            self._names = self._ask(query("log_names"), {"volume": self._volume})["name"].to_pylist()
        return self._names

    def _lines(self, batch: pa.RecordBatch) -> Iterator[LogLine]:
        raw = raw_lines(pa.RecordBatch.from_arrays([batch[name] for name in LINE_PARTS], names=list(LINE_PARTS)))
        if self._pattern is not None:
            # Before the rows are made: that takes longer than looking for an expression.
            messages = batch["message"].to_pylist()
            found = [
                number
                for number, (line, message) in enumerate(zip(raw, messages, strict=True))
                if self._pattern.search(line or message or "")
            ]
            raw, batch = [raw[number] for number in found], batch.take(found)
        names = [name for name in LogLine.__slots__ if name not in ("line", "fields")]
        fields = batch["fields"].to_pylist()
        for row, pairs, line in zip(batch.select(names).to_pylist(), fields, raw, strict=True):
            yield LogLine(**row, fields=dict(pairs or ()), line=line)


def _at_least(severity: str | None) -> list[str]:
    if severity is None:
        return []
    if severity not in _SEVERITIES:
        raise VolreelError(f"severity {severity!r} is not known. Give I, W, E or F.")
    return list(_SEVERITIES[_SEVERITIES.index(severity) :])


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    try:
        return None if pattern is None else re.compile(pattern)
    except re.error as error:
        raise VolreelError(f"--grep {pattern!r} is no regular expression ({error}).") from error
