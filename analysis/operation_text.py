"""Operations as a table of text: a line for each call, and a line for its error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from tracer.trace.visible import visible

_ABOUT_A_VOLUME = "coalesce(volume_handle, pv, snapshot_handle) is not null"
_BEGIN = "coalesce(requested_at, driver_requested_at, driver_answered_at)"
_LENGTH = "coalesce(duration_ms, duration_min_ms, driver_ms)"
_WIDEST_VOLUME = 24
_HEADER = ("at (UTC)", "method", "volume", "took", "answer")


def operations_query(slowest: int | None, failed: bool) -> str:
    """Asks for the operations about a volume or snapshot: all in the order of their calls, or the slowest first."""
    wanted = _ABOUT_A_VOLUME + (" and code != 'OK'" if failed else "")
    if slowest is None:
        return f"from operations where {wanted} order by {_BEGIN}, seq"
    return f"from operations where {wanted} order by {_LENGTH} desc nulls last, seq limit {slowest:d}"


def table_query(query: str) -> str:
    """The same rows in the few columns that a terminal has room for."""
    return f"""
    select
        strftime(
            {_BEGIN},
            if(min({_BEGIN}) over ()::date = max({_BEGIN}) over ()::date, '', '%m-%d ') || '%H:%M:%S.%g'
        ),
        method,
        coalesce(claim_namespace || '/' || claim, pv, volume_handle, snapshot_handle),
        case
            when duration_ms is not null then format('{{:.1f}} ms', duration_ms)
            when duration_max_ms is not null then format('{{:.1f}}-{{:.1f}} ms', duration_min_ms, duration_max_ms)
            when duration_min_ms is not null then format('>{{:.1f}} ms', duration_min_ms)
            when requested_at is null and driver_ms is not null then format('{{:.1f}} ms', driver_ms)
            else '?'
        end,
        concat_ws(
            ' ',
            coalesce(code, if(error is null, 'none known', 'failed')),
            if(echo, '(echo)', null),
            if(attempt > 1, '#' || attempt, null)
        ),
        coalesce(if(code = 'OK', null, error), if(code is null, unknown_because, null))
    from ({query}) as chosen
    """  # noqa: S608


def as_text(frame: pl.DataFrame, width: int | None) -> Iterator[str]:
    """The answer to `table_query`, cut to `width` where it is given. Escapes are shown, not obeyed."""
    rows = [[visible(each or "") for each in row] for row in frame.iter_rows()]
    for row in rows:
        row[2] = _cut(row[2], _WIDEST_VOLUME)
    widths = [max(map(len, column)) for column in zip(_HEADER, *(row[:5] for row in rows), strict=True)]
    yield _cut(_row(_HEADER, widths), width) + "\n"
    for *row, error in rows:
        yield _cut(_row(row, widths), width) + "\n"
        if error:
            yield _cut(f"    {error}", width) + "\n"


def _row(values: Sequence[str], widths: Sequence[int]) -> str:
    at, method, volume, took, answer = (f"{value:<{width}}" for value, width in zip(values, widths, strict=True))
    return f"{at}  {method}  {volume}  {took.strip():>{widths[3]}}  {answer}".rstrip()


def _cut(text: str, width: int | None) -> str:
    return text if width is None or len(text) <= width else f"{text[: width - 1]}…"
