"""klog's JSON; the examples are from the captures."""

from __future__ import annotations

import pytest
from log_reading import parse, read, us


def test_a_line_gives_its_time_source_message_and_fields():
    parsed = read(
        "klog JSON",
        '{"ts":1795417747324.681,"caller":"leaderelection/leaderelection.go:300","msg":"Successfully renewed lease",'
        '"v":5,"lock":"default/external-health-monitor-leader-hostpath-csi-k8s-io"}',
    )
    assert parsed.logged_at == us("2026-11-23T07:09:07.324681")
    said = parsed.said
    assert (said.severity, said.source) == ("I", "leaderelection/leaderelection.go:300")
    assert said.message == "Successfully renewed lease"
    assert parsed.fields == {"v": "5", "lock": "default/external-health-monitor-leader-hostpath-csi-k8s-io"}


@pytest.mark.parametrize("ts", ["1795417747324", "1795417747324.6", "1795417747324.68", "1795417748494.7595"])
def test_a_time_keeps_the_decimals_that_it_has(ts):
    parsed = read("klog JSON", f'{{"ts":{ts},"caller":"a.go:1","msg":"x","v":0}}')
    assert parsed.logged_at == int(float(ts) * 1000)


def test_a_reference_to_an_object_reads_as_in_text():
    parsed = read(
        "klog JSON",
        '{"ts":1795417748024.1917,"caller":"controller/controller.go:1425","msg":"Started",'
        '"PVC":{"name":"a","namespace":"s01"},"PV":{"name":"pv-1"},"StorageClass":"csi-fast","v":4}',
    )
    assert parsed.fields == {"PVC": "s01/a", "PV": "pv-1", "StorageClass": "csi-fast", "v": "4"}


def test_quoted_json_is_unquoted():
    parsed = read(
        "klog JSON",
        r'{"ts":1795417748025.5466,"caller":"connection/connection.go:264","msg":"GRPC call","v":5,'
        r'"method":"/csi.v1.Controller/CreateVolume","request":"{\"name\":\"pvc-cabd8af3\"}"}',
    )
    assert parsed.fields["request"] == '{"name":"pvc-cabd8af3"}'
    assert parsed.fields["rpc.name"] == "pvc-cabd8af3"


def test_an_error_is_told_by_its_lack_of_a_verbosity():
    text = '{"ts":1795417748025.5,"caller":"x/y.go:1","msg":"Failed","err":"rpc error: code = Internal desc = no"}'
    assert read("klog JSON", text).said.severity == "E"


def test_values_of_any_kind_keep_their_text():
    text = (
        '{"ts":1795417748025.5,"caller":"x/y.go:1","msg":"m","v":0,"a":[1,{"b":null}],"c":1.50,"d":false,"e":{"x":1}}'
    )
    found = read("klog JSON", text).fields
    assert found == {"v": "0", "a": '[1,{"b":null}]', "c": "1.50", "d": "false", "e": '{"x":1}'}


@pytest.mark.parametrize(
    "text",
    [
        '{"ts":1795417748025.5, "caller":"a.go:1","msg":"blank","v":0}',
        '{"ts":1795417748025.5,"caller":"a.go:1","msg":"\\u0041","v":0}',
        '{"ts":1795417748025.5,"caller":"a.go:1","msg":"twice","v":0,"v":1}',
    ],
)
def test_json_that_klog_would_not_write_so_is_read_and_keeps_its_raw_line(text):
    name, parsed = parse(text)
    assert (name, parsed.rebuilt()) == ("klog JSON", None)


@pytest.mark.parametrize(
    "text", ['{"ts":1795417748025.5,"caller":"a.go:1","msg":"torn', "{}", '{"ts":"x","msg":""}', "[1]"]
)
def test_other_json_is_left_to_others(text):
    with pytest.raises(AssertionError, match="no dialect"):
        parse(text)
