"""Watch events in the shapes of a real cluster: objects of ../shared/real or of the sample trace, multiplied."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracer.trace import open_trace

SAMPLE = Path(__file__).parent.parent / "sample_traces" / "first-volumes.trace"
_AT_ONCE = 100


def template(kind: str, size: int) -> dict[str, Any]:
    """The recorded object of a kind whose JSON is nearest to `size` bytes."""
    found: list[str] = []
    for batch in open_trace(SAMPLE).batches("objects", ("kind", "type", "object")):
        found += [
            row["object"]
            for row in batch.to_pylist()
            if row["kind"] == kind and row["type"] == "MODIFIED" and row["object"]
        ]
    best: dict[str, Any] = json.loads(min(found, key=lambda text: abs(len(text) - size)))
    return best


def lives(base: dict[str, Any], events: int, versions: int = 8) -> Iterator[bytes]:
    """Watch lines of objects that live in groups, as in a rollout: ADDED, then their next versions in turn."""
    text = json.dumps(base, separators=(",", ":"))
    metadata = base["metadata"]
    per_group = _AT_ONCE * versions
    for index in range(events):
        group, within = divmod(index, per_group)
        version, member = divmod(within, _AT_ONCE)
        number = group * _AT_ONCE + member
        line = (
            text.replace(metadata["uid"], f"{number:08x}{metadata['uid'][8:]}")
            .replace(f'"name":"{metadata["name"]}"', f'"name":"{metadata["name"]}-{number:06d}"', 1)
            .replace(f'"resourceVersion":"{metadata["resourceVersion"]}"', f'"resourceVersion":"{10_000 + index}"')
        )
        yield f'{{"type":"{"MODIFIED" if version else "ADDED"}","object":{line}}}\n'.encode()
