"""Ask a trace: what happened to each volume, and what of it was observed at all."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.trace import Trace, open_trace

__all__ = ["Trace", "open_trace"]


def __getattr__(name: str) -> Any:
    """Import DuckDB and Polars when they are asked for, not when the command line joins its commands."""
    if name in __all__:
        return getattr(import_module("analysis.trace"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
