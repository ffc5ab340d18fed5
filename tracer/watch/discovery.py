"""Which of the watched kinds a cluster serves, and in which version."""

from __future__ import annotations

import asyncio
from typing import Any

from tracer.cluster import Cluster, Refused
from tracer.kinds import KINDS, Kind


class _Discovery:
    """The server's answers about its API groups, each asked for once."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._answers: dict[str, asyncio.Task[set[str] | None]] = {}

    async def served_version(self, kind: Kind) -> str | None:
        for version in kind.versions:
            path = f"/apis/{kind.group}/{version}" if kind.group else f"/api/{version}"
            if path not in self._answers:
                self._answers[path] = asyncio.create_task(self._plurals(path))
            plurals = await self._answers[path]
            if plurals is None:
                return kind.versions[0]
            if kind.plural in plurals:
                return version
        return None

    async def _plurals(self, path: str) -> set[str] | None:
        """What is served in a group version: nothing where there is none, None where one may not ask."""
        try:
            answer: Any = await self._cluster.get_json(path)
        except Refused as refusal:
            if refusal.status == 404:
                return set()
            if refusal.status == 403:
                return None
            raise
        resources = answer.get("resources") if isinstance(answer, dict) else None
        return {str(each.get("name")) for each in resources or [] if isinstance(each, dict)}


async def served_version(cluster: Cluster, kind: Kind) -> str | None:
    """The newest version of the kind that both we and the server know; None when it serves none.

    Where discovery itself is forbidden the newest version is assumed: the list that follows will tell.
    Raises Lost, and Refused for anything but 403 and 404.
    """
    return await _Discovery(cluster).served_version(kind)


async def served_versions(cluster: Cluster) -> dict[str, str | None]:
    """Kind -> version for every watched kind. Raises Refused, Lost."""
    discovery = _Discovery(cluster)
    found = await asyncio.gather(*map(discovery.served_version, KINDS), return_exceptions=True)
    for each in found:
        if isinstance(each, BaseException):
            raise each
    return {
        kind.kind: version for kind, version in zip(KINDS, found, strict=True) if not isinstance(version, BaseException)
    }
