"""Bytes of a log into text: no more of them than are looked at, as their writer may have written anything."""

from __future__ import annotations

import codecs

from tracer.logs.redaction import LONGEST

LONGEST_LINE = 16 << 20
"""Bytes. Where a line is longer, something else than a log is read."""
_DECODER = codecs.getincrementaldecoder("utf-8")


def text_of(line: bytes) -> str:
    """The line as text; of one that is too long to be kept whole no more than shows that it is.

    How many bytes that takes is known only by decoding: a character has up to four, each that is no UTF-8 is one.
    """
    if len(line) <= LONGEST:
        return line.decode("utf-8", "replace")
    decoder, text, at = _DECODER("replace"), "", 0
    while len(text) <= LONGEST and at < len(line):
        end = at + LONGEST + 1 - len(text)
        text += decoder.decode(line[at:end], final=end >= len(line))
        at = end
    return text
