"""klog's `"message" key="value" other=3`: taken apart with one regular expression and remembered by its skeleton.

A line is split at its quoted strings; what is left between them is its skeleton, of which a program has a few hundred.
How a skeleton's keys and values lie is worked out once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from tracer.trace.lines import Parts, literal, render
from tracer.trace.quoting import unquoted

# An open string runs to the end: the expression never gives up a scan, so it is linear on any input.
_QUOTED = re.compile(r'("[^"\\]*+(?:\\.?[^"\\]*+)*+(?:"|\Z))', re.DOTALL)
_OPENING = "{[("
_MARKS = re.compile(r"[ {}\[\]()]")
"""What an unquoted value ends with, outside of brackets; and brackets."""
_LONGEST_KEY = 200
_MOST_ESCAPES = 4096
_BACKSLASH, _QUOTE = "\0", "\1"
"""What stands for the escaped characters in a text that is printable, and so has neither."""


class Span(NamedTuple):
    """A value that is not quoted itself and has quoted strings in it, as JSON and Go's structs have."""

    before: str
    first: int
    """The number of its first quoted part, and of its last; what stands between them belongs to it."""
    last: int
    behind: str


Value = int | str | Span
"""The number of the quoted part that a value is; the value itself; or what it is made of."""


class Template(NamedTuple):
    """How the lines of one skeleton are taken apart."""

    keys: tuple[str, ...]
    values: tuple[Value, ...]
    layout: str
    """From the message on."""
    opened: str | None
    is_simple: bool
    """Whether each quoted string is a value of its own, and each value is one."""
    has_hidden: bool
    """Whether there is an escape outside of the quoted strings."""


class Structured(msgspec.Struct, frozen=True, gc=False):
    """A structured line from its message on."""

    message: str
    pairs: tuple[tuple[str, str], ...]
    """No key comes twice."""
    layout: str | None
    """None where a value is not quoted as Go quotes it."""
    opened: str | None


def parse_structured(text: str) -> Structured | None:
    """Take apart what follows klog's header; None where it is not a quoted message with keys and values."""
    if not text.isprintable():
        return _parse_odd(text)
    hidden, is_plain = text, "\\" not in text
    if not is_plain:  # so that each quote that is left opens or closes a string
        hidden = text.replace("\\\\", _BACKSLASH).replace('\\"', _QUOTE)
        if "\\" in hidden:
            return _parse_odd(text)
    parts = hidden.split('"')
    skeleton = tuple(parts[::2])
    template = _template(skeleton) if len(parts) % 2 else None
    if template is None or template.has_hidden:
        return _parse_odd(text) if _has_hidden(skeleton) else None
    message, found = parts[1], parts[3::2] if template.is_simple else _found(template, parts)
    if not is_plain:
        message = message.replace(_QUOTE, '"').replace(_BACKSLASH, "\\")
        found = [each.replace(_QUOTE, '"').replace(_BACKSLASH, "\\") for each in found]
    return Structured(message, tuple(zip(template.keys, found, strict=True)), template.layout, template.opened)


def _found(template: Template, parts: Sequence[str]) -> list[str]:
    """The values, escapes still hidden."""
    return [
        parts[value] if isinstance(value, int) else value if isinstance(value, str) else _inside(value, parts)
        for value in template.values
    ]


def _inside(span: Span, parts: Sequence[str]) -> str:
    """What stands quoted inside of a value keeps its escapes: hidden once more, for they are about to be shown."""
    text = '"'.join(parts[span.first : span.last + 1])
    if _BACKSLASH in text or _QUOTE in text:
        text = text.replace(_BACKSLASH, _BACKSLASH * 2).replace(_QUOTE, _BACKSLASH + _QUOTE)
    return f'{span.before}"{text}"{span.behind}'


def _parse_odd(text: str) -> Structured | None:
    """The same for any text, with all the escapes that Go has, in three times the time."""
    if text.count("\\") > _MOST_ESCAPES:
        return None
    parts = _QUOTED.split(text)
    template = _template(tuple(parts[::2]))
    if template is None or (len(parts[-2]) < 2 or parts[-2][-1] != '"'):
        return None
    message, exact = unquoted(parts[1][1:-1])
    found = []
    for value in template.values:
        if isinstance(value, int):
            body, is_go = unquoted(parts[value][1:-1])
            exact = exact and is_go
            found.append(body)
        elif isinstance(value, str):
            found.append(value)
        else:
            found.append(value.before + "".join(parts[value.first : value.last + 1]) + value.behind)
    layout = template.layout if exact else None
    return Structured(message, tuple(zip(template.keys, found, strict=True)), layout, template.opened)


@lru_cache(maxsize=4096)
def _template(skeleton: tuple[str, ...]) -> Template | None:
    """Find keys and values between the quoted strings; None for what is not made of them."""
    if len(skeleton) < 2 or skeleton[0]:
        return None
    reader = _Reader(skeleton)
    if not reader.read():
        return None
    is_simple = all(isinstance(value, int) for value in reader.values)
    layout = "".join(reader.layout)
    hidden = _has_hidden(skeleton)
    template = Template(unique_keys(reader.keys), tuple(reader.values), layout, reader.opened, is_simple, hidden)
    return template if _gives_back(template, skeleton) else None


def _has_hidden(skeleton: Sequence[str]) -> bool:
    return any(_BACKSLASH in gap or _QUOTE in gap for gap in skeleton)


def unique_keys(keys: Sequence[str]) -> tuple[str, ...]:
    """The keys, those that come again with a number: a map with equal keys is refused by some readers."""
    found: dict[str, None] = {}
    for key in keys:
        name, count = key, 2
        while name in found:
            name, count = f"{key}#{count}", count + 1
        found[name] = None
    return tuple(found)


def _gives_back(template: Template, skeleton: Sequence[str]) -> bool:
    """Whether the layout, tried on quoted strings of no content, gives the skeleton's line."""
    line = '""'.join(skeleton)
    return render(template.layout, Parts(None, None, None, "", _found(template, line.split('"')))) == line


class _Reader:
    """Walks over ` key=value key=value` that begins after the message, part 1."""

    def __init__(self, skeleton: Sequence[str]) -> None:
        self._skeleton = skeleton
        self._gap = 1
        """The gap between quoted strings that is read; the quoted part before it has the number 2 * gap - 1."""
        self._at = 0
        self.keys: list[str] = []
        self.values: list[Value] = []
        self.layout = ["{message:q}"]
        self.opened: str | None = None

    def read(self) -> bool:
        while not self._is_at_end():
            gap = self._skeleton[self._gap]
            equals = gap.find("=", self._at)
            if gap[self._at : self._at + 1] != " " or equals <= self._at + 1 or equals - self._at > _LONGEST_KEY:
                return False
            key = gap[self._at + 1 : equals]
            self.layout.append(literal(f" {key}="))
            self._at = equals + 1
            self._value(key)
        return True

    def _is_at_end(self) -> bool:
        return self._gap == len(self._skeleton) - 1 and self._at == len(self._skeleton[self._gap])

    def _value(self, key: str) -> None:
        number = len(self.keys)
        self.keys.append(key)
        gap = self._skeleton[self._gap]
        is_last = self._gap == len(self._skeleton) - 1
        if is_last and gap[self._at :] == "<":
            self.values.append("")
            self.layout.append("<")
            self.opened, self._at = key, len(gap)
        elif self._at == len(gap) and not is_last and self._skeleton[self._gap + 1][:1] in ("", " "):
            self.values.append(2 * self._gap + 1)
            self.layout.append(f"{{{number}:q}}")
            self._gap, self._at = self._gap + 1, 0
        else:
            self.values.append(self._unquoted())
            self.layout.append(f"{{{number}}}")

    def _unquoted(self) -> str | Span:
        """Up to the next space outside of brackets; strings inside it belong to it."""
        pieces: list[str] = []
        first = self._gap
        depth = 0
        while True:
            gap = self._skeleton[self._gap]
            end = len(gap)
            for mark in _MARKS.finditer(gap, self._at):
                if mark[0] in _OPENING:
                    depth += 1
                elif depth == 0 and mark[0] == " ":
                    end = mark.start()
                    break
                elif depth > 0 and mark[0] != " ":
                    depth -= 1
            pieces.append(gap[self._at : end])
            self._at = end
            if end < len(gap) or self._gap == len(self._skeleton) - 1:
                break
            self._gap, self._at = self._gap + 1, 0
        if len(pieces) == 1:
            return pieces[0]
        return Span(pieces[0], 2 * first + 1, 2 * self._gap - 1, pieces[-1])
