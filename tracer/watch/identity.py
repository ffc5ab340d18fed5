"""Whether the server is still the same cluster with the same history."""

from __future__ import annotations

import asyncio
import time

from tracer.cluster import Cluster, Refused
from tracer.lifting import as_revision

_KUBE_SYSTEM = "/api/v1/namespaces/kube-system"
_FRESH_S = 5.0


class Identity:
    """The UID of the kube-system namespace, asked for at most every few seconds by all streams together."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._uid: str | None = None

    async def uid(self) -> str | None:
        """The cluster's UID; None where the recorder may not ask. Raises Refused (not 403, 404) and Lost."""
        async with self._asking:
            if time.monotonic() - self._asked_at > _FRESH_S:
                self._uid = await self._ask()
                self._asked_at = time.monotonic()
            return self._uid

    async def _ask(self) -> str | None:
        try:
            answer = await self._cluster.get_json(_KUBE_SYSTEM)
        except Refused as refusal:
            if refusal.status in (403, 404):
                return None
            raise
        try:
            return str(answer["metadata"]["uid"])
        except (KeyError, TypeError):
            return None


async def current_revision(cluster: Cluster, path: str) -> int | None:
    """The collection's revision right now, by the cheapest list there is. Raises Refused, Lost."""
    answer = await cluster.get_json(path, {"limit": "1"})
    try:
        return as_revision(answer["metadata"]["resourceVersion"])
    except (KeyError, TypeError):
        return None
