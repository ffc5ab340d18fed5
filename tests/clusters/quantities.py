"""Sizes as Kubernetes writes them."""

from __future__ import annotations

_UNITS = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40}


def to_bytes(quantity: str) -> int:
    """`1Gi` -> 1073741824."""
    return int(quantity[:-2]) * _UNITS[quantity[-2:]] if quantity[-2:] in _UNITS else int(quantity)
