from __future__ import annotations

import polars as pl
import pytest

from analysis.catalogue import parse_model, read_models

ORDERS = """\
-- One order
-- of a customer.
with raw as (
    select
        -- Not the outside's business.
        id
    from source
)

select
    -- Which one.
    id,
    -- What it costs, in cents;
    -- null while it is open.
    sum(price) over (
        partition by id
    ) as price
from raw
"""


def test_a_model_is_documented_by_its_comments():
    model = parse_model("orders", "intervals", ORDERS)
    assert model.meaning == "One order of a customer."
    assert model.columns == {"id": "Which one.", "price": "What it costs, in cents; null while it is open."}


def test_every_public_column_says_what_it_means(small, ask):
    models = ask(small.ended()).models()
    assert {
        "objects",
        "logs",
        "streams",
        "object_versions",
        "coverage",
        "rpc_lines",
        "operations",
        "volume_claims",
        "uses",
        "transitions",
    } <= set(models["model"])
    assert models.filter(pl.any_horizontal(pl.col("row_meaning", "column_meaning").is_null())).is_empty()


@pytest.mark.parametrize("model", read_models(), ids=lambda model: model.name)
def test_a_model_says_what_a_row_is_and_lies_in_a_layer(model):
    assert model.meaning.startswith(("One ", "Every "))
    assert model.layer in ("staging", "intervals", "identity", "lifecycle", "worlds", "diagnosis", "latency")
