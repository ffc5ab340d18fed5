"""Objects of resources that `kinds.py` does not know: kept without facts, and redacted as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tracer.kinds import Kind
from tracer.lifting import Lifter
from tracer.redaction import scrub_object


class _Named(msgspec.Struct):
    kind: Any = None


_KIND = msgspec.json.Decoder(_Named)


class UnknownLifter(Lifter):
    """The common columns of any object; its kind is what the object itself says."""

    def __init__(self, stream: str) -> None:
        collection, plural = stream.rsplit("/", 1)
        group, _, version = collection.split("/namespaces/", 1)[0].rpartition("/")
        super().__init__(Kind("", plural, group, (version,), facts={}), version)

    def listed_text(self, text: bytes) -> bytes:
        """The object without whatever looks like a secret. What a list left out of it is not known."""
        return scrub_object(text)

    def columns(self, parts: Sequence[Any], texts: list[bytes]) -> dict[str, Sequence[Any]]:
        """The common columns and `object`."""
        columns = super().columns(parts, texts)
        columns["kind"] = [_KIND.decode(text).kind for text in texts]
        return columns
