from __future__ import annotations

from typing import cast

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import Trace
from analysis.volume_filter import NotACondition
from analysis.volume_list import VolumeList, conditions_in, read_volumes

TEXTS = ("pv_name", "volume_handle", "storage_class", "driver", "standing", "phase", "owner", "last_error")


class Known:
    """A trace of which only the volumes are asked."""

    def __init__(self, labels: list[str]) -> None:
        texts = {name: pl.Series([None] * len(labels), dtype=pl.String) for name in TEXTS}
        self._volumes = pl.DataFrame(
            {
                "volume_id": [f"id-{number}" for number in range(len(labels))],
                "label": labels,
                **texts,
                "namespace": [label.split("/")[0] for label in labels],
                "claim_name": labels,
                "nodes": [["n1"] if number % 2 else [] for number in range(len(labels))],
                "waiting_us": [None, *[5_000_000] * len(labels)][: len(labels)],
                "slowest_phase": texts["phase"],
                "slowest_owner": texts["owner"],
                "slowest_us": range(len(labels)),
            },
            schema_overrides={
                **dict.fromkeys(("volume_id", "label", "namespace", "claim_name"), pl.String),
                "nodes": pl.List(pl.String),
                "waiting_us": pl.Int64,
            },
        )

    def volumes(self) -> pl.DataFrame:
        return self._volumes


def listed(*labels: str) -> VolumeList:
    return read_volumes(cast(Trace, Known(list(labels))))


def labels(volumes: VolumeList) -> list[str]:
    return [volumes[index]["label"] for index in range(len(volumes))]


SHOP = listed("shop/data-web-0", "shop/Data-web-1", "bank/log[0]", "bank/ledger")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ["shop/data-web-0", "shop/Data-web-1", "bank/log[0]", "bank/ledger"]),
        ("WEB data", ["shop/data-web-0", "shop/Data-web-1"]),
        ("log[0]", ["bank/log[0]"]),
        ("dw1", ["shop/Data-web-1"]),
        ("bl]", ["bank/log[0]"]),
        ("node=n1", ["shop/Data-web-1", "bank/ledger"]),
        ("namespace=bank age>2s led", ["bank/ledger"]),
        ("nothing", []),
    ],
)
def test_words_and_conditions_choose(words, expected):
    assert labels(SHOP.chosen(words)) == expected


def test_what_looks_like_a_condition_and_is_none_is_refused():
    with pytest.raises(NotACondition):
        SHOP.chosen("age>soon")
    assert conditions_in("web age>soon class=fast") == ["age>soon", "class=fast"]


def test_an_order_holds_for_what_is_chosen_and_a_volume_is_found_in_it():
    by_name = SHOP.sorted("volume")
    assert labels(by_name) == ["bank/ledger", "bank/log[0]", "shop/Data-web-1", "shop/data-web-0"]
    web = by_name.chosen("web")
    assert (labels(web), web.waiting, web.index_of("id-0"), web.index_of("id-3")) == (
        ["shop/Data-web-1", "shop/data-web-0"],
        1,
        1,
        0,
    )
    assert labels(web.sorted("stuck first")) == labels(SHOP)


@given(st.lists(st.text("ab[]^-\\&~.*", max_size=5), max_size=5), st.text("ab[]^-\\&~.*", min_size=1, max_size=4))
def test_letters_are_found_in_their_order_whatever_they_are(names, word):
    def has_in_order(name: str) -> bool:
        rest = iter(name)
        return all(letter in rest for letter in word)

    exact = [name for name in names if word in name]
    assert labels(listed(*names).chosen(word)) == (exact or [name for name in names if has_in_order(name)])
