"""logrus' text, as longhorn writes it."""

from __future__ import annotations

import pytest
from log_reading import parse, read, us


def test_a_line_gives_its_time_level_message_and_fields():
    text = (
        r'time="2026-08-11T09:12:13Z" level=info msg="NodeStageVolume: req: {\"volume_id\":\"pvc-1\"}"'
        r' func=csi.(*NodeServer).NodeStageVolume file="node_server.go:406" component=csi-node-server'
    )
    parsed = read("logrus", text)
    assert parsed.logged_at == us("2026-08-11T09:12:13")
    assert (parsed.said.severity, parsed.said.source) == ("I", "node_server.go:406")
    assert parsed.said.message == 'NodeStageVolume: req: {"volume_id":"pvc-1"}'
    assert parsed.fields["component"] == "csi-node-server"
    assert parsed.fields["rpc.volume_id"] == "pvc-1"


def test_a_zone_and_nanoseconds_are_kept():
    parsed = read("logrus", 'time="2026-08-11T09:12:13.123456789+02:00" level=warning msg=short')
    assert (parsed.logged_at, parsed.said.severity) == (us("2026-08-11T07:12:13.123456"), "W")


@pytest.mark.parametrize("text", ['time="2026-08-11T09:12:13Z" msg="no level"', 'time="x'])
def test_other_lines_that_begin_like_it_are_left(text):
    with pytest.raises(AssertionError, match="no dialect"):
        parse(text)
