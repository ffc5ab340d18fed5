"""The PV controller of kube-controller-manager, and the controllers that protect claims and volumes in use."""

from __future__ import annotations

from typing import Any

from clusters.api_server import Object, is_deleting, uid_of
from clusters.controller import Controller
from clusters.quantities import to_bytes
from clusters.simulation import Process

PVC_PROTECTION, PV_PROTECTION = "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
PROVISIONER = ("volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner")
COMPLETED, BY_CONTROLLER = "pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"
BY = "persistentvolume-controller"
RESYNC_S = 15.0


class Binder(Controller):
    """`pkg/controller/volume/persistentvolume/pv_controller.go`."""

    kinds = ("PersistentVolumeClaim", "PersistentVolume")

    def on_change(self, changed: Object) -> None:
        self.enqueue(changed)
        if changed["kind"] == "PersistentVolumeClaim" and not self.api.is_there(changed):
            if volume := self.api.get("PersistentVolume", changed["spec"].get("volumeName", "")):
                self.enqueue(volume)
        elif changed["kind"] == "PersistentVolume":
            reference = changed["spec"].get("claimRef") or {}
            if claim := self.api.get("PersistentVolumeClaim", reference.get("name", ""), reference.get("namespace")):
                self.enqueue(claim)

    def sync(self, found: Object) -> Process:
        if not self.api.is_there(found):
            return
        if found["kind"] == "PersistentVolume":
            yield from self._volume(found)
        elif COMPLETED in found["metadata"].get("annotations", {}):
            self._bound_claim(found)
        else:
            yield from self._unbound_claim(found)
            self.enqueue(found, RESYNC_S)

    def _say(self, about: Object, reason: str, message: str, type: str = "Normal") -> None:
        self.cluster.events.send(about, reason, message, BY, type=type)

    # -- claims -------------------------------------------------------------------------------------------------------

    def _bound_claim(self, claim: Object) -> None:
        volume = self.api.get("PersistentVolume", claim["spec"]["volumeName"])
        if claim["status"]["phase"] == "Lost" or is_deleting(claim):
            return
        if volume is None or (volume["spec"].get("claimRef") or {}).get("uid") != uid_of(claim):
            what = "its PersistentVolume" if volume is None else "reference to PersistentVolume"
            claim["status"]["phase"] = "Lost"
            claim["status"].pop("capacity", None)
            self.api.update(claim)
            self._say(claim, "ClaimLost", f"Bound claim has lost {what}. Data on the volume is lost!", "Warning")

    def _unbound_claim(self, claim: Object) -> Process:
        if is_deleting(claim):
            return
        wanted = claim["spec"].get("volumeName")
        volume = self.api.get("PersistentVolume", wanted) if wanted else self._match(claim)
        if volume is not None:
            reference = volume["spec"].get("claimRef")
            if wanted and reference and reference.get("uid") not in (None, uid_of(claim)):
                self._say(claim, "FailedBinding", f'volume "{wanted}" already bound to a different claim.', "Warning")
            elif wanted and (why := _mismatch(claim, volume)):
                self._say(claim, "VolumeMismatch", f'Cannot bind to requested volume "{wanted}": {why}', "Warning")
            else:
                yield from self._bind(claim, volume)
        elif not wanted:
            yield from self._provision(claim)

    def _match(self, claim: Object) -> Object | None:
        """The smallest volume that fits, or that is meant for it (`index.go`, findMatchingVolume)."""
        fitting = []
        for volume in self.api.all("PersistentVolume"):
            reference = volume["spec"].get("claimRef") or {}
            if reference.get("uid") == uid_of(claim):
                return volume
            if not reference and volume["status"]["phase"] == "Available" and not _mismatch(claim, volume):
                fitting.append(volume)
        return min(fitting, key=lambda each: to_bytes(each["spec"]["capacity"]["storage"]), default=None)

    def _provision(self, claim: Object) -> Process:
        name = claim["spec"].get("storageClassName")
        if not name:
            text = "no persistent volumes available for this claim and no storage class is set"
            self._say(claim, "FailedBinding", text)
            return
        class_ = self.api.get("StorageClass", name)
        annotations = claim["metadata"].setdefault("annotations", {})
        if class_ is None:
            text = f'storageclass.storage.k8s.io "{name}" not found'
            self._say(claim, "ProvisioningFailed", text, "Warning")
            return
        if class_["volumeBindingMode"] == "WaitForFirstConsumer" and SELECTED_NODE not in annotations:
            pods = [each for each in self.cluster.pods_of(claim) if "nodeName" not in each["spec"]]
            if pods:
                text = f"waiting for pod {pods[0]['metadata']['name']} to be scheduled"
                self._say(claim, "WaitForPodScheduled", text)
            else:
                self._say(claim, "WaitForFirstConsumer", "waiting for first consumer to be created before binding")
            return
        for each in PROVISIONER:
            annotations[each] = class_["provisioner"]
        self.api.update(claim)
        yield self.simulation.spread(0.004, 0.02)
        text = (
            f"Waiting for a volume to be created either by the external provisioner '{class_['provisioner']}' or "
            "manually by the system administrator. If volume creation is delayed, please verify that the provisioner "
            "is running and correctly registered."
        )
        if self.api.is_there(claim) and "volumeName" not in claim["spec"]:
            self._say(claim, "ExternalProvisioning", text)

    def _bind(self, claim: Object, volume: Object) -> Process:
        """Four writes: the volume's claim, its phase, the claim's volume, its phase."""
        spec, annotations = volume["spec"], claim["metadata"].setdefault("annotations", {})
        by_controller = not spec.get("claimRef")
        if by_controller:
            meta = claim["metadata"]
            spec["claimRef"] = {
                "kind": "PersistentVolumeClaim",
                "namespace": meta["namespace"],
                "name": meta["name"],
                "uid": meta["uid"],
                "apiVersion": "v1",
                "resourceVersion": meta["resourceVersion"],
            }
            volume["metadata"].setdefault("annotations", {})[BY_CONTROLLER] = "yes"
            self.api.update(volume)
            yield self.simulation.spread(0.004, 0.02)
        self._phase(volume, "Bound")
        yield self.simulation.spread(0.004, 0.02)
        annotations[COMPLETED] = "yes"
        if "volumeName" not in claim["spec"]:
            annotations[BY_CONTROLLER] = "yes"
            claim["spec"]["volumeName"] = volume["metadata"]["name"]
        self.api.update(claim)
        yield self.simulation.spread(0.004, 0.02)
        if not self.api.is_there(claim):
            return
        claim["status"] |= {"phase": "Bound", "accessModes": spec["accessModes"], "capacity": dict(spec["capacity"])}
        self.api.update(claim)

    # -- volumes ------------------------------------------------------------------------------------------------------

    def _phase(self, volume: Object, phase: str, **more: str) -> None:
        if volume["status"]["phase"] != phase:
            volume["status"] = {"phase": phase, "lastPhaseTransitionTime": self.simulation.second(), **more}
            self.api.update(volume)

    def _volume(self, volume: Object) -> Process:
        reference = volume["spec"].get("claimRef")
        if not reference or not reference.get("uid"):
            self._phase(volume, "Available")
            for claim in self.api.all("PersistentVolumeClaim"):
                if claim["status"]["phase"] == "Pending":
                    self.enqueue(claim)
            return
        claim = self.api.get("PersistentVolumeClaim", reference["name"], reference["namespace"])
        is_claimed = claim is not None and uid_of(claim) == reference["uid"]
        if is_claimed or volume["status"]["phase"] not in ("Bound", "Released") or is_deleting(volume):
            return
        yield self.simulation.spread(0.001, 0.004)
        self._phase(volume, "Released")
        by = volume["metadata"].get("annotations", {}).get("pv.kubernetes.io/provisioned-by")
        if volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete" and by is None:
            text = 'error getting deleter volume plugin for volume "{}": no deletable volume plugin matched'
            text = text.format(volume["metadata"]["name"])
            self._phase(volume, "Failed", message=text)
            self._say(volume, "VolumeFailedDelete", text, "Warning")


def _mismatch(claim: Object, volume: Object) -> str:
    """The first thing in which a volume does not do for a claim (checkVolumeSatisfyClaim); '' for none."""
    wants, has = claim["spec"], volume["spec"]
    if is_deleting(volume):
        return f'the volume is marked for deletion "{volume["metadata"]["name"]}"'
    if to_bytes(has["capacity"]["storage"]) < to_bytes(wants["resources"]["requests"]["storage"]):
        return "requested PV is too small"
    if has.get("storageClassName", "") != wants.get("storageClassName", ""):
        return "storageClassName does not match"
    if has.get("volumeMode", "Filesystem") != wants.get("volumeMode", "Filesystem"):
        return "incompatible volumeMode"
    return "" if set(wants["accessModes"]) <= set(has["accessModes"]) else "incompatible accessMode"


class Protection(Controller):
    """`pkg/controller/volume/pvcprotection` and `pvprotection`: what is in use does not go."""

    kinds = ("PersistentVolumeClaim", "PersistentVolume", "Pod")

    def on_change(self, changed: Object) -> None:
        if changed["kind"] != "Pod":
            self.enqueue(changed)
        elif not self.api.is_there(changed):
            for claim in self.cluster.claims_of(changed):
                self.enqueue(claim)

    def sync(self, found: Object) -> Process:
        if not is_deleting(found):
            return
        yield self.simulation.spread(0.002, 0.01)
        if found["kind"] == "PersistentVolume":
            if found["status"]["phase"] != "Bound":
                self.api.release(found, PV_PROTECTION)
        elif not any("nodeName" in each["spec"] for each in self.cluster.pods_of(found)):
            self.api.release(found, PVC_PROTECTION)


def claim_spec(size: str, storage_class: str | None, mode: str, **rest: Any) -> Object:
    """What a user asks for."""
    named = {} if storage_class is None else {"storageClassName": storage_class}
    return {
        "accessModes": [mode],
        "resources": {"requests": {"storage": size}},
        **named,
        "volumeMode": "Filesystem",
        **rest,
    }
