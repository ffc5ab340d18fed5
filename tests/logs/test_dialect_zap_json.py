"""zap's JSON, as the vSphere driver and controller-runtime write it."""

from __future__ import annotations

import pytest
from log_reading import read, us


def test_a_vsphere_line_gives_its_time_and_trace_id():
    parsed = read(
        "zap JSON",
        '{"level":"info","time":"2026-08-11T09:12:13.123456789Z","caller":"vanilla/controller.go:1700",'
        '"msg":"ControllerPublishVolume: called with args {VolumeId:v-1 NodeId:node-1 Readonly:false}",'
        '"TraceId":"6ba7b810-9dad"}',
    )
    assert parsed.logged_at == us("2026-08-11T09:12:13.123456")
    assert (parsed.said.severity, parsed.said.source) == ("I", "vanilla/controller.go:1700")
    assert parsed.fields["TraceId"] == "6ba7b810-9dad"
    assert parsed.fields["rpc.id"] == "6ba7b810-9dad"


def test_controller_runtime_writes_seconds_since_1970():
    text = '{"level":"error","ts":1795417748.0255466,"logger":"driver","msg":"x","error":"no"}'
    parsed = read("zap JSON", text)
    assert parsed.logged_at == us("2026-11-23T07:09:08.025546")
    assert (parsed.said.severity, parsed.fields) == ("E", {"logger": "driver", "error": "no"})


def test_a_zone_is_kept():
    text = '{"level":"warn","ts":"2026-08-11T09:12:13.123+0200","caller":"a.go:1","msg":"x"}'
    assert read("zap JSON", text).logged_at == us("2026-08-11T07:12:13.123")


@pytest.mark.parametrize(
    ("level", "severity"), [("debug", "I"), ("INFO", "I"), ("warn", "W"), ("dpanic", "E"), ("fatal", "F")]
)
def test_levels_become_severities(level, severity):
    text = f'{{"level":"{level}","ts":"2026-08-11T09:12:13Z","msg":"x"}}'
    assert read("zap JSON", text).said.severity == severity
