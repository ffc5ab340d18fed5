"""Which of the watched kinds a cluster serves, and in which version."""

from __future__ import annotations

import asyncio
from typing import Any

from tracer.cluster import Cluster, Lost, Refused
from tracer.kinds import KINDS, Kind


async def served_version(cluster: Cluster, kind: Kind) -> str | None:
    """The newest version of the kind that both we and the server know; None when it serves none.

    Where discovery itself is forbidden the newest version is assumed: the list that follows will tell.
    Raises Lost, and Refused for anything but 403 and 404.
    """
    for version in kind.versions:
        path = f"/apis/{kind.group}/{version}" if kind.group else f"/api/{version}"
        try:
            answer: Any = await cluster.get_json(path)
        except Refused as refusal:
            if refusal.status == 403:
                return kind.versions[0]
            if refusal.status == 404:
                continue
            raise
        resources = answer.get("resources") if isinstance(answer, dict) else None
        if any(isinstance(each, dict) and each.get("name") == kind.plural for each in resources or []):
            return version
    return None


async def served_versions(cluster: Cluster) -> dict[str, str | None]:
    """Kind -> version for every watched kind. Raises Refused, Lost."""

    async def one(kind: Kind) -> str | None:
        return await served_version(cluster, kind)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = {kind.kind: group.create_task(one(kind)) for kind in KINDS}
    except* (Refused, Lost) as failures:
        raise failures.exceptions[0] from failures
    return {kind: task.result() for kind, task in tasks.items()}
