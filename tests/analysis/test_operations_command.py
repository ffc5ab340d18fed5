"""`volreel operations` and `volreel logs`, as a shell sees them."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest
from log_trace import Said, add_logs
from typer.testing import CliRunner
from volreel_process import on_terminal
from volreel_process import run as volreel

from analysis.cli import app
from tracer.errors import VolreelError

AT = 1_795_419_000_000_000
ATTACHER = "log/default/csi-0/uid-csi/csi-attacher/0"
HOSTILE = "\x1b[2J[red]x"


def line(second: int, text: str, stream: str = ATTACHER, severity: str = "I") -> Said:
    clock = f"07:30:{second:02}.000000"
    stamped = f"2026-11-23T{clock}000Z {severity}1123 {clock}       1 connection.go:264] {text}"
    return Said(AT + second * 1_000_000, stream, stamped)


def attach(second: int, volume: str, error: str = "", method: str = "ControllerPublishVolume") -> list[Said]:
    """A call and its answer, as many seconds later as it began after the minute."""
    request = json.dumps(json.dumps({"volume_id": volume, "node_id": "n1"}))
    key = f'VolumeAttachment="va-{volume}"'
    failure = json.dumps(error) if error else "null"
    return [
        line(second, f'"GRPC call" {key} method="/csi.v1.Controller/{method}" request={request}'),
        line(second * 2, f'"GRPC response" {key} response="{{}}" err={failure}'),
    ]


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    lines = [
        *attach(1, "vol-fast"),
        *attach(4, "vol-slow"),
        *attach(2, "vol-bad-01", f"rpc error: code = Internal desc = {HOSTILE}"),
        *attach(
            6, "vol-bad-01", "rpc error: code = Aborted desc = an operation with the given Volume ID already exists"
        ),
        line(20, f'"Failed" err="vol-bad-01 {HOSTILE}"', severity="E"),
    ]
    return add_logs(tmp_path / "small.trace", lines)


def run(*arguments: object) -> tuple[str, str]:
    result = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def test_operations_are_a_table_in_the_order_of_their_calls(trace):
    table, words = run("operations", trace)
    head, *rows = table.splitlines()
    assert head.split() == ["at", "(UTC)", "method", "volume", "took", "answer"]
    assert [row.split()[2] for row in rows if row[0] != " "] == ["vol-fast", "vol-bad-01", "vol-slow", "vol-bad-01"]
    assert max(map(len, [head, *(row for row in rows if row[0] != " ")])) <= 80
    assert words.startswith("volreel: gaps are not known")


def test_a_failure_stands_below_its_call_and_is_not_obeyed(trace):
    table, _ = run("operations", trace, "--failed")
    _, first, error, second, echo = table.splitlines()
    assert first.endswith("2000.0 ms  Internal")
    assert error == r"    \x1b[2J[red]x"
    assert second.endswith("6000.0 ms  Aborted (echo) #2")
    assert echo.strip() == "an operation with the given Volume ID already exists"


def test_the_slowest_come_first(trace):
    answer, _ = run("operations", trace, "--slowest", 2, "--json")
    assert [(each["volume_handle"], each["duration_ms"]) for each in json.loads(answer)] == [
        ("vol-bad-01", 6000.0),
        ("vol-slow", 4000.0),
    ]


def test_json_and_csv_have_every_column_and_every_byte(trace):
    rows = json.loads(run("operations", trace, "--json")[0])
    table = list(csv.DictReader(io.StringIO(run("operations", trace, "--csv")[0])))
    assert list(rows[0]) == list(table[0])
    failed = next(each for each in rows if each["code"] == "Internal")
    assert failed["error"] == HOSTILE
    assert failed["pairing"] == "exact"
    assert failed["requested_at"] == "2026-11-23T07:30:02.000000Z"
    assert (failed["attempt"], failed["echo"]) == (1, False)
    with pytest.raises(VolreelError):
        run("operations", trace, "--json", "--csv")


def test_a_trace_without_logs_says_so(small):
    table, words = run("operations", small.ended())
    assert table.split() == ["at", "(UTC)", "method", "volume", "took", "answer"]
    assert "volreel: no log lines are there in this trace" in words
    assert run("operations", small.path, "--json")[0] == "[]\n"
    assert run("logs", small.path, "--json")[0] == "[]\n"


def test_logs_show_who_said_what_when(trace):
    text, _ = run("logs", trace, "--severity", "W")
    assert text == r'11-23 07:30:20.000000 E csi-attacher: Failed err="vol-bad-01 \u001b[2J[red]x"' + "\n"


@pytest.mark.parametrize("columns", [60, 133])
async def test_a_terminal_shows_of_each_line_what_fits_and_a_pipe_has_all_of_it(trace, tmp_path, columns):
    screen = await asyncio.to_thread(on_terminal, ["logs", str(trace)], tmp_path, columns)
    shown = [line for line in screen.splitlines() if line.startswith("11-23 ")]
    whole = (await volreel("logs", str(trace), home=tmp_path)).out.splitlines()
    assert max(map(len, whole)) > 133
    assert shown == [line if len(line) <= columns else f"{line[: columns - 1]}…" for line in whole]


def test_logs_are_found_by_volume_component_text_and_time(trace):
    def found(*options: object) -> int:
        return len(json.loads(run("logs", trace, "--json", *options)[0]))

    assert found() == 9
    assert found("--volume", "vol-bad-01") == 5
    assert found("--component", "csi-attacher", "--grep", "GRPC (call|response)") == 8
    assert found("--component", "kubelet") == 0
    assert found("--from", "2026-11-23T07:30:04Z", "--to", "2026-11-23T07:30:08") == 3
    assert found("--grep", "method=.*vol-slow") == 1


def test_logs_as_json_give_the_line_byte_for_byte(trace):
    lines = json.loads(run("logs", trace, "--json", "--volume", "vol-slow")[0])
    assert [each["line"] for each in lines] == [said.line for said in attach(4, "vol-slow")[:1]]
    assert list(lines[0])[:3] == ["seq", "happened_at", "stream"]
    assert lines[0]["fields"]["rpc.method"] == "ControllerPublishVolume"


@pytest.mark.parametrize("options", [["--severity", "X"], ["--grep", "("], ["--from", "yesterday"]])
def test_what_cannot_be_asked_is_one_line(trace, options):
    with pytest.raises(VolreelError) as refused:
        run("logs", trace, *options)
    assert "\n" not in str(refused.value)


def test_damaged_log_lines_are_left_out_and_said_first(trace):
    file = trace / "logs/00000001.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 4
    file.write_bytes(content)
    table, words = run("operations", trace)
    assert table.split() == ["at", "(UTC)", "method", "volume", "took", "answer"]
    assert words.startswith("volreel: logs/00000001.parquet is not what was sealed (SHA-256): rows 0 to ")
    assert "volreel: no log lines can be read in this trace" in words
