"""Log lines as they were written, chosen by volume, component, severity, text and time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from tracer.errors import VolreelError
from tracer.trace.lines import LINE_PARTS, raw_lines

_SEVERITIES = "IWEF"
_NAMES = """
with volumes as (
    select
        name as pv, volume_handle, claim_uid, claim_namespace || '/' || claim_name as claim, claim_name
    from objects
    where kind = 'PersistentVolume'
    union all
    select volume_name, null, uid, namespace || '/' || name, name
    from objects
    where kind = 'PersistentVolumeClaim'
),

chosen as (
    select distinct pv, volume_handle, claim_uid, claim
    from volumes
    where $volume in (pv, volume_handle, claim_uid, claim, claim_name)
),

names as (
    select unnest([pv, volume_handle, claim_uid, claim]) as name from chosen
    union
    select attachments.name
    from objects as attachments
    join chosen on chosen.pv = attachments.volume_name
    where attachments.kind = 'VolumeAttachment'
    union
    select $volume
)

select name from names where name is not null
"""
_LINES = """
select
    seq, coalesce(logged_at, stamped_at::timestamptz, observed_at) as happened_at, stream, namespace, pod, pod_uid,
    container, restart, node, component, severity, stamped_at, logged_at, source, message, fields, layout, line
from logs
where ($component::varchar is null or $component in (component, container))
    and (len($severities::varchar[]) = 0 or severity in $severities)
    and ($begin::timestamptz is null or happened_at >= $begin)
    and ($end::timestamptz is null or happened_at < $end)
    and (
        len($names::varchar[]) = 0
        or exists (
            select 1
            from unnest($names::varchar[]) as wanted(name)
            where contains(coalesce(message, line, ''), wanted.name)
                or list_contains(map_values(fields), wanted.name)
                or (len(wanted.name) > 8 and contains(map_values(fields)::varchar, wanted.name))
        )
    )
order by seq
"""


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


def read_log_lines(ask: Callable[[str, Mapping[str, Any]], pa.Table], wanted: Wanted) -> list[LogLine]:
    """The lines that are wanted, in the trace's order. Raises VolreelError for a bad severity or expression."""
    pattern = _compiled(wanted.pattern)
    names: list[str] = []
    if wanted.volume is not None:
        names = ask(_NAMES, {"volume": wanted.volume})["name"].to_pylist()
    parameters = {
        "names": names,
        "component": wanted.component,
        "severities": _at_least(wanted.severity),
        "begin": wanted.begin,
        "end": wanted.end,
    }
    found = [line for batch in ask(_LINES, parameters).to_batches() for line in _lines(batch)]
    return found if pattern is None else [each for each in found if pattern.search(each.line or each.message or "")]


def _lines(batch: pa.RecordBatch) -> Iterator[LogLine]:
    parts = pa.RecordBatch.from_arrays([batch[name] for name in LINE_PARTS], names=list(LINE_PARTS))
    names = [name for name in LogLine.__slots__ if name not in ("line", "fields", "happened_at")]
    rows = batch.select(names).to_pylist()
    times = batch["happened_at"].to_pylist()
    fields = batch["fields"].to_pylist()
    for row, at, pairs, line in zip(rows, times, fields, raw_lines(parts), strict=True):
        yield LogLine(**row, happened_at=at, fields=dict(pairs or ()), line=line)


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
