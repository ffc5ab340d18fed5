"""klog's text: headers, keys and values, Go's quoting. The examples are from the captures."""

from __future__ import annotations

import pytest
from log_reading import parse, read, us

HEAD = "I1123 07:32:17.001245       1 feature_gate.go:477] "


def test_a_structured_line_gives_its_time_source_message_and_fields():
    parsed = read("klog", f'{HEAD}"Feature gate default state" feature="AtomicFIFO" enabled=true')
    assert parsed.logged_at == us("2026-11-23T07:32:17.001245")
    said = parsed.said
    assert (said.severity, said.source, said.message) == ("I", "feature_gate.go:477", "Feature gate default state")
    assert parsed.fields == {"feature": "AtomicFIFO", "enabled": "true"}


def test_an_unstructured_line_is_all_message():
    text = 'Operation "x" failed: a=1 "b"='
    assert read("klog", f"E1123 07:32:17.001245   14557 main.go:1] {text}").said.message == text


@pytest.mark.parametrize("severity", "IWEF")
def test_every_severity_is_known(severity):
    assert read("klog", f"{severity}1123 07:32:17.001245       1 a.go:1] x").said.severity == severity


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (r'"say \"yes\""', 'say "yes"'),
        (r'"a\\b"', r"a\b"),
        (r'"tab\tnewline\nbell\a"', "tab\tnewline\nbell\a"),
        (r'"\x1b[31m"', "\x1b[31m"),
        (r'"\u200b\ufeff"', "\u200b\ufeff"),
        (r'"\U000e0001"', "\U000e0001"),
        ('"größe 存储"', "größe 存储"),
        (r'"{\"volume_id\":\"a\\\"b\"}"', r'{"volume_id":"a\"b"}'),
        ("null", "null"),
        ('{"Topology":true}', '{"Topology":true}'),
        ('["s14/b48","s14/b47"]', '["s14/b48","s14/b47"]'),
        ('{"a b":"c = d"}', '{"a b":"c = d"}'),
        ("", ""),
        ('""', ""),
    ],
)
def test_values_are_read_as_go_writes_them(written, value):
    parsed = read("klog", f'{HEAD}"Said" before="x" key={written} after=1')
    assert parsed.fields == {"before": "x", "key": value, "after": "1"}


def test_a_key_may_hold_blanks():
    text = (
        'I1123 07:32:17.001245   14558 q.go:958] "Pod moved" pod="s14/b35" unschedulable plugins={"VolumeBinding":{}}'
    )
    assert read("klog", text).fields == {"pod": "s14/b35", "unschedulable plugins": '{"VolumeBinding":{}}'}


def test_the_kubelets_sentences_are_unquoted():
    text = (
        r'I1123 07:44:54.639896   14715 reconciler_common.go:214] "operationExecutor.MountVolume started for volume '
        r'\"pvc-9e\" (UniqueName: \"kubernetes.io/csi/hostpath.csi.k8s.io^b63a\") pod \"data\" (UID: \"ecb1\") " pod="s11/data"'  # noqa: E501
    )
    assert read("klog", text).said.message.startswith('operationExecutor.MountVolume started for volume "pvc-9e" (Uniq')


def test_a_key_that_comes_twice_is_kept_under_two_names():
    assert read("klog", f'{HEAD}"x" key="a" key="b"').fields == {"key": "a", "key#2": "b"}


def test_a_value_of_several_lines_is_known_by_its_begin():
    parsed = read("klog", f'{HEAD}"Event occurred" object="s11/nfs" message=<')
    assert parsed.said.opened == "message"


@pytest.mark.parametrize("raw", [r'"\377"', r'"caf\xc3\xa9"', r'"\/"', r'"\u0041"', '"open', r'"ends in \\\"'])
def test_what_go_would_not_write_so_is_still_a_line_and_never_lost(raw):
    name, parsed = parse(f'{HEAD}"Said" key={raw}')
    assert name == "klog"
    assert parsed.rebuilt() in (None, f'{HEAD}"Said" key={raw}')


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I",
        "I1123 07:32:17.00124",
        "I1323 07:32:17.001245       1 a.go:1] x",
        "I1123 25:32:17.001245       1 a.go:1] x",
        "I1123 07:32:17.001245 a.go:1] x",
        "I1123 07:32:17.00124\u0665       1 a.go:1] x",
        "i1123 07:32:17.001245       1 a.go:1] x",
        "panic: runtime error: invalid memory address",
        "goroutine 1 [running]:",
    ],
)
def test_what_is_no_klog_line_is_left_to_others(text):
    with pytest.raises(AssertionError, match="no dialect"):
        parse(text)
