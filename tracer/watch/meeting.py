"""Meeting an API server before anything is recorded: which cluster is it, what does it serve, may we read?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracer.cluster import Cluster, Lost, Refused
from tracer.errors import ClusterError
from tracer.kinds import KINDS, Kind
from tracer.watch.discovery import served_versions
from tracer.watch.identity import Identity


@dataclass(frozen=True, slots=True)
class Met:
    """What the server said of itself."""

    version: str
    """`v1.36.0`."""
    uid: str | None
    """The cluster's UID; None where we may not ask."""
    served: dict[str, str | None]
    """Kind -> the version in which it will be followed; None for one that is not served."""

    @property
    def minor(self) -> int:
        """36 of `v1.36.0`; 0 where it cannot be told."""
        parts = self.version.lstrip("v").split(".")
        digits = "".join(each for each in parts[1] if each.isdigit()) if len(parts) > 1 else ""
        return int(digits) if digits else 0


async def meet(cluster: Cluster, identity: Identity, namespaces: Sequence[str]) -> Met:
    """Ask the server who it is. Raises ClusterError when it cannot be reached, is none, or lets us read nothing."""
    try:
        answer = await cluster.get_json("/version")
        if not isinstance(answer, dict) or "gitVersion" not in answer:
            raise ClusterError(f"{cluster.server} is no Kubernetes API server: its /version names no version.")
        met = Met(str(answer["gitVersion"]), await identity.uid(), await served_versions(cluster))
        if met.uid is None:
            await _read_something(cluster, met.served, namespaces)
    except Lost as lost:
        raise ClusterError(
            f"{cluster.server} cannot be reached: {lost}. Check the kubeconfig's server and your network."
        ) from lost
    except Refused as refusal:
        raise ClusterError(_refused(cluster.server, refusal)) from refusal
    return met


def namespaces_of(kind: Kind, namespaces: Sequence[str]) -> Sequence[str | None]:
    """The namespaces in which a kind is followed; None for all of them, or for a kind that has none."""
    return namespaces if kind.namespaced and namespaces else (None,)


async def _read_something(cluster: Cluster, served: dict[str, str | None], namespaces: Sequence[str]) -> None:
    """Raises Refused when nothing at all may be read: then there is nothing to record, and nothing to wait for."""
    refused: Refused | None = None
    for kind in KINDS:
        version = served[kind.kind]
        for namespace in namespaces_of(kind, namespaces) if version else ():
            try:
                await cluster.get(kind.path(str(version), namespace), {"limit": "1"})
            except Refused as refusal:
                if refusal.status != 403:
                    return
                refused = refused or refusal
            else:
                return
    if refused is not None:
        raise refused


def _refused(server: str, refusal: Refused) -> str:
    if refusal.status == 401:
        return (
            f"{server} does not accept the credentials (401): {refusal.message}. Log in again, or choose a --context."
        )
    if refusal.status == 403:
        return f"{server} lets this user read nothing (403): {refusal.message}. `volreel rbac` prints what is needed."
    if refusal.status >= 500 or refusal.status == 429:
        return f"{server} is not well (HTTP {refusal.status}): {refusal.message}. Try again later."
    return f"{server} answered HTTP {refusal.status}: {refusal.message}. Is it an API server?"
