"""Go's standard log, in the process' own zone."""

from __future__ import annotations

import pytest
from log_reading import parse, read, us


def test_a_line_in_utc():
    parsed = read("Go log", "2026/11/23 07:32:17 listening on unix:///csi/csi.sock")
    assert parsed.logged_at == us("2026-11-23T07:32:17")
    assert parsed.said.message == "listening on unix:///csi/csi.sock"


def test_microseconds_and_the_file_are_optional():
    parsed = read("Go log", "2026/11/23 07:32:17.123456 main.go:42: failed")
    assert (parsed.logged_at, parsed.said.source) == (us("2026-11-23T07:32:17.123456"), "main.go:42")


def test_its_zone_follows_from_the_runtimes_stamp():
    assert read("Go log", "2026/11/23 13:02:17 x").logged_at == us("2026-11-23T07:32:17")


@pytest.mark.parametrize("text", ["2026/13/23 07:32:17 x", "2026/11/23 07:32", "2026/11/23"])
def test_what_is_no_time_is_left(text):
    with pytest.raises(AssertionError, match="no dialect"):
        parse(text)
