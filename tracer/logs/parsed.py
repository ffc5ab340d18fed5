"""What a dialect finds in a line."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tracer.logs.calls import derived_fields
from tracer.logs.key_values import unique_keys
from tracer.trace.lines import Parts, render

Pairs = tuple[tuple[str, str], ...]


class Statement(msgspec.Struct, frozen=True, gc=False):
    """A line without its time; the same object for lines that repeat."""

    severity: str | None
    """I, W, E or F."""
    source: str | None
    """file:line."""
    message: str
    pairs: Pairs
    """Keys and values: the line's own in their order, then the derived ones. No key comes twice."""
    own: int
    """How many of them are the line's own."""
    layout: str | None
    """See tracer.trace.lines, without the runtime's stamp; None where it does not give the line back."""
    opened: str | None = None
    """The key whose value of several lines begins here (klog's `key=<`)."""


class Parsed(msgspec.Struct, frozen=True, gc=False):
    """A line as its dialect understands it."""

    logged_at: int | None
    """µs since 1970; None where the line has no time of its own."""
    said: Statement

    @property
    def fields(self) -> dict[str, str]:
        """Keys and values, derived ones included."""
        return dict(self.said.pairs)

    def rebuilt(self) -> str | None:
        """The text that was parsed, byte for byte; None where only the raw line can give it."""
        said = self.said
        if said.layout is None:
            return None
        values = [value for _, value in said.pairs]
        return render(said.layout, Parts(None, self.logged_at, said.source, said.message, values))


def statement(
    severity: str | None,
    source: str | None,
    message: str,
    own: Pairs,
    layout: str | None,
    opened: str | None = None,
) -> Statement:
    """A statement with its derived fields; `own` are the line's, none of whose keys comes twice."""
    return Statement(severity, source, message, own + derived_fields(message, own), len(own), layout, opened)


def unique(pairs: Sequence[tuple[str, str]]) -> Pairs:
    """The pairs, those whose keys come again under another key: `key#2`."""
    return tuple(zip(unique_keys([key for key, _ in pairs]), (value for _, value in pairs), strict=True))
