"""Raw lines into rows: stamps, years, zones, entries of several lines; and the raw lines back."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from log_reading import us

from tracer.logs.lifting import LIFTED, LogLifter
from tracer.trace.columns import ColumnBuffer
from tracer.trace.lines import raw_lines

REAL = Path(__file__).parents[3] / "shared" / "real"
STAMP = "2026-11-23T07:32:17.001274030Z"
HEAD = "I1123 07:32:17.001245       1 a.go:1] "


def lifted(*lines: str, lifter: LogLifter | None = None) -> list[dict[str, Any]]:
    """The rows of lines of one stream, as a trace stores and reads them; each must give its line back."""
    buffer = ColumnBuffer("logs")
    columns = (lifter or LogLifter()).lift(["s"] * len(lines), lines)
    buffer.extend(len(lines), {**columns, "seq": range(len(lines)), "observed_at": [0] * len(lines)})
    batch = buffer.take()
    assert raw_lines(batch) == list(lines)
    stored = {name: batch[name] for name in LIFTED}
    for name in ("stamped_at", "logged_at"):
        stored[name] = stored[name].cast(pa.int64())
    return [
        dict(zip(stored, row, strict=True)) for row in zip(*(each.to_pylist() for each in stored.values()), strict=True)
    ]


# -- stamps, years, zones ----------------------------------------------------------------------------------------------


def test_the_runtimes_stamp_is_kept_to_the_nanosecond():
    [row] = lifted(f"{STAMP} {HEAD}x")
    assert row["stamped_at"] == us("2026-11-23T07:32:17.001274") * 1000 + 30
    assert row["logged_at"] == us("2026-11-23T07:32:17.001245")
    assert row["line"] is None


def test_a_node_may_have_a_zone_of_its_own():
    [row] = lifted("2026-11-23T08:32:17.001274030+01:00 I1123 08:32:17.001245       1 a.go:1] x")
    assert row["stamped_at"] == us("2026-11-23T07:32:17.001274") * 1000 + 30
    assert row["logged_at"] == us("2026-11-23T07:32:17.001245")


@pytest.mark.parametrize(
    ("stamp", "nanos"),
    [
        ("2026-11-23T07:32:17.17Z", 170_000_000),
        ("2026-11-23T07:32:17.170Z", 170_000_000),
        ("2026-11-23T07:32:17.000000001Z", 1),
        ("2026-11-23T07:32:17Z", 0),
        ("2026-11-23T07:32:17.5+00:00", 500_000_000),
        ("2026-11-23T07:32:17.123456789-00:00", 123_456_789),
        ("2026-11-23T13:17:17.1704+05:45", 170_400_000),
        ("2026-11-22T22:02:17-09:30", 0),
    ],
)
def test_a_stamp_may_have_any_precision(stamp, nanos):
    [row] = lifted(f"{stamp} {HEAD}x")
    assert row["stamped_at"] == us("2026-11-23T07:32:17") * 1000 + nanos
    assert (row["dialect"], row["message"]) == ("klog", "x")


@pytest.mark.parametrize(
    ("time", "observed", "logged"),
    [
        ("1123 07:32:17.001245", "2026-11-23T07:32:18", "2026-11-23T07:32:17.001245"),
        ("1123 07:32:17.001245", "2026-11-22T20:00:00", "2026-11-23T07:32:17.001245"),
        ("1231 23:59:59.000000", "2027-01-01T00:00:01", "2026-12-31T23:59:59"),
        ("0301 00:00:00.000000", "2027-01-01T00:00:01", "2026-03-01T00:00:00"),
        ("0229 12:00:00.000000", "2026-11-23T07:32:18", "2024-02-29T12:00:00"),
    ],
)
def test_without_a_stamp_the_year_is_the_last_before_the_line_was_there(time, observed, logged):
    columns = LogLifter().lift(["s"], [f"I{time}       1 a.go:1] x"], [us(observed) // 1_000_000])
    assert (columns["dialect"], columns["stamped_at"], columns["logged_at"]) == (["klog"], [None], [us(logged)])


def test_a_line_without_a_stamp_may_come_long_after_those_that_have_one():
    lines = [f"{STAMP} {HEAD}x", "I1203 07:00:00.000000       1 a.go:1] x"]
    observed = [us(each) // 1_000_000 for each in ("2026-11-23T07:32:18", "2026-12-03T07:00:01")]
    assert LogLifter().lift(["s"] * 2, lines, observed)["logged_at"][1] == us("2026-12-03T07:00:00")


@pytest.mark.parametrize(
    ("stamp", "time", "logged"),
    [
        ("2026-12-31T23:59:59.999", "1231 23:59:59.998000", "2026-12-31T23:59:59.998"),
        ("2027-01-01T00:00:00.001", "1231 23:59:59.998000", "2026-12-31T23:59:59.998"),
        ("2026-12-31T23:30:00.001", "0101 00:30:00.000000", "2026-12-31T23:30:00"),
        ("2028-02-29T12:00:00.001", "0229 12:00:00.000000", "2028-02-29T12:00:00"),
        ("2026-11-23T07:32:17.001", "1123 13:02:17.000000", "2026-11-23T07:32:17"),
        ("2026-11-23T07:32:17.001", "1122 23:32:17.000000", "2026-11-23T07:32:17"),
        ("2026-11-23T07:32:47.001", "1123 07:32:17.000000", "2026-11-23T07:32:17"),
    ],
)
def test_year_and_zone_follow_from_the_stamp(stamp, time, logged):
    [row] = lifted(f"{stamp}000000Z I{time}       1 a.go:1] x")
    assert row["logged_at"] == us(logged)


def test_a_line_that_was_written_long_before_it_was_stamped_has_the_zone_of_the_others():
    rows = lifted(
        "2026-11-23T07:32:17.001000000Z I1123 13:02:17.000000       1 a.go:1] x",
        "2026-11-23T07:39:17.001000000Z I1123 13:02:18.000000       1 a.go:1] x",
    )
    assert rows[1]["logged_at"] == us("2026-11-23T07:32:18")


@pytest.mark.parametrize(
    "line", ["", " ", "x", "2026-11-23T07:32:17Z short", "2026-13-23T07:32:17.001274030Z x", f"{STAMP} ", STAMP]
)
def test_a_line_of_no_dialect_is_kept_as_it_is(line):
    [row] = lifted(line)
    assert (row["dialect"], row["severity"], row["logged_at"], row["fields"]) == (None, None, None, [])


def test_a_line_that_its_parts_do_not_give_back_is_kept_whole():
    line = f'{STAMP} {HEAD}"x" key="\\u0041"'
    [row] = lifted(line)
    assert (row["line"], row["layout"], row["dialect"], row["fields"]) == (line, None, "klog", [("key", "A")])


def test_braces_in_a_line_are_text():
    [row] = lifted(f'{STAMP} {HEAD}"{{x}}" {{0}}="{{1}}"')
    assert (row["message"], row["fields"]) == ("{x}", [("{0}", "{1}")])


# -- entries of several lines ------------------------------------------------------------------------------------------

VALUE = [
    f'{STAMP} {HEAD}"Event occurred" object="s11/nfs" message=<',
    f"{STAMP} \tMountVolume.SetUp failed: exit status 32",
    f"{STAMP} \tMounting command: mount",
    f'{STAMP}  > type="Warning"',
]


def test_a_value_of_several_lines_stands_whole_where_it_begins():
    rows = lifted(*VALUE)
    assert rows[0]["fields"] == [
        ("object", "s11/nfs"),
        ("message", "MountVolume.SetUp failed: exit status 32\nMounting command: mount"),
        ("type", "Warning"),
    ]
    assert [row["dialect"] for row in rows] == ["klog", "continued", "continued", "continued"]


def test_an_error_of_several_lines_is_told():
    lines = [
        f'{STAMP} {HEAD}"GRPC response" response="{{}}" err=<',
        f"{STAMP} \trpc error: code = Internal desc = mount failed",
        f"{STAMP} \texit status 32",
        f"{STAMP}  >",
    ]
    found = dict(lifted(*lines)[0]["fields"])
    assert (found["rpc.code"], found["rpc.error"]) == ("Internal", "mount failed\nexit status 32")


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_lines_that_come_in_the_next_batch_still_belong_to_their_entry(cut):
    lifter = LogLifter()
    first, second = lifted(*VALUE[:cut], lifter=lifter), lifted(*VALUE[cut:], f"{STAMP} other", lifter=lifter)
    assert [row["dialect"] for row in first + second[:-1]] == ["klog", "continued", "continued", "continued"]
    assert {row["severity"] for row in first + second[:-1]} == {"I"}


def test_a_value_that_never_ends_ends_with_the_next_entry():
    rows = lifted(*VALUE[:2], f"{STAMP} {HEAD}next")
    assert dict(rows[0]["fields"])["message"] == "MountVolume.SetUp failed: exit status 32"
    assert rows[2]["dialect"] == "klog"


def test_what_another_writer_says_later_is_no_part_of_an_entry():
    rows = lifted(f"{STAMP} {HEAD}x", "2026-11-23T07:32:19.001274030Z panic: no")
    assert rows[1]["dialect"] is None


def test_streams_do_not_mix():
    columns = LogLifter().lift(["a", "b", "a"], [VALUE[0], f"{STAMP} \tother stream's", VALUE[1]])
    assert columns["dialect"] == ["klog", None, "continued"]


# -- any line ----------------------------------------------------------------------------------------------------------

pieces = st.sampled_from(
    [STAMP, "2026-11-23T07:32:17.17Z", "2026-11-23T07:32:17+05:45", " ", HEAD, '"', "\\", '\\"', "=", "=<", " >", "\t", "{", "}", "[", "]", ":", ",", '"GRPC call"', " method=", "I1123 ",  # noqa: E501
     '{"ts":1795417747324.681,"caller":"a.go:1"', '"msg":"', '{"level":"info","ts":"', 'time="', " level=info ", " msg=",  # noqa: E501
     "2026/11/23 07:32:17 ", "\tINFO\t", "GRPC request: ", "gRPCCall: ", "secrets", ' for volume "', '(UniqueName: "', "\x1b", "\ud800", "é"]  # noqa: E501
)  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(st.lists(st.lists(pieces | st.text(max_size=5), max_size=12).map("".join), min_size=1, max_size=6))
@example([f'{STAMP} {HEAD}"a" b="\U000e0100"'])
def test_any_lines_come_back_byte_for_byte(lines):
    lines = [line.replace("secrets", "secre") for line in lines]
    buffer = ColumnBuffer("logs")
    columns = LogLifter().lift(["s"] * len(lines), lines)
    buffer.extend(len(lines), {**columns, "seq": range(len(lines)), "observed_at": [0] * len(lines)})
    shown = [line.encode("utf-8", "surrogatepass").decode("utf-8", "replace") for line in lines]
    if shown == lines:
        assert raw_lines(buffer.take()) == lines
    else:
        assert len(raw_lines(buffer.take())) == len(lines)


@pytest.mark.parametrize("capture", ["text", "json"])
def test_every_line_of_a_capture_comes_back_and_is_known(capture):
    file = REAL / capture / "logs.ndjson.gz"
    if not file.exists():
        pytest.skip("the real captures are not here")
    with gzip.open(file) as text:
        read = [json.loads(line) for line in text]
    columns = LogLifter().lift([each["stream"] for each in read], [each["line"] for each in read])
    assert columns["dialect"].count(None) == 0
    assert columns["line"] == [None] * len(read)


@pytest.mark.parametrize("name", ["kubelet", "kube-controller-manager", "kube-scheduler"])
def test_every_line_of_a_host_log_comes_back(name):
    file = REAL / "text" / f"{name}.log.gz"
    if not file.exists():
        pytest.skip("the real captures are not here")
    with gzip.open(file, "rt", newline="\n") as text:
        lines = [line.rstrip("\n") for line in text if "token" not in line]
    lifted(*(f"{STAMP} {line}" for line in lines))
