"""Import and export are inverse: for any lines, and for the real captures."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracer.ndjson.exporting import export_ndjson
from tracer.ndjson.importing import import_ndjson
from tracer.trace import open_trace
from tracer.trace.schema import SCHEMAS, WHATS

REAL = Path(__file__).parents[3] / "shared" / "real"

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.sampled_from(["a", "b", "c"]) | text.filter(bool)
uids = st.sampled_from(["u1", "u2", "u3"])
revisions = st.integers(0, 40)
scalars = st.none() | st.booleans() | st.integers(-(2**40), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    scalars | text,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["password", "phase", "containers", "env", "conditions"]) | text, inner, max_size=3
        )
    ),
    max_leaves=6,
)
STREAMS = {
    "v1/pods": ("Pod", "v1"),
    "v1/nodes": ("Node", "v1"),
    "v1/events": ("Event", "v1"),
    "v1/persistentvolumeclaims": ("PersistentVolumeClaim", "v1"),
    "example.org/v1/widgets": ("Widget", "example.org/v1"),
}


@st.composite
def observations(draw):
    stream, (kind, api_version) = draw(st.sampled_from(sorted(STREAMS.items())))
    metadata = {"name": draw(names), "uid": draw(uids), "resourceVersion": str(draw(revisions))}
    if draw(st.booleans()):
        metadata["namespace"] = "n"
    if draw(st.booleans()):
        metadata["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": draw(text)}
    whole = {"kind": kind, "apiVersion": api_version, "metadata": metadata}
    type_ = draw(st.sampled_from(["LISTED", "ADDED", "MODIFIED", "MODIFIED", "DELETED", "VANISHED"]))
    if type_ != "VANISHED":
        whole |= draw(st.dictionaries(st.sampled_from(["spec", "status", "message", "count"]), json_values, max_size=3))
    return {"stream": stream, "type": type_, "object": whole}


logs = st.fixed_dictionaries(
    {
        "stream": st.sampled_from(["log/n/p/u/c/0", "log/n/p/u/c/1"]),
        "node": st.none() | text,
        "line": st.builds(
            "{}{}{}".format,
            st.sampled_from(
                ["", "2026-11-23T07:09:02.061099605Z ", "2026-11-23T07:09:02.17Z ", "2026-11-23T08:09:02+01:00 "]
            ),
            st.sampled_from(["", "I1123 07:09:02.001245       1 a.go:1] "]),
            text,
        ),
    }
)
notes = st.fixed_dictionaries(
    {
        "stream": st.sampled_from([*sorted(STREAMS), "log/n/p/u/c/0"]),
        "what": st.sampled_from(sorted(WHATS)),
        "revision_from": st.none() | revisions,
        "revision_to": st.none() | revisions,
        "detail": st.none() | text,
    }
)
steps = st.integers(0, 5_000_000)
captures = st.lists(st.tuples(steps, observations() | logs | notes), max_size=30)


def written(folder, capture, name="in.ndjson"):
    at, lines = 1_700_000_000_000_000, []
    for step, line in capture:
        at += step
        seconds, micros = divmod(at, 1_000_000)
        whole = {"t": f"{_second(seconds)}.{micros:06d}Z", **{k: v for k, v in line.items() if v is not None}}
        lines.append(json.dumps(whole, ensure_ascii=False, separators=(",", ":")))
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def _second(seconds):
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def tables(path):
    trace = open_trace(path)
    assert not trace.faults
    return {table: pa.Table.from_batches(trace.batches(table), schema=SCHEMAS[table]) for table in SCHEMAS}


def assert_round_trip(folder, files):
    first, second = folder / "first.trace", folder / "second.trace"
    import_ndjson([str(each) for each in files], first)
    export_ndjson(first, folder / "first.ndjson")
    import_ndjson([str(folder / "first.ndjson")], second)
    export_ndjson(second, folder / "second.ndjson")
    before, after = tables(first), tables(second)
    for table, rows in before.items():
        for column in rows.column_names:
            assert rows[column].equals(after[table][column]), (table, column)
    assert (folder / "first.ndjson").read_bytes() == (folder / "second.ndjson").read_bytes()


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(captures)
def test_importing_an_export_gives_the_same_rows_and_exporting_that_the_same_lines(capture):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assert_round_trip(folder, [written(folder, capture)])


@pytest.mark.parametrize("capture", ["json", "text"])
def test_a_real_capture_survives_both_ways(tmp_path, capture):
    files = [REAL / capture / f"{name}.ndjson.gz" for name in ("events", "logs")]
    if not files[0].exists():
        pytest.skip("the real captures are not here")
    assert_round_trip(tmp_path, files)
