"""logrus' JSON: sorted keys, HTML escaped."""

from __future__ import annotations

from log_reading import read, us


def test_a_line_gives_its_time_level_message_and_fields():
    text = (
        r'{"component":"csi","level":"error","msg":"NodePublishVolume: err: rpc error: code = Internal desc = a \u003c b",'  # noqa: E501
        r'"time":"2026-08-11T09:12:13+02:00"}'
    )
    parsed = read("logrus JSON", text)
    assert parsed.logged_at == us("2026-08-11T07:12:13")
    assert parsed.said.message.endswith("a < b")
    assert parsed.said.severity == "E"
    assert (parsed.fields["component"], parsed.fields["rpc.code"]) == ("csi", "Internal")
