"""kube-scheduler, as far as volumes are concerned."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from clusters.api_server import Object, is_deleting, name_of
from clusters.binder import COMPLETED, SELECTED_NODE
from clusters.controller import Controller
from clusters.events import SCHEDULER
from clusters.quantities import to_bytes
from clusters.simulation import Process

if TYPE_CHECKING:
    from cluster import Cluster
    from clusters.machine import Machine

BIND_TIMEOUT_S = 600.0
RWOP_IN_USE = (
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
)


class Unschedulable(Exception):
    """No node will do, for a reason that is not a node's."""


class Scheduler(Controller):
    """`pkg/scheduler`: a pod that no node will do for is tried again when the cluster changes."""

    kinds = ("Pod", "PersistentVolumeClaim", "PersistentVolume", "Node", "CSINode", "VolumeAttachment")
    first_retry, longest_retry = 1.0, 10.0

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._waiting: dict[str, Object] = {}

    def on_change(self, changed: Object) -> None:
        if changed["kind"] == "Pod" and "nodeName" not in changed["spec"]:
            if changed["status"] == {"phase": "Pending"}:
                self.enqueue(changed)
            return
        for pod in list(self._waiting.values()):
            if not self.api.is_there(pod):
                del self._waiting[pod["metadata"]["uid"]]
            else:
                self.enqueue(pod, min(self.longest_retry, self.first_retry * 2 ** (self.failures(pod) - 1)))

    def sync(self, found: Object) -> Process:
        if not self.api.is_there(found) or "nodeName" in found["spec"] or is_deleting(found):
            return
        self._waiting.pop(found["metadata"]["uid"], None)
        yield self.simulation.spread(0.001, 0.005)
        try:
            node = self._choose(found)
            yield from self._wait_for_volumes(found, node)
        except Unschedulable as error:
            self._refuse(found, str(error))
            return
        if not self.api.is_there(found) or is_deleting(found):
            return
        found["spec"]["nodeName"] = node.name
        now = self.simulation.second()
        found["status"]["conditions"] = [{"type": "PodScheduled", "status": "True", "lastTransitionTime": now}]
        self.api.update(found)
        self._event(found, "Scheduled", f"Successfully assigned {name_of(found)} to {node.name}", "Normal")
        self.forget(found)

    def _refuse(self, pod: Object, why: str) -> None:
        condition = {
            "type": "PodScheduled",
            "status": "False",
            "lastTransitionTime": self.simulation.second(),
            "reason": "Unschedulable",
            "message": why,
        }
        earlier = pod["status"].get("conditions")
        if not earlier or earlier[0]["message"] != why:
            pod["status"]["conditions"] = [condition]
            self.api.update(pod)
        self._event(pod, "FailedScheduling", why, "Warning")
        self._failures[pod["metadata"]["uid"]] = self.failures(pod) + 1
        self._waiting[pod["metadata"]["uid"]] = pod
        # What no change wakes is tried again after five minutes.
        self.enqueue(pod, 300.0)

    def _event(self, pod: Object, reason: str, message: str, type: str) -> None:
        self.cluster.events.send(pod, reason, message, SCHEDULER, type=type)

    # -- choosing -----------------------------------------------------------------------------------------------------

    def _choose(self, pod: Object) -> Machine:
        """A node that every filter lets pass. Raises Unschedulable with the words of `framework/types.go`."""
        machines = list(self.cluster.machines.values())
        head = f"0/{len(machines)} nodes are available: "
        claims = self._claims(pod, head)
        refusals: Counter[str] = Counter()
        fitting = []
        for machine in machines:
            if why := self._refusal(pod, claims, machine):
                refusals[why] += 1
            else:
                fitting.append(machine)
        if fitting:
            return min(fitting, key=lambda each: (each.count_pods(), each.name))
        reasons = ", ".join(sorted(f"{count} {why}" for why, count in refusals.items()))
        total = len(machines)
        unhelpful = f"preemption: 0/{total} nodes are available: {total} Preemption is not helpful for scheduling."
        raise Unschedulable(f"{head}{reasons}. no new claims to deallocate, {unhelpful}")

    def _claims(self, pod: Object, head: str) -> list[Object]:
        claims = []
        for name in self.cluster.claim_names(pod):
            claim = self.api.get("PersistentVolumeClaim", name, pod["metadata"]["namespace"])
            if claim is None:
                raise Unschedulable(f'{head}persistentvolumeclaim "{name}" not found. not found')
            if claim["status"]["phase"] == "Lost":
                volume = claim["spec"]["volumeName"]
                text = f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{volume}"'
                raise Unschedulable(f"{head}{text}. not found")
            if COMPLETED not in claim["metadata"].get("annotations", {}) and not self._may_wait(claim):
                raise Unschedulable(f"{head}pod has unbound immediate PersistentVolumeClaims. not found")
            claims.append(claim)
        return claims

    def _may_wait(self, claim: Object) -> bool:
        class_ = self.api.get("StorageClass", claim["spec"].get("storageClassName") or "")
        return class_ is not None and class_["volumeBindingMode"] == "WaitForFirstConsumer"

    def _refusal(self, pod: Object, claims: list[Object], machine: Machine) -> str:
        """What the first filter says that a node does not pass; '' for none."""
        node = self.api.get("Node", machine.name)
        if node is None:
            return "node(s) were not found"
        tolerated = {each["key"] for each in pod["spec"].get("tolerations", ())}
        if taints := [each for each in node["spec"].get("taints", ()) if each["key"] not in tolerated]:
            return f"node(s) had untolerated taint {{{taints[0]['key']}: {taints[0].get('value', '')}}}"
        labels = node["metadata"]["labels"]
        if any(labels.get(key) != value for key, value in pod["spec"].get("nodeSelector", {}).items()):
            return "node(s) didn't match Pod's node affinity/selector"
        for claim in claims:
            if claim["spec"]["accessModes"] == ["ReadWriteOncePod"] and any(
                "nodeName" in other["spec"] for other in self.cluster.pods_of(claim) if other is not pod
            ):
                return RWOP_IN_USE
        if self._is_full(pod, claims, machine):
            return "node(s) exceed max volume count"
        for claim in claims:
            if why := self._volume_refusal(claim, machine, labels):
                return why
        return ""

    def _volume_refusal(self, claim: Object, machine: Machine, labels: Object) -> str:
        if volume := self.api.get("PersistentVolume", claim["spec"].get("volumeName", "")):
            required = volume["spec"].get("nodeAffinity", {}).get("required", {}).get("nodeSelectorTerms", [])
            is_reachable = not required or any(
                all(labels.get(each["key"]) in each["values"] for each in term["matchExpressions"]) for term in required
            )
            return "" if is_reachable else "node(s) didn't match PersistentVolume's node affinity"
        selected = claim["metadata"].get("annotations", {}).get(SELECTED_NODE)
        if selected not in (None, machine.name):
            return "node(s) didn't find available persistent volumes to bind"
        driver = self.cluster.driver
        if driver.tracks_capacity:
            asked = to_bytes(claim["spec"]["resources"]["requests"]["storage"])
            rooms = [
                to_bytes(each["capacity"])
                for each in self.api.all("CSIStorageCapacity")
                if each["storageClassName"] == claim["spec"]["storageClassName"]
                and each["nodeTopology"]["matchLabels"].items() <= labels.items()
            ]
            if not any(room >= asked for room in rooms):
                return "node(s) did not have enough free storage"
        return ""

    def _is_full(self, pod: Object, claims: list[Object], machine: Machine) -> bool:
        """`framework/plugins/nodevolumelimits/csi.go`; no entry in the CSINode means no limit."""
        csi_node = self.api.get("CSINode", machine.name)
        entries = csi_node["spec"]["drivers"] or [] if csi_node else []
        limit = next(
            (each["allocatable"]["count"] for each in entries if each["name"] == self.cluster.driver.name), None
        )
        if limit is None or not claims:
            return False
        used = {
            claim["metadata"]["uid"]
            for other in self.api.all("Pod")
            if other["spec"].get("nodeName") == machine.name and other is not pod
            for claim in self.cluster.claims_of(other)
        }
        wanted = {claim["metadata"]["uid"] for claim in claims}
        return len(used | wanted) > limit

    # -- volumes that wait for their pod ------------------------------------------------------------------------------

    def _wait_for_volumes(self, pod: Object, node: Machine) -> Process:
        """PreBind of the plugin VolumeBinding. Raises Unschedulable."""
        claims = [
            each for each in self.cluster.claims_of(pod) if COMPLETED not in each["metadata"].get("annotations", {})
        ]
        for claim in claims:
            claim["metadata"].setdefault("annotations", {})[SELECTED_NODE] = node.name
            self.api.update(claim)
        waited = 0.0
        while claims := [each for each in claims if each["status"]["phase"] != "Bound"]:
            yield 0.25
            waited += 0.25
            failed = 'running PreBind plugin "VolumeBinding": binding volumes: '
            if not self.api.is_there(pod):
                return
            for claim in claims:
                if not self.api.is_there(claim):
                    raise Unschedulable(f"{failed}failed to get PVC from API server: not found")
                if SELECTED_NODE not in claim["metadata"].get("annotations", {}):
                    raise Unschedulable(f'{failed}provisioning failed for PVC "{claim["metadata"]["name"]}"')
            if waited >= BIND_TIMEOUT_S:
                raise Unschedulable(f"{failed}context deadline exceeded")
