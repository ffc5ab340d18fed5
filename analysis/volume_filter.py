"""Choosing volumes in a few words: `class=fast`, `node=worker-3`, `age>2m`."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from tracer.errors import VolreelError

_CONDITION = re.compile(r"(\w+)\s*(!=|>=|<=|=|>|<)\s*(.*)", re.DOTALL)
_LENGTH = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_MICROSECONDS = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_COLUMNS = {
    "namespace": ("namespace",),
    "claim": ("claim_name",),
    "pv": ("pv_name",),
    "class": ("storage_class",),
    "driver": ("driver",),
    "owner": ("owner",),
    "phase": ("phase", "standing"),
}
_LENGTHS = {"age": "waiting_us", "slowest": "slowest_us"}
WORDS = (*_COLUMNS, "node", *_LENGTHS)
"""What can be asked for; `age` is how long a volume has been waiting, `slowest` how long its slowest phase took."""


class NotACondition(VolreelError):
    """Words that choose no volumes."""


def matching(volumes: pl.DataFrame, conditions: Iterable[str]) -> pl.DataFrame:
    """The volumes (as `Trace.volumes` gives them) for which every condition holds. Raises NotACondition."""
    return volumes.filter(all_hold(conditions))


def all_hold(conditions: Iterable[str]) -> pl.Expr:
    """Whether every condition holds for a volume, never null. Raises NotACondition."""
    # Not a literal: Polars refuses one as the only condition on a frame of several chunks.
    true = pl.repeat(value=True, n=pl.len())
    return pl.all_horizontal(true, *map(_expression, conditions)).fill_null(value=False)


def _expression(condition: str) -> pl.Expr:
    match = _CONDITION.fullmatch(condition.strip())
    if match is None or match[1] not in WORDS:
        raise NotACondition(
            f"{condition!r} is no condition. Give one such as class=fast or age>2m ({', '.join(WORDS)})."
        )
    word, sign, value = match.groups()
    if word in _LENGTHS:
        return _compared(pl.col(_LENGTHS[word]), sign, _microseconds(value))
    if sign not in ("=", "!="):
        raise NotACondition(
            f"{condition!r}: {word} can be = or != something, only age and slowest can be more or less."
        )
    if word == "node":
        is_so = pl.col("nodes").list.contains(value)
    else:
        is_so = pl.any_horizontal(pl.col(column).eq_missing(pl.lit(value)) for column in _COLUMNS[word])
    return is_so if sign == "=" else ~is_so


def _compared(length: pl.Expr, sign: str, value: int) -> pl.Expr:
    by_sign = {">": length > value, ">=": length >= value, "<": length < value, "<=": length <= value}
    by_sign |= {"=": length == value, "!=": length != value}
    return by_sign[sign].fill_null(value=False)


def _microseconds(text: str) -> int:
    if _LENGTH.fullmatch(text) is None:
        raise NotACondition(f"{text!r} is no length of time. Give one such as 500ms, 30s, 2m or 1h30m.")
    return round(sum(float(part[1]) * _MICROSECONDS[part[2]] for part in _PART.finditer(text)))
