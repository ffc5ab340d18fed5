"""Text from a trace made safe to show: a cluster's users write it, so a terminal must show it and never obey it."""

from __future__ import annotations

import re

UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters, and the marks that reorder, hide or break a line where Unicode is rendered."""


def visible(text: str) -> str:
    r"""The text on one line, each control or invisible character as its escape: ESC becomes `\x1b`."""
    return UNSAFE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
