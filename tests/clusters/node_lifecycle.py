"""The controllers that give up on nodes and on their pods: node lifecycle, taint eviction, pod garbage collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clusters.api_server import Object, is_deleting, name_of
from clusters.attach_detach import OUT_OF_SERVICE
from clusters.controller import Controller
from clusters.machine import ready
from clusters.simulation import Process

if TYPE_CHECKING:
    from cluster import Cluster

GRACE_S, TOLERATION_S = 50.0, 300.0
UNREACHABLE = "node.kubernetes.io/unreachable"


class NodeLifecycle(Controller):
    """`pkg/controller/nodelifecycle`, `pkg/controller/tainteviction`, `pkg/controller/podgc`."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._lost: dict[str, float] = {}
        self.go(self._monitor())

    def _monitor(self) -> Process:
        silent: dict[str, float] = {}
        while True:
            yield 5.0
            for name, machine in list(self.cluster.machines.items()):
                node = self.api.get("Node", name)
                if node is None:
                    continue
                if machine.kubelet.is_running:
                    silent.pop(name, None)
                    self._found(node)
                elif self.simulation.now - silent.setdefault(name, self.simulation.now) >= GRACE_S:
                    self._lose(node)

    def _lose(self, node: Object) -> None:
        name = node["metadata"]["name"]
        if name not in self._lost:
            self._lost[name] = self.simulation.now
            node["status"]["conditions"] = [ready(self.simulation.second(), "Unknown")]
            self.api.update(node)
            effects = ("NoSchedule", "NoExecute")
            kept = [each for each in node["spec"].get("taints", ()) if each["key"] != UNREACHABLE]
            node["spec"]["taints"] = [*kept, *({"key": UNREACHABLE, "effect": effect} for effect in effects)]
            self.api.update(node)
            text = f"Node {name} status is now: NodeNotReady"
            self.cluster.events.send(node, "NodeNotReady", text, "node-controller")
            for pod in self._pods(name):
                self.cluster.events.send(pod, "NodeNotReady", "Node is not ready", "node-controller", type="Warning")
        is_out = any(each["key"] == OUT_OF_SERVICE for each in node["spec"].get("taints", ()))
        for pod in self._pods(name):
            if is_out:
                self.api.delete(pod)
            elif self.simulation.now - self._lost[name] >= TOLERATION_S and not is_deleting(pod):
                text = f"Marking for deletion Pod {name_of(pod)}"
                self.cluster.events.send(pod, "TaintManagerEviction", text, "taint-eviction-controller")
                self.api.delete(pod, grace=30)

    def _found(self, node: Object) -> None:
        name = node["metadata"]["name"]
        if name in self._lost and node["status"]["conditions"][0]["status"] == "True":
            del self._lost[name]
            node["spec"]["taints"] = [each for each in node["spec"]["taints"] if each["key"] != UNREACHABLE]
            self.api.update(node)

    def _pods(self, node: str) -> list[Object]:
        return [each for each in self.cluster.workload() if each["spec"].get("nodeName") == node]
