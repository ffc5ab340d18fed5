"""zap's console, as topolvm writes it in development."""

from __future__ import annotations

import pytest
from log_reading import parse, read, us

TIME = "2026-08-11T09:12:13.123Z"


def test_a_line_with_all_its_parts():
    text = f'{TIME}\tINFO\tdriver.controller\tcontroller/pvc.go:12\tCreateVolume called\t{{"name": "pvc-1", "size": 1}}'
    parsed = read("zap", text)
    assert parsed.logged_at == us("2026-08-11T09:12:13.123")
    assert (parsed.said.severity, parsed.said.source) == ("I", "controller/pvc.go:12")
    assert parsed.said.message == "CreateVolume called"
    assert parsed.fields["logger"] == "driver.controller"
    assert parsed.fields["size"] == "1"
    assert parsed.fields["rpc.name"] == "pvc-1"


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("starting", "starting"),
        ("driver\tstarting", "starting"),
        ("a.go:1\tstarting", "starting"),
        ("has a tab\tin it", "has a tab\tin it"),
        ('driver\tstarting\t{"a": {"b":[1,2]}}', "starting"),
        ("starting\t{torn", "starting"),
    ],
)
def test_parts_may_be_missing(rest, message):
    assert read("zap", f"{TIME}\tERROR\t{rest}").said.message == message


def test_json_that_zap_would_not_write_so_keeps_its_raw_line():
    name, parsed = parse(f'{TIME}\tINFO\tx\t{{"a":1}}')
    assert (name, parsed.fields, parsed.rebuilt()) == ("zap", {"a": "1"}, None)
