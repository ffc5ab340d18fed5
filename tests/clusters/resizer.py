"""external-resizer, which also modifies volumes, and the part of kube-controller-manager that hands over to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clusters.api_server import Object, is_deleting, uid_of
from clusters.driver import RpcError
from clusters.plugin import PluginPod, Sidecar
from clusters.quantities import to_bytes
from clusters.simulation import Process

if TYPE_CHECKING:
    from cluster import Cluster

INFEASIBLE = {"InvalidArgument", "OutOfRange", "NotFound"}
PENDING = "Waiting for user to (re-)start a pod to finish file system resize of volume on node."


class Resizer(Sidecar):
    """`pkg/controller/controller.go`, `expand_and_recover.go`; `pkg/controller/volume/expand` for ExternalExpanding."""

    container = "csi-resizer"
    lease_name = "external-resizer-{driver}"
    kinds = ("PersistentVolumeClaim",)

    def __init__(self, cluster: Cluster, pod: PluginPod) -> None:
        self._tried: dict[str, tuple[str, str | None]] = {}
        """Uid of a claim -> the size and the attributes class that were tried last."""
        super().__init__(cluster, pod)

    def on_change(self, changed: Object) -> None:
        # What kube-controller-manager says does not wait for the resizer.
        if (
            self.api.is_there(changed)
            and self._is_due(changed)
            and "allocatedResourceStatuses" not in changed["status"]
        ):
            text = "waiting for an external controller to expand this PVC"
            self.cluster.events.send(changed, "ExternalExpanding", text, "volume_expand")
        # What it wrote of a failure itself does not make it try earlier.
        if not self.failures(changed) or self._goal(changed) != self._tried.get(uid_of(changed)):
            super().on_change(changed)

    @staticmethod
    def _goal(claim: Object) -> tuple[str, str | None]:
        spec = claim["spec"]
        return spec["resources"]["requests"]["storage"], spec.get("volumeAttributesClassName")

    @staticmethod
    def _is_due(claim: Object) -> bool:
        asked = to_bytes(claim["spec"]["resources"]["requests"]["storage"])
        has = claim["status"].get("capacity", {}).get("storage")
        return has is not None and to_bytes(has) < asked and not is_deleting(claim)

    def sync(self, found: Object) -> Process:
        if not self.is_leader or not self.api.is_there(found) or found["status"]["phase"] != "Bound":
            return
        self._tried[uid_of(found)] = self._goal(found)
        if self._is_due(found):
            yield from self._expand(found)
        wanted = found["spec"].get("volumeAttributesClassName")
        if wanted not in (None, found["status"].get("currentVolumeAttributesClassName")):
            yield from self._modify(found, wanted)

    def _modify(self, claim: Object, wanted: str) -> Process:
        """`pkg/modifycontroller`."""
        by = f"external-resizer {self.driver.name}"
        class_, status = self.api.get("VolumeAttributesClass", wanted), claim["status"]
        if class_ is None:
            self.event(claim, "VolumeModifyFailed", f'VAC "{wanted}" does not exist.', by, "Warning")
            self.retry(claim)
            return
        status["modifyVolumeStatus"] = {"targetVolumeAttributesClassName": wanted, "status": "InProgress"}
        self.api.update(claim)
        what = f"volume {claim['metadata']['name']} with vac {wanted}"
        self.event(claim, "VolumeModify", f"external resizer is modifying {what}", by)
        volume = self.api.get("PersistentVolume", claim["spec"]["volumeName"])
        if volume is None:
            return
        handle = volume["spec"]["csi"]["volumeHandle"]
        request = {"volume_id": handle, "mutable_parameters": class_["parameters"]}
        try:
            yield from self.rpc("/csi.v1.Controller/ControllerModifyVolume", request, lock=handle)
        except RpcError as error:
            is_infeasible = error.code in INFEASIBLE
            status["modifyVolumeStatus"]["status"] = "Infeasible" if is_infeasible else "InProgress"
            status["conditions"] = [self._condition("ModifyVolumeError", str(error))]
            self.api.update(claim)
            self.event(claim, "VolumeModifyFailed", str(error), by, "Warning")
            self.retry(claim, at_least=300.0 if is_infeasible else 0.0)
            return
        for each in ("modifyVolumeStatus", "conditions"):
            status.pop(each, None)
        status["currentVolumeAttributesClassName"] = wanted
        self.api.update(claim)
        self.event(claim, "VolumeModifySuccessful", f"external resizer modified {what} successfully", by)
        self.forget(claim)

    def _expand(self, claim: Object) -> Process:
        volume = self.api.get("PersistentVolume", claim["spec"]["volumeName"])
        asked, status = claim["spec"]["resources"]["requests"]["storage"], claim["status"]
        standing = status.get("allocatedResourceStatuses", {}).get("storage", "")
        is_same = status.get("allocatedResources", {}).get("storage") == asked
        if volume is None or (is_same and standing.startswith("Node")):
            return
        name, by = volume["metadata"]["name"], f"external-resizer {self.driver.name}"
        yield self.simulation.spread(0.003, 0.01)
        self._mark(claim, "ControllerResizeInProgress", asked, self._condition("Resizing"))
        self.event(claim, "Resizing", f"External resizer is resizing volume {name}", by)
        handle = volume["spec"]["csi"]["volumeHandle"]
        request = {"volume_id": handle, "capacity_range": {"required_bytes": to_bytes(asked)}}
        try:
            yield from self.rpc("/csi.v1.Controller/ControllerExpandVolume", request, lock=handle)
        except RpcError as error:
            text = f'resize volume "{name}" by resizer "{self.driver.name}" failed: {error}'
            is_infeasible = error.code in INFEASIBLE
            standing = "ControllerResizeInfeasible" if is_infeasible else "ControllerResizeInProgress"
            failed = self._condition("ControllerResizeError", f"failed to expand pvc with {error}")
            self._mark(claim, standing, asked, self._condition("Resizing"), failed)
            self.event(claim, "VolumeResizeFailed", text, by, "Warning")
            self.program.say("controller.go:328", "Error syncing PVC", "E", err=text)
            self.retry(claim, at_least=300.0 if is_infeasible else 0.0)
            return
        volume["spec"]["capacity"]["storage"] = asked
        self.api.update(volume)
        yield self.simulation.spread(0.005, 0.02)
        waiting = self._condition("FileSystemResizePending", PENDING)
        self._mark(claim, "NodeResizePending", asked, self._condition("Resizing"), waiting)
        self.event(claim, "FileSystemResizeRequired", "Require file system resize of volume on node", by)
        self.forget(claim)

    def _mark(self, claim: Object, standing: str, asked: str, *conditions: Object) -> None:
        status = claim["status"]
        status["conditions"] = list(conditions)
        status["allocatedResources"] = {"storage": asked}
        status["allocatedResourceStatuses"] = {"storage": standing}
        self.api.update(claim)

    def _condition(self, type: str, message: str = "") -> Object:
        told = {"message": message} if message else {}
        return {"type": type, "status": "True", "lastTransitionTime": self.simulation.second(), **told}
