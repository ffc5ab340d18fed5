"""external-attacher."""

from __future__ import annotations

from typing import Any

from clusters.api_server import Object, is_deleting
from clusters.driver import RpcError
from clusters.plugin import Sidecar
from clusters.provisioner import capability
from clusters.simulation import Process

NODE_ID = "csi.alpha.kubernetes.io/node-id"


class AttachError(Exception):
    """What stands in the way before the driver is asked."""


class Attacher(Sidecar):
    """`pkg/controller/csi_handler.go`."""

    container = "csi-attacher"
    lease_name = "external-attacher-leader-{driver}"
    timeout = 15.0
    kinds = ("VolumeAttachment", "PersistentVolume")

    @property
    def finalizer(self) -> str:
        return f"external-attacher/{self.driver.name.replace('.', '-')}"

    def on_change(self, changed: Object) -> None:
        # What it wrote of a failure itself does not make it try earlier (`controller.go`, shouldEnqueueVAChange).
        has_failed = self.failures(changed) and "attachError" in changed.get("status", {})
        if not has_failed or (is_deleting(changed) and "detachError" not in changed["status"]):
            super().on_change(changed)

    def sync(self, found: Object) -> Process:
        if not self.is_leader or not self.api.is_there(found):
            return
        if found["kind"] == "PersistentVolume":
            yield from self._volume(found)
        elif found["spec"]["attacher"] == self.driver.name:
            keys = {"VolumeAttachment": found["metadata"]["name"]}
            self.program.say("controller.go:243", "Started VolumeAttachment processing", **keys)
            self.program.say("csi_handler.go:236", "CSIHandler: processing VolumeAttachment", **keys)
            if is_deleting(found):
                yield from self._detach(found, keys)
            elif not found["status"]["attached"]:
                yield from self._attach(found, keys)

    def _attach(self, attachment: Object, keys: dict[str, Any]) -> Process:
        self.program.say("csi_handler.go:264", "Attaching", **keys)
        try:
            self.program.say("csi_handler.go:431", "Starting attach operation", **keys)
            volume = self._volume_of(attachment)
            node = attachment["spec"]["nodeName"]
            if self.finalizer not in volume["metadata"].setdefault("finalizers", []):
                name = volume["metadata"]["name"]
                self.program.say(
                    "csi_handler.go:350", "Adding finalizer to PersistentVolume", **keys, PersistentVolume=name
                )
                volume["metadata"]["finalizers"].append(self.finalizer)
                self.api.update(volume)
                yield self.simulation.spread(0.01, 0.03)
                self.program.say(
                    "csi_handler.go:361", "PersistentVolume finalizer added", **keys, PersistentVolume=name
                )
            self._require_node(node, keys)
            if self.finalizer not in attachment["metadata"].get("finalizers", ()):
                attachment["metadata"] |= {"finalizers": [self.finalizer], "annotations": {NODE_ID: node}}
                self.api.update(attachment)
                yield self.simulation.spread(0.005, 0.02)
                self.program.say("csi_handler.go:323", "VolumeAttachment finalizer added", **keys)
                self.program.say("csi_handler.go:338", "NodeID annotation added", **keys, nodeID=node)
            csi = volume["spec"]["csi"]
            request = {
                "node_id": node,
                "volume_capability": capability(volume),
                "volume_context": csi.get("volumeAttributes", {}),
                "volume_id": csi["volumeHandle"],
            }
            method = "/csi.v1.Controller/ControllerPublishVolume"
            yield from self.rpc(method, request, lock=csi["volumeHandle"], **keys)
        except (RpcError, AttachError) as error:
            self._failed(attachment, "attach", str(error), keys)
            return
        self.program.say("csi_handler.go:276", "Attached", **keys)
        yield self.simulation.spread(0.005, 0.02)
        if not self.api.is_there(attachment):
            return
        self.program.say("util.go:40", "Marking as attached", **keys)
        attachment["status"] = {"attached": True}
        self.api.update(attachment)
        yield self.simulation.spread(0.005, 0.02)
        self.program.say("util.go:54", "Marked as attached", **keys)
        self.program.say("csi_handler.go:282", "Fully attached", **keys)
        self.forget(attachment)

    def _volume_of(self, attachment: Object) -> Object:
        name = attachment["spec"]["source"]["persistentVolumeName"]
        volume = self.api.get("PersistentVolume", name)
        if volume is None:
            raise AttachError(f'persistentvolume "{name}" not found')
        if is_deleting(volume) and not is_deleting(attachment):
            raise AttachError(f'PersistentVolume "{name}" is marked for deletion')
        return volume

    def _require_node(self, node: str, keys: dict[str, Any]) -> None:
        csi_node = self.api.get("CSINode", node)
        if csi_node is None:
            raise AttachError(f'csinodes.storage.k8s.io "{node}" not found')
        if not any(each["name"] == self.driver.name for each in csi_node["spec"]["drivers"] or []):
            err = f"CSINode {node} does not contain driver {self.driver.name}"
            self.program.say("csi_handler.go:763", "Failed to get nodeID from CSINode", **keys, nodeName=node, err=err)
            raise AttachError(err)
        self.program.say("csi_handler.go:752", "Found nodeID in CSINode", **keys, nodeID=node, CSINode=node)

    def _detach(self, attachment: Object, keys: dict[str, Any]) -> Process:
        meta = attachment["metadata"]
        self.program.say("csi_handler.go:288", "Starting detach operation", **keys)
        if self.finalizer in meta.get("finalizers", ()):
            self.program.say("csi_handler.go:295", "Detaching", **keys)
            try:
                volume = self._volume_of(attachment)
                handle = volume["spec"]["csi"]["volumeHandle"]
                request = {"node_id": meta["annotations"][NODE_ID], "volume_id": handle}
                yield from self.rpc("/csi.v1.Controller/ControllerUnpublishVolume", request, lock=handle, **keys)
            except (RpcError, AttachError) as error:
                self._failed(attachment, "detach", str(error), keys)
                return
            self.program.say("csi_handler.go:594", "Detached", **keys)
            yield self.simulation.spread(0.002, 0.01)
            self.api.release(attachment, self.finalizer)
            self.program.say("util.go:98", "Finalizer removed", **keys)
        self.program.say("csi_handler.go:308", "Fully detached", **keys)
        self.forget(attachment)
        name = attachment["spec"]["source"]["persistentVolumeName"]
        if volume := self.api.get("PersistentVolume", name):
            self.enqueue(volume)

    def _failed(self, attachment: Object, what: str, error: str, keys: dict[str, Any]) -> None:
        self.program.say("csi_handler.go:246", "Error processing", **keys, err=f"failed to {what}: {error}")
        if self.api.is_there(attachment):
            attachment["status"][f"{what}Error"] = {"time": self.simulation.second(), "message": error}
            self.api.update(attachment)
            self.retry(attachment)

    def _volume(self, volume: Object) -> Process:
        keys = {"PersistentVolume": volume["metadata"]["name"]}
        if self.finalizer not in volume["metadata"].get("finalizers", ()) or not is_deleting(volume):
            return
        name = volume["metadata"]["name"]
        if any(each["spec"]["source"]["persistentVolumeName"] == name for each in self.api.all("VolumeAttachment")):
            return
        told = "CSIHandler: processing PersistentVolume: no VolumeAttachment found, removing finalizer"
        self.program.say("csi_handler.go:706", told, **keys)
        yield self.simulation.spread(0.005, 0.02)
        self.api.release(volume, self.finalizer)
        self.program.say("csi_handler.go:720", "Removed finalizer from PersistentVolume", **keys)
