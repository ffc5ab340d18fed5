"""Which containers are part of a cluster's storage: told by what they run and mount, not by a list of names alone."""

from __future__ import annotations

import re
from typing import Any

_IMAGE = re.compile(
    r"(?:^|/)(?:mirror-)?(?:csi-)?(?:external-)?(?P<name>provisioner|attacher|resizer|snapshotter|snapshot-controller"
    r"|node-driver-registrar|livenessprobe|liveness-probe|external-health-monitor-controller|health-monitor-controller)"
    r"(?::|@|-v\d|$)"
)
_COMPONENT = {
    "provisioner": "csi-provisioner",
    "attacher": "csi-attacher",
    "resizer": "csi-resizer",
    "snapshotter": "csi-snapshotter",
    "snapshot-controller": "snapshot-controller",
    "node-driver-registrar": "node-driver-registrar",
    "livenessprobe": "liveness-probe",
    "liveness-probe": "liveness-probe",
    "external-health-monitor-controller": "csi-health-monitor",
    "health-monitor-controller": "csi-health-monitor",
}
_DRIVER_NAME = re.compile(
    r"^(?:hostpath|hostpath-driver|driver|topolvm-(?:node|controller)|longhorn-csi-plugin|openebs-[a-z]+-plugin"
    r"|vsphere-csi-(?:node|controller)|gce-pd-driver|azuredisk|azurefile|cephfs|rbd)$|^csi-[a-z0-9]+plugin$|-plugin$"
)
"""Names of containers that well-known drivers run in."""
_CONTROL_PLANE = ("kube-controller-manager", "kube-scheduler", "kubelet")
_SOCKET_FOLDER = re.compile(r"/plugins(?:_registry)?(?:/|$)|csi\.sock|/csi(?:/|-|$)")
_ENDPOINT = re.compile(r"--(?:csi-address|csi-endpoint|endpoint|kubelet-registration-path|nodeid|node-id|drivername)\b")


def component_of(container: dict[str, Any], volumes: dict[str, dict[str, Any]]) -> str | None:
    """What storage component a container of a pod spec is; None when it is none.

    `volumes` are the pod's volumes by name. The answer is a value of the logs' `component` column: a sidecar's name,
    `kube-controller-manager`, `kube-scheduler`, or `driver` for whatever else serves or reaches a CSI socket.
    """
    image, name = str(container.get("image", "")), str(container.get("name", ""))
    if match := _IMAGE.search(image) or _IMAGE.search(name):
        return _COMPONENT[match["name"]]
    for each in _CONTROL_PLANE:
        if name == each or image.rsplit("/", 1)[-1].split(":", maxsplit=1)[0] == each:
            return each
    words = [str(word) for key in ("command", "args") for word in _listed(container.get(key))]
    if any(_ENDPOINT.match(word) and "sock" in word for word in words):
        return "driver"
    if any(word.startswith("--csi-address") for word in words):
        return "driver"
    return "driver" if _mounts_a_socket_folder(container, volumes) else None


def component_of_name(container: str) -> str | None:
    """The component that a container's name alone tells, where its pod is not known; None where it tells none."""
    return component_of({"name": container}, {}) or ("driver" if _DRIVER_NAME.search(container) else None)


def _mounts_a_socket_folder(container: dict[str, Any], volumes: dict[str, dict[str, Any]]) -> bool:
    """Whether the container mounts a kubelet plugin or registration folder of its host."""
    for mount in _listed(container.get("volumeMounts")):
        volume = volumes.get(str(mount.get("name"))) if isinstance(mount, dict) else None
        host_path = volume.get("hostPath") if isinstance(volume, dict) else None
        path = str(host_path.get("path", "")) if isinstance(host_path, dict) else ""
        if "kubelet" in path and _SOCKET_FOLDER.search(path):
            return True
    return False


def components(containers: Any, volumes: Any) -> dict[str, str]:
    """Container name -> component, for the containers of a pod spec that are storage components."""
    by_name = {str(each.get("name")): each for each in _listed(volumes) if isinstance(each, dict)}
    found = {}
    for container in _listed(containers):
        if isinstance(container, dict) and (component := component_of(container, by_name)):
            found[str(container.get("name"))] = component
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
