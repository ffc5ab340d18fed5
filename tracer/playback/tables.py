"""Tables for kubectl: `meta.k8s.io/v1 Table` from the objects of one kind."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from tracer.playback.columns import COLUMNS, DEFAULT
from tracer.playback.status import bad_request

_PARTS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_COMPLETED = {
    "Succeeded": "The pod has completed successfully.",
    "Failed": "The pod failed.",
}


def _phase(value: Any, _now: datetime) -> str | None:
    return str(value["status"]["phase"])


class Printer:
    """Draws the objects of one kind as they look at one instant."""

    def __init__(self, kind: str, include: str | None, version: str = "v1") -> None:
        """`include` is the request's includeObject. Raises Refusal (400) for one that is not known."""
        if include not in (None, "", "None", "Metadata", "Object"):
            raise bad_request(f"unrecognized includeObject value: {include!r}")
        self._kind = kind
        self._columns = COLUMNS.get(kind, DEFAULT)
        self._include = include or "Metadata"
        self._version = version

    def table(self, texts: Iterable[bytes], metadata: dict[str, Any], now: datetime, *, headers: bool = True) -> bytes:
        """A whole Table; a watch sends the headers once."""
        return msgspec.json.encode(
            {
                "kind": "Table",
                "apiVersion": f"meta.k8s.io/{self._version}",
                "metadata": metadata,
                "columnDefinitions": self._headers() if headers else None,
                "rows": [self._row(text, now) for text in texts],
            }
        )

    def _headers(self) -> list[dict[str, Any]]:
        return [
            {
                "name": column.name,
                "type": column.type,
                "format": column.format,
                "description": "",
                "priority": int(column.wide),
            }
            for column in self._columns
        ]

    def _row(self, text: bytes, now: datetime) -> dict[str, Any]:
        value = msgspec.json.decode(text)
        row: dict[str, Any] = {"cells": [self._cell(column.cell, value, now) for column in self._columns]}
        phase = self._cell(_phase, value, now) if self._kind == "Pod" else None
        if phase in _COMPLETED:
            row["conditions"] = [{"type": "Completed", "status": "True", "reason": phase, "message": _COMPLETED[phase]}]
        row["object"] = self._object(text)
        return row

    @staticmethod
    def _cell(cell: Any, value: Any, now: datetime) -> Any:
        try:
            return cell(value, now)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):  # an object of an odd shape
            return "<invalid>"

    def _object(self, text: bytes) -> Any:
        if self._include == "None":
            return None
        if self._include == "Object":
            return msgspec.Raw(text)
        head = {"kind": "PartialObjectMetadata", "apiVersion": f"meta.k8s.io/{self._version}"}
        return {**head, "metadata": _PARTS.decode(text).get("metadata", {})}
