"""Bytes of a log into text: all of a line that is kept, and of a longer one no more than is looked at."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracer.logs.decoding import LONGEST_LINE, text_of
from tracer.logs.redaction import LONGEST, scrub_lines

units = st.binary(min_size=1, max_size=6) | st.text(min_size=1, max_size=3).map(lambda text: text.encode())


@given(st.binary(max_size=40))
def test_a_line_is_its_text(line: bytes) -> None:
    assert text_of(line) == line.decode("utf-8", "replace")


@settings(deadline=None, max_examples=60)
@given(units, st.integers(LONGEST - 8, 4 * LONGEST + 8), st.binary(max_size=6))
def test_what_is_kept_of_a_long_line_is_what_stands_in_it(unit: bytes, size: int, end: bytes) -> None:
    line = (unit * (size // len(unit) + 1))[:size] + end
    assert scrub_lines([text_of(line)]) == scrub_lines([line.decode("utf-8", "replace")])


@pytest.mark.parametrize("unit", [b"\xff", b"\xf0\x9f\x98", "\U0001f600".encode(), b"x"])
def test_of_the_longest_line_no_more_is_decoded_than_is_looked_at(unit: bytes) -> None:
    assert LONGEST < len(text_of(unit * (LONGEST_LINE // len(unit)))) <= LONGEST + 1
