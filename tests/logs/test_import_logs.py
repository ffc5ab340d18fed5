"""`volreel import logs`: what kubectl, journalctl and programs left behind becomes a trace."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from log_reading import us
from volreel_process import COMMAND

from tracer.errors import ExitCode, InputError, TraceExists
from tracer.logs.files import About
from tracer.logs.zones import zone_of
from tracer.ndjson.exporting import export_ndjson
from tracer.ndjson.importing import import_logs, import_ndjson
from tracer.trace import open_trace
from tracer.trace.lines import LINE_PARTS, raw_lines
from tracer.trace.schema import LOGS, SCHEMAS

KLOG = "I{} 14715 reconciler.go:1] {}"
STAMPED = "2026-11-23T07:32:17.001274030Z I1123 07:32:17.000245       1 main.go:1] first"
JOURNAL = "2026-11-23T07:32:18.001274+0000 node-7 kubelet[812]: I1123 07:32:18.000245     812 main.go:1] second"
ENTRY = {
    "__REALTIME_TIMESTAMP": "1795419139001274",
    "_HOSTNAME": "node-8",
    "SYSLOG_IDENTIFIER": "kubelet",
    "MESSAGE": "I1123 07:32:19.000245     812 main.go:1] third",
}


class Files:
    """Log files in a folder, and the traces made of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, *lines: str, modified: str = "2026-11-24T00:00:00") -> str:
        path = self.folder / name
        data = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        at = datetime.fromisoformat(modified).replace(tzinfo=UTC).timestamp()
        os.utime(path, (at, at))
        return str(path)

    def rows(self, *names: str, columns: tuple[str, ...] = ("message",), **about: Any) -> list[Any]:
        out = self.folder / "t.trace"
        import_logs(names, out, About(**about))
        table = pa.Table.from_batches(open_trace(out).batches(LOGS), schema=SCHEMAS[LOGS])
        found = [table[name].cast(pa.int64()) if name.endswith("_at") else table[name] for name in columns]
        rows = list(zip(*(each.to_pylist() for each in found), strict=True))
        return [row[0] for row in rows] if len(columns) == 1 else rows


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_files_of_every_form_are_merged_by_time(files: Files) -> None:
    names = (
        files.add("kubelet.json", json.dumps(ENTRY)),
        files.add("journal.txt", "-- Boot 1234 --", JOURNAL),
        files.add("csi-attacher.log", STAMPED),
        files.add("kube-scheduler.log.gz", KLOG.format("1123 07:32:17.500000", "between")),
    )
    assert files.rows(*names, columns=("message", "component", "node")) == [
        ("first", "csi-attacher", None),
        ("between", "kube-scheduler", None),
        ("second", "kubelet", "node-7"),
        ("third", "kubelet", "node-8"),
    ]


def test_node_and_component_may_be_given(files: Files) -> None:
    name = files.add("x.log", STAMPED)
    columns = ("component", "node", "stream", "namespace", "pod", "container")
    assert files.rows(name, columns=columns, node="n1", component="csi-attacher") == [
        ("csi-attacher", "n1", "log//n1//csi-attacher/0", None, None, "csi-attacher")
    ]


def test_raw_lines_keep_the_hosts_stamp(files: Files) -> None:
    name = files.add("journal.txt", JOURNAL, " " * (JOURNAL.index("I1123") + 1) + "indented")
    files.rows(name)
    [batch] = open_trace(files.folder / "t.trace").batches(LOGS, LINE_PARTS)
    assert raw_lines(batch) == [
        "2026-11-23T07:32:18.001274000Z I1123 07:32:18.000245     812 main.go:1] second",
        "2026-11-23T07:32:18.001274000Z  indented",
    ]


def test_a_journal_entry_of_several_lines_is_as_many_rows(files: Files) -> None:
    entry = ENTRY | {"MESSAGE": 'E1123 07:32:19.000245     812 a.go:1] "x" err=<\n\tone\n\ttwo\n >'}
    rows = files.rows(files.add("j.json", json.dumps(entry)), columns=("message", "fields", "dialect"))
    assert rows[0] == ("x", [("err", "one\ntwo")], "klog")
    assert [row[2] for row in rows[1:]] == ["continued"] * 3


def test_a_journal_message_that_is_no_text_is_shown(files: Files) -> None:
    assert files.rows(files.add("j.json", json.dumps(ENTRY | {"MESSAGE": [102, 255, 111]}))) == ["f\ufffdo"]


# -- years and zones ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("modified", "first"), [("2026-11-24T00:00:00", "2026-11-23"), ("2027-02-01T00:00:00", "2026-11-23"), ("2026-11-22T12:00:00", "2026-11-23"), ("2026-03-01T00:00:00", "2025-11-23")]  # noqa: E501
)  # fmt: skip
def test_the_year_is_the_last_before_the_file_was_written(files: Files, modified: str, first: str) -> None:
    name = files.add("kubelet.log", KLOG.format("1123 07:32:17.500000", "x"), modified=modified)
    assert files.rows(name, columns=("logged_at",)) == [us(f"{first}T07:32:17.5")]


def test_a_date_in_the_lines_tells_the_year(files: Files) -> None:
    lines = [
        KLOG.format("1123 07:32:16.500000", "x"),
        KLOG.format("1123 07:32:17.500000", "No retries permitted until 2024-11-23 07:32:18.1 +0000 UTC"),
    ]
    name = files.add("kubelet.log", *lines)
    assert files.rows(name, columns=("logged_at",))[0] == us("2024-11-23T07:32:16.5")


def test_the_year_may_be_given(files: Files) -> None:
    name = files.add("kubelet.log", KLOG.format("1123 07:32:17.500000", "x"))
    assert files.rows(name, columns=("logged_at",), year=2019) == [us("2019-11-23T07:32:17.5")]


@pytest.mark.parametrize("modified", ["2027-01-01T00:01:00", "2027-06-01T00:00:00"])
def test_a_log_may_run_over_new_year(files: Files, modified: str) -> None:
    times = ["0801 00:00:00.000000", "1231 23:59:59.900000", "0101 00:00:00.100000", "1231 23:59:59.950000"]
    name = files.add("kubelet.log", *(KLOG.format(time, "x") for time in times), modified=modified)
    rows = files.rows(name, columns=("logged_at", "observed_at"))
    assert [row[0] for row in rows] == [
        us("2026-08-01T00:00:00"),
        us("2026-12-31T23:59:59.9"),
        us("2027-01-01T00:00:00.1"),
        us("2026-12-31T23:59:59.95"),
    ]
    assert rows[3][1] == us("2027-01-01T00:00:00.1")


def test_times_are_of_the_zone_that_is_given(files: Files) -> None:
    lines = [KLOG.format("0701 12:00:00.000000", "x"), KLOG.format("1201 12:00:00.000000", "x")]
    rows = files.rows(
        files.add("kubelet.log", *lines), columns=("logged_at",), year=2026, zone=ZoneInfo("Europe/Berlin")
    )
    assert rows == [us("2026-07-01T10:00:00"), us("2026-12-01T11:00:00")]


@pytest.mark.parametrize(("text", "minutes"), [("UTC", 0), ("+02:00", 120), ("-0930", -570), ("Asia/Kolkata", 330)])
def test_zones_have_many_names(text: str, minutes: int) -> None:
    offset = zone_of(text).utcoffset(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))
    assert offset is not None
    assert offset.total_seconds() == minutes * 60


@pytest.mark.parametrize("text", ["", "Mars/Base", "+25:00", "../etc/passwd"])
def test_what_is_no_zone_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no time zone"):
        zone_of(text)


# -- what goes wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "lines", "why"),
    [
        ("a.log", ["nothing", "known"], "no line with a time"),
        ("a.json", [json.dumps(ENTRY), "{torn"], r"a\.json:2: this is no line of journalctl -o json"),
        ("a.txt", [JOURNAL, "not indented"], r"a\.txt:2: this is no line of journalctl"),
        (
            "a.log",
            ["2026-11-23T07:32:17.0Z x", "2026-13-23T07:32:17.0Z x"],
            r"a\.log:2: '2026-13-23T07:32:17' is no time",
        ),
        ("a.log", [STAMPED, "\0\0"], r"a\.log:2: this is no text"),
    ],
)
def test_a_file_that_is_not_what_it_seems_is_named_with_its_line(
    files: Files, name: str, lines: list[str], why: str
) -> None:
    with pytest.raises(InputError, match=why) as error:
        files.rows(files.add(name, *lines))
    assert "\n" not in str(error.value)
    assert not list(files.folder.glob("t.trace*"))


def test_a_file_that_is_not_there_is_one_line(files: Files) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        files.rows(str(files.folder / "none.log"))


def test_a_torn_gzip_is_one_line(files: Files) -> None:
    path = Path(files.add("a.log.gz", *[STAMPED] * 500))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="cannot be read beyond line"):
        files.rows(str(path))


def test_an_import_never_adds_to_a_trace(files: Files) -> None:
    name = files.add("a.log", STAMPED)
    files.rows(name)
    with pytest.raises(TraceExists):
        files.rows(name)


# -- the command -------------------------------------------------------------------------------------------------------


def test_an_imported_log_survives_ndjson_both_ways(files: Files) -> None:
    files.rows(files.add("journal.txt", JOURNAL), files.add("csi-attacher.log", STAMPED, "unknown"))
    export_ndjson(files.folder / "t.trace", files.folder / "t.ndjson")
    import_ndjson([str(files.folder / "t.ndjson")], files.folder / "u.trace")
    before, after = (list(open_trace(files.folder / name).batches(LOGS)) for name in ("t.trace", "u.trace"))
    assert before == after


def test_logs_and_a_capture_come_into_one_trace_by_time(files: Files) -> None:
    log = "log/n/p/u/csi-attacher/0"
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n", "uid": "u"}}
    capture = [
        {"t": "2026-11-23T07:32:16Z", "stream": log, "node": "n1", "line": KLOG.format("1123 07:32:15.000000", "a")},
        {"t": "2026-11-23T07:32:18Z", "stream": "v1/pods", "type": "ADDED", "object": pod},
        {"t": "2026-11-23T07:32:19Z", "stream": log, "node": "n1", "line": KLOG.format("1123 07:32:19.000000", "c")},
    ]
    captured = files.add("capture.ndjson.gz", *map(json.dumps, capture))
    kubelet = files.add("kubelet.log", KLOG.format("1123 09:32:17.000000", "b"))
    out = files.folder / "t.trace"
    imported = import_logs([kubelet], out, About(zone=zone_of("+02:00")), captures=[captured])
    assert (imported.lines, imported.streams, imported.logs) == (4, 1, 2)
    trace = open_trace(out)
    seconds = [1_795_419_135, 1_795_419_137, 1_795_419_139]  # the option's zone is that of the log files alone
    rows = [row for batch in trace.batches(LOGS, ("seq", "message", "logged_at")) for row in batch.to_pylist()]
    assert [(row["seq"], row["message"], int(row["logged_at"].timestamp())) for row in rows] == [
        (0, "a", seconds[0]),
        (1, "b", seconds[1]),
        (3, "c", seconds[2]),
    ]


def test_the_command_adds_logs_to_a_trace_that_is_exported_into_it(files: Files) -> None:
    first, second = files.add("first.log", STAMPED), files.add("second.log", STAMPED.replace("first", "second"))
    old, new = files.folder / "old.trace", files.folder / "new.trace"
    import_logs([first], old, About())
    export = subprocess.run([*COMMAND, "export", str(old)], capture_output=True, check=True)
    command = [*COMMAND, "import", "logs", second, "--with", "-", "-o", str(new)]
    run = subprocess.run(command, input=export.stdout, capture_output=True, check=True)
    assert run.stderr.decode().endswith("new.trace: 2 lines of 2 logs\n")
    raw = [line for batch in open_trace(new).batches(LOGS, LINE_PARTS) for line in raw_lines(batch)]
    assert raw == [STAMPED, STAMPED.replace("first", "second")]


def test_the_command_reads_standard_input_and_says_what_it_did(tmp_path: Path) -> None:
    command = [
        *COMMAND,
        "import",
        "logs",
        "-",
        "--component",
        "kubelet",
        "--year",
        "2026",
        "-o",
        str(tmp_path / "t.trace"),
    ]
    lines = KLOG.format("1123 07:32:17.500000", "x") + "\nwhat?\n"
    run = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
    assert run.returncode == ExitCode.OK
    assert run.stdout == ""
    assert run.stderr.endswith("t.trace: 2 lines of 1 logs\n")


def test_the_command_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    command = [*COMMAND, "import", "logs", str(tmp_path / "none"), "-o", str(tmp_path / "t.trace")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == ExitCode.USAGE
    assert len(run.stderr.splitlines()) == 1
