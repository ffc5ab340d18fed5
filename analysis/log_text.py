"""Log lines as text, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from analysis.loglines import LogLine
from analysis.text import cut
from tracer.trace.visible import visible

_DERIVED = ("rpc.", "va", "driver", "volume_handle", "pv", "pod", "pod_uid", "node", "verb", "outcome", "error")
"""Keys that may repeat what the message says."""


def as_text(lines: Iterable[LogLine], width: int | None) -> Iterator[str]:
    """A line each: when, how bad, who, what; cut to `width` where it is given. Escapes are shown, not obeyed."""
    for line in lines:
        begin = f"{line.happened_at:%m-%d %H:%M:%S.%f} {line.severity or '-'} {speaker(line)}"
        yield cut(visible(f"{begin}: {said(line)}"), width) + "\n"


def speaker(line: LogLine) -> str:
    """Who wrote it: a component, or what else is known."""
    return line.component or line.container or line.stream


def said(line: LogLine) -> str:
    """What it says: its message, and its own keys."""
    return " ".join([line.message or line.line or "", *_pairs(line)])


def _pairs(line: LogLine) -> Iterator[str]:
    """What the line says beside its message: its own keys, not those that were derived from it."""
    written = line.line
    for key, value in line.fields.items():
        is_own = not key.startswith("rpc.") and (
            key not in _DERIVED or written is None or f"{key}=" in written or f'"{key}":' in written
        )
        if is_own:
            plain = value if value and not any(each.isspace() or each == '"' for each in value) else None
            yield f"{key}={plain or json.dumps(value, ensure_ascii=False)}"


def as_json_rows(lines: Iterable[LogLine]) -> Iterator[dict[str, Any]]:
    """A mapping each, in the order of a LogLine's fields."""
    return map(asdict, lines)
