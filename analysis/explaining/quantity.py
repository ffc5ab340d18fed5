"""Sizes as Kubernetes writes them."""

from __future__ import annotations

_UNITS = ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki")


def quantity(size: int) -> str:
    """Bytes in the largest unit in which they are whole: `5Gi`. Never rounded, so that different sizes differ."""
    for number, unit in enumerate(_UNITS):
        whole, rest = divmod(size, 1024 ** (len(_UNITS) - number))
        if whole and not rest:
            return f"{whole}{unit}"
    return str(size)
