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
_OPENING, _CLOSING = "{[(", "}])"
_LONGEST_KEY = 200

Value = int | tuple[int | str, ...]
"""The number of the quoted part that a value is; or the texts and the numbers that it is made of, as they stand."""


class Template(NamedTuple):
    """How the lines of one skeleton are taken apart."""

    keys: tuple[str, ...]
    values: tuple[Value, ...]
    layout: str
    """From the message on."""
    opened: str | None
    is_simple: bool
    """Whether each quoted string is a value of its own, and each value is one."""


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
    if "\\" not in text and text.isprintable():
        return _unescaped(text)
    parts = _QUOTED.split(text)
    template = _template(tuple(parts[::2])) if parts[0] == "" and len(parts) > 1 else None
    if template is None or (len(parts[-2]) < 2 or parts[-2][-1] != '"'):
        return None
    message, exact = unquoted(parts[1][1:-1])
    found = []
    for value in template.values:
        if isinstance(value, int):
            body, is_go = unquoted(parts[value][1:-1])
            exact = exact and is_go
            found.append(body)
        else:
            found.append("".join([parts[each] if isinstance(each, int) else each for each in value]))
    layout = template.layout if exact else None
    return Structured(message, tuple(zip(template.keys, found, strict=True)), layout, template.opened)


def _unescaped(text: str) -> Structured | None:
    """The same for a line without escapes, in a third of the time."""
    parts = text.split('"')
    template = _template(tuple(parts[::2])) if len(parts) > 1 and len(parts) % 2 and parts[0] == "" else None
    if template is None:
        return None
    if template.is_simple:
        found = parts[3::2]
    else:
        found = [
            parts[value]
            if isinstance(value, int)
            else "".join([f'"{parts[each]}"' if isinstance(each, int) else each for each in value])
            for value in template.values
        ]
    return Structured(parts[1], tuple(zip(template.keys, found, strict=True)), template.layout, template.opened)


@lru_cache(maxsize=4096)
def _template(skeleton: tuple[str, ...]) -> Template | None:
    """Find keys and values between the quoted strings; None for what is not made of them."""
    reader = _Reader(skeleton)
    if not reader.read():
        return None
    is_simple = all(isinstance(value, int) for value in reader.values)
    layout = "".join(reader.layout)
    template = Template(unique_keys(reader.keys), tuple(reader.values), layout, reader.opened, is_simple)
    return template if _gives_back(template, skeleton) else None


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
    values = [
        "" if isinstance(value, int) else "".join('""' if isinstance(each, int) else each for each in value)
        for value in template.values
    ]
    return render(template.layout, Parts(None, None, None, "", values)) == '""'.join(skeleton)


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
            self.values.append(("",))
            self.layout.append("<")
            self.opened, self._at = key, len(gap)
        elif self._at == len(gap) and not is_last and self._skeleton[self._gap + 1][:1] in ("", " "):
            self.values.append(2 * self._gap + 1)
            self.layout.append(f"{{{number}:q}}")
            self._gap, self._at = self._gap + 1, 0
        else:
            self.values.append(tuple(self._unquoted()))
            self.layout.append(f"{{{number}}}")

    def _unquoted(self) -> list[int | str]:
        """Up to the next space outside of brackets; strings inside it belong to it."""
        pieces: list[int | str] = []
        depth = 0
        while True:
            gap = self._skeleton[self._gap]
            for at in range(self._at, len(gap)):
                if gap[at] == " " and depth == 0:
                    pieces.append(gap[self._at : at])
                    self._at = at
                    return pieces or [""]
                depth += (gap[at] in _OPENING) - (gap[at] in _CLOSING and depth > 0)
            pieces.append(gap[self._at :])
            self._at = len(gap)
            if self._gap == len(self._skeleton) - 1:
                return pieces
            pieces.append(2 * self._gap + 1)
            self._gap, self._at = self._gap + 1, 0
