"""What is known of a node at an instant, as far as its volumes depend on it."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.explaining.answer import Statement
from analysis.explaining.seen import Observed, Seen


def trouble(node: str, seen: Seen) -> Statement | None:
    """Why nobody on the node may be doing anything: it is not there, or not Ready. None if it is."""
    found = seen.one("Node", name=node)
    if found is None:
        return Statement("node", f"the node {node} {seen.gone('Node')}")
    ready = next((each for each in found.facts["conditions"] or () if each["type"] == "Ready"), None)
    if ready is None or ready["status"] == "True":
        return None
    text = f"the node {node} is not ready since {ready['changed_at']:%H:%M:%S} UTC: {ready['message']}"
    return Statement("node", text, (found.evidence,))


def unique_name(volume: Observed) -> str | None:
    """How the node's status calls a CSI volume (`pkg/volume/csi/csi_plugin.go`, GetVolumeName); None for others."""
    driver, handle = volume.facts["driver"], volume.facts["volume_handle"]
    return f"kubernetes.io/csi/{driver}^{handle}" if driver and handle else None


def users(claim: Mapping[str, str | None], node: str | None, seen: Seen) -> list[Observed]:
    """The pods on a node (None: on any) that name the claim with this `namespace` and `name`."""
    return [
        pod
        for pod in seen.objects("Pod", namespace=claim["namespace"])
        if claim["name"] in (pod.facts["pod_claims"] or ())
        and pod.facts["node"] is not None
        and node in (None, pod.facts["node"])
    ]


def is_done(pod: Observed) -> bool:
    """Whether it has run to its end, so that its volumes are let go (`pkg/volume/util/util.go`, IsPodTerminated)."""
    return pod.facts["phase"] in ("Succeeded", "Failed")
