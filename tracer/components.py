"""Which containers are part of a cluster's storage: told by what they run and mount, not by a list of names alone."""

from __future__ import annotations

import re
from collections.abc import Collection
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
_ADDRESS = re.compile(r"--?csi-address=(.*)")
_VARIABLE = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")
_ENDPOINT = re.compile(
    r"--?(?:csi-address|csi-endpoint|endpoint|kubelet-registration-path|nodeid|node-id|drivername)\b"
)


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
    words = _words(container)
    if any(_ENDPOINT.match(word) and "sock" in word for word in words):
        return "driver"
    if any(_ADDRESS.match(word) for word in words):
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


def components(containers: Any, volumes: Any, drivers: Collection[str] = ()) -> dict[str, str]:
    """Container name -> component, for the containers of a pod spec that are storage components.

    `drivers` are the names of the cluster's CSI drivers: a container that is told one of them is a driver, and so is
    one that shares with a sidecar the folder of its socket.
    """
    by_name = {str(each.get("name")): each for each in _listed(volumes) if isinstance(each, dict)}
    specs = [each for each in _listed(containers) if isinstance(each, dict)]
    found = {str(each.get("name")): component_of(each, by_name) for each in specs}
    sockets = {volume for each in specs if found[str(each.get("name"))] for volume in _socket_volumes(each)}
    for each in specs:
        name = str(each.get("name"))
        if found[name] is None and (_mounts(each) & sockets or _is_told(each, drivers)):
            found[name] = "driver"
    return {name: component for name, component in found.items() if component is not None}


def _socket_volumes(container: dict[str, Any]) -> set[str]:
    """The volumes in which a sidecar finds its driver's socket."""
    addresses = [match[1] for word in _words(container) if (match := _ADDRESS.match(word))]
    return {
        str(mount.get("name"))
        for mount in _listed(container.get("volumeMounts"))
        if isinstance(mount, dict) and any(_holds(str(mount.get("mountPath")), address) for address in addresses)
    }


def _holds(folder: str, address: str) -> bool:
    return address.removeprefix("unix://").startswith(folder.rstrip("/") + "/")


def _mounts(container: dict[str, Any]) -> set[str]:
    return {str(each.get("name")) for each in _listed(container.get("volumeMounts")) if isinstance(each, dict)}


def _is_told(container: dict[str, Any], drivers: Collection[str]) -> bool:
    """Whether an argument or a variable of the container is the name of a driver."""
    if not drivers:
        return False
    values = [str(each.get("value")) for each in _listed(container.get("env")) if isinstance(each, dict)]
    return any(word in drivers or word.partition("=")[2] in drivers for word in (*_words(container), *values))


def _words(container: dict[str, Any]) -> list[str]:
    """Command and arguments, with `$(NAME)` replaced as the kubelet does."""
    env = {
        str(each.get("name")): str(each.get("value"))
        for each in _listed(container.get("env"))
        if isinstance(each, dict)
    }
    words = [str(word) for key in ("command", "args") for word in _listed(container.get(key))]
    return [_VARIABLE.sub(lambda match: env.get(match[1], match[0]), word) for word in words] if env else words


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
