"""From a request's path to what it names: names in a trace may hold anything, slashes too."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Target:
    """An object, or a collection, under /api or /apis."""

    resource: str
    """`v1/pods`, `storage.k8s.io/v1/csinodes`"""
    namespace: str | None
    """Null for a whole cluster's."""
    name: str | None
    """Null for a collection."""
    rest: tuple[str, ...] = ()
    """What stands behind the name: `("log",)` of a pod, `("proxy", "logs")` of a node; nothing else is served."""


def segments(raw_path: str) -> tuple[str, ...]:
    """The path's segments, decoded one by one: an escaped slash is part of a name."""
    return tuple(unquote(part) for part in raw_path.strip("/").split("/") if part)


def target(parts: tuple[str, ...]) -> Target | None:
    """What a path under /api or /apis names; None for what is discovery, or nothing."""
    depth = {"api": 2, "apis": 3}.get(parts[0]) if parts else None
    if depth is None or len(parts) <= depth:
        return None
    prefix, rest = "/".join(parts[1:depth]), parts[depth:]
    namespace = None
    if rest[0] == "namespaces" and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    plural, *names = rest
    return Target(f"{prefix}/{plural}", namespace, names[0] if names else None, tuple(names[1:]))
