"""Traces with parsed log lines, made as a recording or an import makes them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from tracer.components import component_of_name
from tracer.logs.calendar import Calendar
from tracer.logs.lifting import LogLifter
from tracer.trace.writer import TraceWriter

REAL = Path(__file__).parents[3] / "shared" / "real"
KUBELET = "log/node/lab-node-1//kubelet/0"
_BATCH = 5_000


class Said(NamedTuple):
    """A line of a log."""

    at: int
    """Its arrival, in µs since 1970."""
    stream: str
    line: str
    """With the runtime's stamp, where it has one."""

    @property
    def container(self) -> str:
        return self.stream.split("/")[4]


class Gap(NamedTuple):
    """The recorder's note that lines of a log before it may be missing."""

    at: int
    stream: str


def captured(folder: str) -> list[Said]:
    """The log lines of a real capture."""
    with gzip.open(REAL / folder / "logs.ndjson.gz", "rt") as lines:
        read = [json.loads(line) for line in lines]
    return [Said(_us(each["t"][:26]), each["stream"], each["line"]) for each in read]


def captured_kubelet(folder: str) -> Iterator[Said]:
    """The kubelet's log, as a file on its host."""
    last = 0
    with gzip.open(REAL / folder / "kubelet.log.gz", "rt") as lines:
        for line in lines:
            if line[:1] in "IWEF" and line[1:5].isdigit() and line[21:22] == " ":
                last = max(last, _us(f"2026-{line[1:3]}-{line[3:5]}T{line[6:21]}"))
            yield Said(last, KUBELET, line.rstrip("\n"))


def add_logs(path: Path, lines: Iterable[Said | Gap]) -> Path:
    """Add log lines to a trace, in the order of their arrival; the trace is made if there is none."""
    writer = TraceWriter.resume(path, "test") if path.exists() else TraceWriter.create(path, "test")
    lifter = LogLifter(lambda stream: Calendar(year=2026))
    together: list[Said] = []
    for each in sorted(lines, key=lambda each: each.at):
        if isinstance(each, Said):
            together.append(each)
            continue
        _add(writer, lifter, together)
        writer.note(each.stream, "gap", at_us=each.at, detail="rotated away")
        together = []
    _add(writer, lifter, together)
    writer.close()
    return path


def _add(writer: TraceWriter, lifter: LogLifter, lines: list[Said]) -> None:
    for start in range(0, len(lines), _BATCH):
        batch = lines[start : start + _BATCH]
        streams = [said.stream for said in batch]
        lifted = lifter.lift(streams, [said.line for said in batch])
        columns: dict[str, list[Any]] = {**lifted, "stream": streams, **_places(batch)}
        at = [said.at for said in batch]
        for begin, end in _runs(at):
            part = {name: values[begin:end] for name, values in columns.items()}
            writer.log(end - begin, sum(len(said.line) for said in batch[begin:end]), part, at[begin])
        writer.flush()


def _places(batch: list[Said]) -> dict[str, list[Any]]:
    containers = [said.container for said in batch]
    return {
        "component": ["kubelet" if each == "kubelet" else component_of_name(each) for each in containers],
        "container": [None if each == "kubelet" else each for each in containers],
        "pod": [None if said.container == "kubelet" else said.stream.split("/")[2] for said in batch],
        "node": ["lab-node-1"] * len(batch),
    }


def _runs(values: list[int]) -> Iterator[tuple[int, int]]:
    begin = 0
    for place in range(1, len(values) + 1):
        if place == len(values) or values[place] != values[begin]:
            yield begin, place
            begin = place


def _us(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000)
