"""The operations of the sample traces, judged by what the hostpath driver says in them of its own calls."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from analysis import open_trace
from analysis.loglines import Wanted
from tracer.ndjson.exporting import export_ndjson
from tracer.ndjson.importing import import_ndjson

SAMPLES = sorted((Path(__file__).parents[2] / "sample_traces").glob("*.trace"))
ABOUT = [
    "CreateVolume",
    "DeleteVolume",
    "ControllerPublishVolume",
    "ControllerUnpublishVolume",
    "ControllerExpandVolume",
]


@pytest.fixture(scope="module", params=SAMPLES, ids=lambda path: path.stem)
def sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample as today's volreel imports it: with its log lines taken apart."""
    folder = tmp_path_factory.mktemp("sample")
    export_ndjson(request.param, folder / "sample.ndjson")
    import_ndjson([str(folder / "sample.ndjson")], folder / "sample.trace")
    return folder / "sample.trace"


def driver_calls(sample: Path) -> Counter[tuple[str, str, str]]:
    """Method, subject and code of each call in the driver's log, read without the project's parsers."""
    calls: Counter[tuple[str, str, str]] = Counter()
    with open_trace(sample) as trace:
        for line in trace.log_lines(Wanted(component="hostpath")):
            _, found, text = (line.line or "").partition("gRPCCall: ")
            call: dict[str, Any] = json.loads(text) if found else {"Method": ""}
            method = call["Method"].rpartition("/")[2]
            if method in ABOUT:
                code = re.match(r"rpc error: code = (\w+)", call["Error"])
                about = call["Request"].get("name") or call["Request"]["volume_id"]
                calls[method, about, code[1] if code else "OK"] += 1
    return calls


def test_every_call_of_the_driver_is_one_operation_with_both_sides(sample):
    query = """
        select method, if(method = 'CreateVolume', pv, volume_handle) as about, code
        from operations where requested_seq is not null and driver_answered_seq is not null
    """
    with open_trace(sample) as trace:
        found = Counter(trace.sql(query).rows())
    truth = driver_calls(sample)
    assert truth
    assert {call: found[call] for call in truth} == dict(truth)


def test_no_operation_is_told_twice(sample):
    with open_trace(sample) as trace:
        lines = trace.sql("""
            select unnest([requested_seq, answered_seq, driver_requested_seq, driver_answered_seq]) as line
            from operations
        """)
    told = [line for line in lines["line"].to_list() if line is not None]
    assert len(told) == len(set(told))
