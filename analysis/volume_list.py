"""The volumes of a trace as a list that a person narrows and sorts."""

from __future__ import annotations

import re
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING, Any

import polars as pl

from analysis.queries import query
from analysis.volume_filter import WORDS, all_hold

if TYPE_CHECKING:
    from analysis.trace import Trace

_TEXTS = ("label", "pv_name", "volume_handle", "storage_class", "driver", "standing", "phase", "owner", "last_error")
_SEARCHED = "_searched"
"""These texts in one, in lower case."""
_KEPT = (
    "volume_id",
    "namespace",
    "claim_name",
    "nodes",
    "waiting_us",
    "slowest_phase",
    "slowest_owner",
    "slowest_us",
    *_TEXTS,
    _SEARCHED,
)
"""What the list shows, and is chosen and sorted by: of a hundred thousand volumes the rest would be a burden."""
_LOOKS_LIKE_A_CONDITION = re.compile(rf"({'|'.join(WORDS)})\s*(!=|>=|<=|=|>|<).*")
ORDERS = ("stuck first", "volume", "stands", "step", "who")
"""By what the list can be sorted; `stuck first`: those that wait the longest, then those with the slowest phase."""
_SORTED_BY = {
    "volume": pl.col("label"),
    "stands": pl.col("standing"),
    "step": pl.coalesce("phase", "slowest_phase"),
    "who": pl.coalesce(pl.when(pl.col("phase").is_not_null()).then("owner"), "slowest_owner"),
}


class VolumeList:
    """Some volumes, or all, in an order; each is a row of `Trace.volumes`, by its index."""

    def __init__(self, volumes: pl.DataFrame, rows: pl.Series | None = None) -> None:
        """`volumes` are all of them, stuck first, with their `_SEARCHED` texts; `rows` are those in the list."""
        self._volumes = volumes
        self._rows = pl.int_range(volumes.height, eager=True) if rows is None else rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self._volumes.row(self._rows[index], named=True)

    @property
    def waiting(self) -> int:
        """How many of them are waited for."""
        return int(self._volumes["waiting_us"].is_not_null().gather(self._rows).sum())

    def index_of(self, volume_id: str | None) -> int:
        """Where a volume stands; 0 where it is not among them."""
        is_it = (self._volumes["volume_id"] == volume_id).gather(self._rows) if volume_id else pl.Series([False])
        return is_it.arg_max() or 0

    def chosen(self, words: str) -> VolumeList:
        """Those for which every word holds, in the same order.

        A word is a condition of `analysis.volume_filter` (`class=fast`), or stands in the volume's name, names of its
        parts, step, owner or last error; where it stands in none, its letters stand in a volume's name in their order
        (`dw1` in `data-web-1`). Capitals do not matter. Raises NotACondition.
        """
        conditions = conditions_in(words)
        texts = [word for word in words.split() if word not in conditions]
        return reduce(VolumeList._holding, texts, self._where(all_hold(conditions)) if conditions else self)

    def sorted(self, order: str) -> VolumeList:
        """All of them in one of the `ORDERS`; what is not known comes last."""
        if order not in _SORTED_BY:
            return VolumeList(self._volumes)
        by = _SORTED_BY[order].alias("by")
        rows = self._volumes.select(by).with_row_index().sort("by", nulls_last=True, maintain_order=True)
        return VolumeList(self._volumes, rows["index"])

    def _holding(self, word: str) -> VolumeList:
        searched = word.lower()
        exact = self._where(pl.col(_SEARCHED).str.contains(searched, literal=True))
        if len(exact):
            return exact
        first, *others = map(re.escape, searched)
        in_order = first + "".join(f"[^{letter}]*{letter}" for letter in others)
        return self._where(pl.col("label").str.to_lowercase().str.contains(in_order))

    def _where(self, holds: pl.Expr) -> VolumeList:
        held = self._volumes.select(holds.alias("held"))["held"]
        return VolumeList(self._volumes, self._rows.filter(held.gather(self._rows)))


def conditions_in(words: str) -> list[str]:
    """Those of the words that are conditions of `analysis.volume_filter`, or are meant as one."""
    return [word for word in words.split() if _LOOKS_LIKE_A_CONDITION.fullmatch(word)]


def read_volumes(trace: Trace) -> VolumeList:
    """All volumes, stuck first. Raises QueryError, TraceDamaged."""
    texts = pl.concat_str(pl.col(_TEXTS).fill_null(""), separator="\n")
    return VolumeList(trace.volumes().with_columns(texts.str.to_lowercase().alias(_SEARCHED)).select(_KEPT))


def read_doings(trace: Trace, at: datetime) -> dict[str, str]:
    """What went on with each volume_id at an instant (with a time zone): a step, `-`, `not yet`, `gone` or `unknown`.

    Raises QueryError, TraceDamaged.
    """
    return dict(trace.sql(query("volumes_at"), {"at": at}).rows())
