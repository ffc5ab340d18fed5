"""What differs between two versions of an object, field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_IDENTITY = ("uid", "type", "name", "key", "ip")
"""What tells the items of a list apart: a condition has a type, a container a name, an owner a uid."""
_FOLDED = "metadata.managedFields"
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that is new, gone or has another value; values are JSON."""

    path: str
    """`status.conditions[Ready].status`; as the object has it, so not safe to show as it is."""
    before: str | None
    """None where the field is new."""
    after: str | None
    """None where the field is gone."""


def differences(before: str | None, after: str) -> list[Difference]:
    """The fields that differ, in the order of the newer version, what is gone last. managedFields is left out.

    Without an older version every field is new. Text that is no JSON counts as one value.
    """
    old = dict(_fields(_parsed(before), "", 0)) if before is not None else {}
    new = dict(_fields(_parsed(after), "", 0))
    changed = [Difference(path, old.get(path), value) for path, value in new.items() if old.get(path) != value]
    return changed + [Difference(path, value, None) for path, value in old.items() if path not in new]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _fields(value: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if path == _FOLDED:
        return
    if isinstance(value, dict) and value and depth < _DEEPEST:
        for key, each in value.items():
            yield from _fields(each, _step(path, key), depth + 1)
    elif isinstance(value, list) and value and depth < _DEEPEST:
        for key, each in zip(_item_keys(value), value, strict=True):
            yield from _fields(each, f"{path}[{key}]", depth + 1)
    else:
        yield path, json.dumps(value, ensure_ascii=False)


def _step(path: str, key: str) -> str:
    if "." in key or "[" in key:
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def _item_keys(items: list[Any]) -> list[str]:
    """What to call each item: by what it says of itself where that tells all apart, else by position."""
    if all(isinstance(item, dict) for item in items):
        for identity in _IDENTITY:
            keys = [str(item[identity]) for item in items if isinstance(item.get(identity), str)]
            if len(set(keys)) == len(items):
                return keys
    return [str(position) for position in range(len(items))]
