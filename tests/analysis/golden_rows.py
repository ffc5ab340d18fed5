"""The rows that each model makes of one sample trace: `make golden` writes them anew, `git diff` shows the change.

Of models that tell of volumes it is the rows of one whose attachment had to wait, then its driver was away.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from analysis import open_trace
from analysis.catalogue import read_models
from analysis.trace import Trace

SAMPLE = Path(__file__).parents[2] / "sample_traces" / "stuck-attach.trace"
VOLUME = "s10/d2"
FOLDER = Path(__file__).parent / "golden"
TOO_WIDE = {"object_versions", "rpc_lines"}
"""As wide as the tables of the trace; test_model_object_versions.py and test_operations_lines.py tell what they add."""


def models() -> list[str]:
    return sorted(
        model.name for model in read_models() if not model.name.startswith("_") and model.name not in TOO_WIDE
    )


def golden_rows(trace: Trace, model: str) -> str:
    """A model's rows as NDJSON, in an order that depends on nothing but the rows."""
    rows = trace.sql(f"from {model}")
    [volume] = trace.named_volumes(VOLUME).rows(named=True)
    for column, value in (("volume_id", volume["volume_id"]), ("pv", volume["pv_name"])):
        if column in rows.columns:
            rows = rows.filter(pl.col(column) == value)
    return "".join(sorted(rows.write_ndjson().splitlines(keepends=True)))


def write() -> Iterator[Path]:
    FOLDER.mkdir(exist_ok=True)
    with open_trace(SAMPLE) as trace:
        for model in models():
            path = FOLDER / f"{model}.ndjson"
            path.write_text(golden_rows(trace, model), "utf-8")
            yield path


if __name__ == "__main__":
    for written in write():
        print(written)
