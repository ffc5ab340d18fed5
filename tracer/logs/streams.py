"""The names of log streams: whose log it is.

log/NAMESPACE/POD/POD_UID/CONTAINER/RESTART      a container's
log//NODE//NAME/0                                what runs without a known pod: a kubelet, a file
"""

from __future__ import annotations

import re
from functools import lru_cache

from tracer.components import component_of_name

STREAM_COLUMNS = ("namespace", "pod", "pod_uid", "container", "restart", "component")
"""The columns that a stream's name tells. The pod, where it is known, tells the component better."""

KUBELET = "kubelet"
"""What a node's kubelet is called: its NAME, its component, its systemd unit."""

Whose = tuple[str | None, str | None, str | None, str, int, str | None]
_RESTART = re.compile(r"[0-9]{1,18}")


def host_stream(node: str | None, name: str) -> str:
    """The stream of what runs on a node, or of a file of which no more is known."""
    return f"log//{node or ''}//{name.replace('/', '_')}/0"


def kubelet_node(stream: str) -> str | None:
    """The node whose kubelet's log a stream is; None for every other stream."""
    parts = stream.split("/")
    is_one = parts[:2] == ["log", ""] and len(parts) == 6 and stream == host_stream(parts[2], KUBELET)
    return parts[2] or None if is_one else None


@lru_cache(maxsize=4096)
def stream_columns(stream: str) -> Whose:
    """The values of STREAM_COLUMNS. Raises ValueError for a name that is none of a log."""
    parts = stream.split("/")
    if len(parts) != 6 or parts[0] != "log" or not _RESTART.fullmatch(parts[5]):
        raise ValueError(f"stream is {stream[:80]!a}; of a log it is log/NAMESPACE/POD/POD_UID/CONTAINER/RESTART")
    _, namespace, pod, pod_uid, container, restart = parts
    component = component_of_name(container)
    if not namespace:
        return None, None, None, container, int(restart), component
    return namespace, pod, pod_uid, container, int(restart), component
