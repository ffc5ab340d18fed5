"""external-resizer, and the part of kube-controller-manager that hands over to it."""

from __future__ import annotations

from clusters.api_server import Object, is_deleting
from clusters.driver import RpcError
from clusters.plugin import Sidecar
from clusters.quantities import to_bytes
from clusters.simulation import Process

INFEASIBLE = {"InvalidArgument", "OutOfRange", "NotFound"}
PENDING = "Waiting for user to (re-)start a pod to finish file system resize of volume on node."


class Resizer(Sidecar):
    """`pkg/controller/controller.go`, `expand_and_recover.go`; `pkg/controller/volume/expand` for ExternalExpanding."""

    container = "csi-resizer"
    lease_name = "external-resizer-{driver}"
    kinds = ("PersistentVolumeClaim",)

    def on_change(self, changed: Object) -> None:
        # What kube-controller-manager says does not wait for the resizer.
        if (
            self.api.is_there(changed)
            and self._is_due(changed)
            and "allocatedResourceStatuses" not in changed["status"]
        ):
            text = "waiting for an external controller to expand this PVC"
            self.cluster.events.send(changed, "ExternalExpanding", text, "volume_expand")
        asked = changed["spec"]["resources"]["requests"]["storage"]
        # What it wrote of a failure itself does not make it try earlier.
        if not self.failures(changed) or changed["status"].get("allocatedResources", {}).get("storage") != asked:
            super().on_change(changed)

    @staticmethod
    def _is_due(claim: Object) -> bool:
        asked = to_bytes(claim["spec"]["resources"]["requests"]["storage"])
        has = claim["status"].get("capacity", {}).get("storage")
        return has is not None and to_bytes(has) < asked and not is_deleting(claim)

    def sync(self, found: Object) -> Process:
        claim = found
        if not self.is_leader or not self.api.is_there(claim) or not self._is_due(claim):
            return
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
