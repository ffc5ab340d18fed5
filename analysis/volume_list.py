"""The volumes of a trace as a list that a person narrows and sorts."""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING, Any

import polars as pl

from analysis.volume_filter import WORDS, matching

if TYPE_CHECKING:
    from analysis.trace import Trace

_TEXTS = ("label", "pv_name", "volume_handle", "storage_class", "driver", "standing", "phase", "owner", "last_error")
_SEARCHED = "_searched"
"""These texts in one, in lower case."""
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
    """Some volumes, or all, in an order: rows of `Trace.volumes`, by their index."""

    def __init__(self, volumes: pl.DataFrame) -> None:
        """`volumes` as `Trace.volumes` gives them, with their `_SEARCHED` texts."""
        self._volumes = volumes

    def __len__(self) -> int:
        return self._volumes.height

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self._volumes.row(index, named=True)

    @property
    def waiting(self) -> int:
        """How many of them are waited for."""
        return int(self._volumes["waiting_us"].is_not_null().sum())

    def index_of(self, volume_id: str | None) -> int:
        """Where a volume stands; 0 where it is not among them."""
        found = (self._volumes["volume_id"] == volume_id).arg_max() if volume_id else None
        return found if found is not None and self._volumes["volume_id"][found] == volume_id else 0

    def chosen(self, words: str) -> VolumeList:
        """Those for which every word holds, in the same order.

        A word is a condition of `analysis.volume_filter` (`class=fast`), or stands in the volume's name, names of its
        parts, step, owner or last error; where it stands in none, its letters stand in a volume's name in their order
        (`dw1` in `data-web-1`). Capitals do not matter. Raises NotACondition.
        """
        conditions = [word for word in words.split() if _LOOKS_LIKE_A_CONDITION.fullmatch(word)]
        texts = [word for word in words.split() if not _LOOKS_LIKE_A_CONDITION.fullmatch(word)]
        return VolumeList(reduce(_holding, texts, matching(self._volumes, conditions)))

    def sorted(self, order: str) -> VolumeList:
        """In one of the `ORDERS`, given that they are `stuck first`; what is not known comes last."""
        if order not in _SORTED_BY:
            return self
        return VolumeList(self._volumes.sort(_SORTED_BY[order], nulls_last=True, maintain_order=True))


def read_volumes(trace: Trace) -> VolumeList:
    """All volumes, stuck first. Raises QueryError, TraceDamaged."""
    texts = pl.concat_str(pl.col(_TEXTS).fill_null(""), separator="\n")
    return VolumeList(trace.volumes().with_columns(texts.str.to_lowercase().alias(_SEARCHED)))


def _holding(volumes: pl.DataFrame, word: str) -> pl.DataFrame:
    searched = word.lower()
    exact = volumes.filter(pl.col(_SEARCHED).str.contains(searched, literal=True))
    if exact.height:
        return exact
    return volumes.filter(pl.col("label").str.to_lowercase().str.contains(".*".join(map(re.escape, searched))))
