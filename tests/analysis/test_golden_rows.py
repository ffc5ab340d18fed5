"""Each model's rows of a sample trace are the rows of its golden file, all columns of them."""

from __future__ import annotations

import json

import pytest
from golden_rows import FOLDER, SAMPLE, golden_rows, models

from analysis import open_trace


@pytest.fixture(scope="module")
def trace(kept_models):
    with open_trace(SAMPLE) as opened:
        yield opened


def test_each_public_model_has_a_golden_file_with_rows():
    assert {path.stem for path in FOLDER.iterdir()} == set(models())
    assert all(path.stat().st_size for path in FOLDER.iterdir())


@pytest.mark.parametrize("model", models())
def test_the_rows_are_the_golden_ones(trace, model):
    expected = (FOLDER / f"{model}.ndjson").read_text("utf-8")
    assert read(golden_rows(trace, model)) == read(expected), "if that is right: make golden, and read its diff"


def read(rows):
    return [json.loads(row) for row in rows.splitlines()]
