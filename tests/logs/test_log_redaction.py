"""Secrets in log lines do not reach the disk, in whatever they are wrapped."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracer.logs.files import About
from tracer.logs.lifting import LogLifter
from tracer.logs.redaction import scrub_line, scrub_lines
from tracer.ndjson.importing import import_logs
from tracer.redaction import REMOVED
from tracer.trace import open_trace
from tracer.trace.lines import LINE_PARTS, raw_lines
from tracer.trace.schema import LOGS

SECRET = "hunter2-XYZZY"
REQUEST = json.dumps({"volume_id": "v1", "secrets": {"user": "adm}", "key": f'a"b\\{SECRET}'}, "name": "pvc-1"})
QUOTED = json.dumps(REQUEST)
LINES = {
    "hostpath": f'I1123 07:32:17.001245       1 server.go:156] gRPCCall: {{"Method":"/csi.v1.Node/NodeStageVolume","Request":{REQUEST}}}',  # noqa: E501
    "structured klog": f'I1123 07:32:17.001245       1 c.go:1] "GRPC call" method="/csi.v1.Node/X" request={QUOTED}',
    "klog JSON": json.dumps(
        {"ts": 1795417742309.5, "caller": "a.go:1", "msg": "m", "request": REQUEST}, separators=(",", ":")
    ),
    "JSON in JSON in JSON": json.dumps({"level": "info", "msg": QUOTED}),
    "logrus": f'time="2026-08-11T09:12:13Z" level=info msg={QUOTED}',
    "zap console": f'2026-08-11T09:12:13.123Z\tINFO\tcalled\t{{"password": "{SECRET}"}}',
    "Go log": f"2026/11/23 07:32:17 mount -o user=a,password={SECRET},ro",
    "proto text": f'x called with request: volume_id:"v1" secrets:{{key:"password" value:"{SECRET}"}} name:"n"',
    "old proto text": f'secrets:<key:"password" value:"{SECRET}" > volume_id:"v1"',
    "parameters in proto text": f'parameters:{{key:"password" value:"{SECRET}"}}',
    "Go map": f"called with args {{VolumeId:v1 Secrets:map[user:{SECRET} pass:{SECRET}] Name:n}}",
    "flag": f"starting with --api-key {SECRET} -v 5",
    "flag with equals": f"starting with --account-key={SECRET}",
    "header": f"Authorization: Bearer {SECRET}",
    "bearer": f'token "Bearer {SECRET}" refused',
    "basic": f"Authorization: Basic {SECRET}",
    "colon": f"adminPassword: {SECRET}",
    "Python": f"{{'client_secret': '{SECRET}'}}",
    "a value with blanks": f'"passphrase":"correct horse {SECRET}"',
    "torn": f'"secrets":{{"key":"{SECRET}',
    "spaced": f'"accessKey" : "{SECRET}"',
    "unknown dialect": f"!! private_key={SECRET}",
}
KEPT = [
    '"secrets":"***stripped***"',
    '"secrets":{}',
    '"secrets":null',
    "csi.storage.k8s.io/provisioner-secret-name: my-secret",
    '"nodeStageSecretRef":{"name":"a","namespace":"b"}',
    '"volume pvc-1 does not need any deletion secrets"',
    "failed to get token for pod",
    '--authorization-mode="Node,RBAC"',
    "ControllerPublishSecretName=x",
    'key="default/a"',
    "passed all checks",
]


@pytest.mark.parametrize("case", LINES)
def test_a_planted_secret_is_removed_and_marked(case):
    clean = scrub_line(LINES[case])
    assert SECRET not in clean
    assert REMOVED in clean


@pytest.mark.parametrize("case", LINES)
def test_removing_again_changes_nothing(case):
    clean = scrub_line(LINES[case])
    assert scrub_line(clean) == clean


@pytest.mark.parametrize("line", KEPT)
def test_what_is_no_secret_stays(line):
    assert scrub_line(line) == line


def test_json_stays_json():
    clean = scrub_line(REQUEST)
    assert json.loads(clean) == {"volume_id": "v1", "secrets": REMOVED, "name": "pvc-1"}
    assert json.loads(json.loads(scrub_line(QUOTED))) == json.loads(clean)


def test_lines_without_suspicion_are_not_copied():
    lines = ["a", "b"]
    assert scrub_lines(lines) is lines


def test_no_byte_of_a_trace_holds_a_planted_secret(tmp_path: Path):
    (tmp_path / "driver.log").write_text("".join(f"2026-11-23T07:32:17.001274030Z {line}\n" for line in LINES.values()))
    import_logs([str(tmp_path / "driver.log")], tmp_path / "t.trace", About())
    [batch] = open_trace(tmp_path / "t.trace").batches(LOGS, LINE_PARTS)
    assert SECRET not in str([batch["message"].to_pylist(), batch["fields"].to_pylist(), raw_lines(batch)])
    for each in (tmp_path / "t.trace").rglob("*"):
        assert not each.is_file() or SECRET.encode() not in each.read_bytes()


def test_derived_fields_are_made_of_what_is_left():
    columns = LogLifter().lift(
        ["a"] * len(LINES), [f"2026-11-23T07:32:17.001274030Z {line}" for line in LINES.values()]
    )
    assert SECRET not in str(columns)


stems = st.sampled_from(["secrets", "password", "token", "api_key", "Authorization", "bearer "])
wraps = st.sampled_from(
    ['":"', "=", ": ", r"\":\"", '":{"', r"\\\":{", ":map[", ':{key:"a" value:"', " := ", "'", '"', "}", "]", ">"]
)


@settings(deadline=None, max_examples=500)
@given(st.lists(stems | wraps | st.text(max_size=4), max_size=12).map("".join))
def test_any_line_is_scrubbed_once_for_all(line):
    clean = scrub_line(line)
    assert scrub_line(clean) == clean


@pytest.mark.parametrize("capture", ["text", "json"])
def test_the_captures_hold_no_secrets_and_stay_as_they_are(capture):
    file = Path(__file__).parents[3] / "shared" / "real" / capture / "logs.ndjson.gz"
    if not file.exists():
        pytest.skip("the real captures are not here")
    with gzip.open(file) as text:
        lines = [json.loads(line)["line"] for line in text]
    assert list(scrub_lines(lines)) == lines


FILL = "x" * 40_000
BOUNDED = {
    "a suspicious word far behind": (f'"volume_id":"v" {FILL} password={SECRET}', FILL),
    "a value that is still open": (
        f'"volume_id":"v" "secrets":{{"a":"{FILL}{FILL}","key":"{SECRET}',
        '"volume_id":"v"',
    ),
    "blanks before what a bracket holds": (f"a secrets:{{{' ' * 70_000}{SECRET}", "a secrets:{"),
    "too many words": ("a " + "token of x " * 600 + f"password={SECRET}", "a "),
    "a line too long to be judged": (f"a {FILL * 7} password={SECRET}", FILL * 6),
}


@pytest.mark.parametrize("case", BOUNDED)
def test_what_cannot_be_judged_is_withheld_and_marked(case):
    line, kept = BOUNDED[case]
    [clean] = scrub_lines([line])
    assert SECRET not in clean
    assert kept in clean
    assert clean.endswith((REMOVED, f'"{REMOVED}"'))
    assert scrub_line(clean) == clean


def test_a_long_line_without_suspicion_is_kept_whole():
    line = f"{FILL * 6} the end"
    assert scrub_lines([line]) == [line]
