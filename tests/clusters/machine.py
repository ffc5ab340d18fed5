"""A node: the machine, its plugin pod of the driver, and its kubelet."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from clusters.api_server import Object
from clusters.driver import Call, RpcError
from clusters.kubelet import Kubelet
from clusters.plugin import PluginPod
from clusters.programs import Program

if TYPE_CHECKING:
    from cluster import Cluster

ATTACH_LIMIT = 20


class Machine:
    """What a node is made of; `kubelet.stop()` makes it unreachable, as a lost machine is."""

    def __init__(self, cluster: Cluster, name: str, zone: str) -> None:
        self.cluster = cluster
        self.name = name
        self.zone = zone
        self.limit = ATTACH_LIMIT
        """What the driver announces that can be attached here."""
        self.backend_limit = ATTACH_LIMIT
        """What the backend takes."""
        self.node = cluster.api.create(
            "Node",
            name,
            meta={
                "labels": {"kubernetes.io/hostname": name},
                "annotations": {"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
            },
            spec={},
            status={
                "conditions": [ready(cluster.simulation.second(), "True")],
                "volumesInUse": [],
                "volumesAttached": [],
            },
        )
        self.csi_node = cluster.api.create("CSINode", name, spec={"drivers": None})
        self.plugin = PluginPod(cluster, f"{cluster.name}-node-{name}", name, ("driver", "node-driver-registrar"))
        log = Program(cluster.simulation, cluster.lines, f"log//{name}//kubelet/0", name, 1406, is_container=False)
        self.kubelet = Kubelet(cluster, self, log)
        self.plugin_is_up = True
        self.register()

    @property
    def is_registered(self) -> bool:
        """Whether the driver is among the drivers that this kubelet knows."""
        return any(each["name"] == self.cluster.driver.name for each in self.csi_node["spec"]["drivers"] or [])

    def register(self) -> None:
        """The registrar has told the kubelet of the driver (`pkg/volume/csi/nodeinfomanager`)."""
        key = self.cluster.zone_key
        self.node["metadata"]["labels"][key] = self.zone
        self.cluster.api.update(self.node)
        entry = {"name": self.cluster.driver.name, "nodeID": self.name, "topologyKeys": [key]}
        self.csi_node["spec"]["drivers"] = [{**entry, "allocatable": {"count": self.limit}}]
        self.cluster.api.update(self.csi_node)

    def unregister(self) -> None:
        """The driver's socket went away."""
        self.csi_node["spec"]["drivers"] = None
        self.cluster.api.update(self.csi_node)

    def stop_plugin(self) -> None:
        """The driver's containers here end, with its registration."""
        self.plugin_is_up = False
        for container in self.plugin.programs:
            self.plugin.exit(container, 1)
        self.unregister()

    def start_plugin(self) -> None:
        for container in list(self.plugin.programs):
            self.plugin.restart(container)
        self.plugin_is_up = True
        self.register()

    def count_pods(self) -> int:
        return sum(each["spec"].get("nodeName") == self.name for each in self.cluster.api.all("Pod"))

    def call(self, method: str, request: dict[str, Any], timeout: float = 120.0) -> Call:
        """The kubelet calls the driver's plugin (`pkg/volume/csi/csi_client.go`). Raises RpcError."""
        if not self.plugin_is_up:
            yield 0.001
            socket = f"/var/lib/kubelet/plugins/{self.cluster.driver.name}/csi.sock"
            dialing = f"transport: Error while dialing: dial unix {socket}: connect: connection refused"
            text = f'connection error: desc = "{dialing}"'
            raise RpcError("Unavailable", text)
        server = self.plugin.programs["driver"]
        lock = request.get("target_path", request["volume_id"])
        return (
            yield from self.cluster.driver.call(server, method, request, timeout=timeout, lock=lock, node=self.name)
        )


def ready(since: str, status: str) -> Object:
    """A node's condition Ready."""
    reason, message = {
        "True": ("KubeletReady", "kubelet is posting ready status"),
        "Unknown": ("NodeStatusUnknown", "Kubelet stopped posting node status."),
    }[status]
    return {"type": "Ready", "status": status, "lastTransitionTime": since, "reason": reason, "message": message}


def unique_name(volume: Object) -> str:
    """How controllers and kubelets call a CSI volume."""
    csi = volume["spec"]["csi"]
    return f"kubernetes.io/csi/{csi['driver']}^{csi['volumeHandle']}"


def attachment_name(volume: Object, node: str) -> str:
    """`pkg/volume/csi/csi_attacher.go`, getAttachmentName."""
    csi = volume["spec"]["csi"]
    return "csi-" + hashlib.sha256(f"{csi['volumeHandle']}{csi['driver']}{node}".encode()).hexdigest()


def staging_path(volume: Object) -> str:
    """`pkg/volume/csi/csi_attacher.go`, makeDeviceMountPath."""
    csi = volume["spec"]["csi"]
    digest = hashlib.sha256(csi["volumeHandle"].encode()).hexdigest()
    return f"/var/lib/kubelet/plugins/kubernetes.io/csi/{csi['driver']}/{digest}/globalmount"
