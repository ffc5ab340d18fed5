"""csi-provisioner (external-provisioner v6.3): makes and deletes volumes."""

from __future__ import annotations

from typing import Any

from clusters.api_server import Object, is_deleting, name_of, uid_of
from clusters.binder import PV_PROTECTION, SELECTED_NODE
from clusters.driver import FINAL, RpcError
from clusters.plugin import Sidecar
from clusters.quantities import to_bytes
from clusters.simulation import Process

FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer"
STORAGE_PROVISIONER = "volume.kubernetes.io/storage-provisioner"


class Unprovisionable(Exception):
    """It cannot be made, or unmade, and the driver has not been asked."""


class Provisioner(Sidecar):
    """`pkg/controller/controller.go`, `sig-storage-lib-external-provisioner/controller/controller.go`."""

    container = "csi-provisioner"
    timeout = 10.0
    kinds = ("PersistentVolumeClaim", "PersistentVolume")
    reschedules = True
    """Whether it lets go of a node that is gone; 6.0 did not (kubernetes-csi/external-provisioner#1437)."""
    is_hung = False
    """It renews its lease, and does nothing."""

    def _lead(self) -> None:
        self.by = f"{self.driver.name}_{self.pod.pod['metadata']['name']}_{self.simulation.uid()}"
        super()._lead()
        if self.driver.tracks_capacity:
            self.go(self._publish_capacity())

    def _publish_capacity(self) -> Process:
        """`pkg/capacity`: an object for each class and zone, brought up to date each minute."""
        while True:
            for class_ in self.cluster.classes:
                for zone in sorted({each.zone for each in self.cluster.machines.values()}):
                    name, room = f"csisc-{class_}-{zone}", f"{self.driver.room(zone) >> 20}Mi"
                    found = self.api.get("CSIStorageCapacity", name, self.cluster.plugin_namespace)
                    if found is None:
                        topology = {"matchLabels": {self.cluster.zone_key: zone}}
                        parts = {"nodeTopology": topology, "storageClassName": class_, "capacity": room}
                        labels = {"csi.storage.k8s.io/drivername": self.driver.name}
                        meta = {"labels": labels}
                        self.api.create("CSIStorageCapacity", name, self.cluster.plugin_namespace, meta=meta, **parts)
                    else:
                        found["capacity"] = room
                        self.api.update(found)
            yield 60.0

    def sync(self, found: Object) -> Process:
        if self.is_leader and not self.is_hung and self.api.is_there(found):
            yield from (self._claim(found) if found["kind"] == "PersistentVolumeClaim" else self._volume(found))

    # -- making -------------------------------------------------------------------------------------------------------

    def _claim(self, claim: Object) -> Process:
        annotations = claim["metadata"].get("annotations", {})
        if (
            claim["spec"].get("volumeName")
            or annotations.get(STORAGE_PROVISIONER) != self.driver.name
            or is_deleting(claim)
        ):
            return
        class_ = self.api.get("StorageClass", claim["spec"]["storageClassName"])
        name = f"pvc-{uid_of(claim)}"
        if class_ is None or self.api.get("PersistentVolume", name):
            return
        if class_["volumeBindingMode"] == "WaitForFirstConsumer" and SELECTED_NODE not in annotations:
            return
        keys = {"PVC": name_of(claim), "StorageClass": class_["metadata"]["name"]}
        self.program.say("controller.go:1425", "Started", **keys)
        self.event(
            claim, "Provisioning", f'External provisioner is provisioning volume for claim "{name_of(claim)}"', self.by
        )
        try:
            request = self._request(claim, class_, name)
            response = yield from self.rpc("/csi.v1.Controller/CreateVolume", request, lock=name)
        except (RpcError, Unprovisionable) as error:
            self._failed(claim, class_, error)
            return
        handle = response["volume"]["volume_id"]
        told = f"successfully created PV {name} for PVC {claim['metadata']['name']} and csi volume name {handle}"
        self.program.write("controller.go:1021", told)
        self.program.say("controller.go:1509", "Volume is provisioned", **keys, PV=name)
        self.program.say("controller.go:1522", "Succeeded", **keys)
        self.program.say("volume_store.go:148", "Saving volume", **keys, volume=name)
        yield self.simulation.spread(0.005, 0.03)
        self._save(claim, class_, name, response["volume"])
        self.program.say("volume_store.go:151", "Volume saved", **keys, volume=name)
        self.event(claim, "ProvisioningSucceeded", f"Successfully provisioned volume {name}", self.by)
        done = "Claim processing succeeded, removing PVC from claims in progress"
        self.program.say("controller.go:1121", done, claimUID=uid_of(claim))
        self.forget(claim)

    def _request(self, claim: Object, class_: Object, name: str) -> dict[str, Any]:
        size = to_bytes(claim["spec"]["resources"]["requests"]["storage"])
        if source := claim["spec"].get("dataSource"):
            snapshot = self.api.get("VolumeSnapshot", source["name"], claim["metadata"]["namespace"])
            if snapshot is None or not snapshot.get("status", {}).get("readyToUse"):
                wrong = f"error getting handle for DataSource Type VolumeSnapshot by Name {source['name']}: "
                raise Unprovisionable(f"{wrong}snapshot {source['name']} is not Ready")
        if claim["spec"].get("selector"):
            raise Unprovisionable("claim Selector is not supported")
        parameters = {
            "csi.storage.k8s.io/pv/name": name,
            "csi.storage.k8s.io/pvc/name": claim["metadata"]["name"],
            "csi.storage.k8s.io/pvc/namespace": claim["metadata"]["namespace"],
            **class_.get("parameters", {}),
        }
        zones = self._zones(claim)
        segments = [{"segments": {self.cluster.zone_key: zone}} for zone in zones]
        return {
            "accessibility_requirements": {"preferred": segments, "requisite": segments},
            "capacity_range": {"required_bytes": size},
            "name": name,
            "parameters": parameters,
            "volume_capabilities": [capability(claim)],
        }

    def _zones(self, claim: Object) -> list[str]:
        """The zones that may be (`pkg/controller/topology.go`). Raises Unprovisionable."""
        selected = claim["metadata"].get("annotations", {}).get(SELECTED_NODE)
        wrong = "error generating accessibility requirements: "
        if selected is None:
            zones = sorted({each.zone for each in self.cluster.machines.values() if each.is_registered})
            if not zones:
                raise Unprovisionable(f"{wrong}no available topology found")
            self.simulation.random.shuffle(zones)
            return zones
        if self.api.get("Node", selected) is None:
            raise Unprovisionable(f'{wrong}node "{selected}" not found')
        if not self.cluster.machines[selected].is_registered:
            raise Unprovisionable(f"{wrong}no topology key found on CSINode {selected}")
        return [self.cluster.machines[selected].zone]

    def _failed(self, claim: Object, class_: Object, error: Exception) -> None:
        is_rpc, selected = isinstance(error, RpcError), claim["metadata"].get("annotations", {}).get(SELECTED_NODE)
        is_final = not is_rpc or error.code in FINAL
        if is_rpc:
            state = "Finished" if is_final else "InBackground"
            may = str(bool(selected)).lower()
            told = f"node selected {selected or ''} => may reschedule = {may} => state = {state}: {error}"
            self.program.write("controller.go:899", f"CreateVolume failed, supports topology = true, {told}")
        source, verb = ("controller.go:1127", "Final") if is_final else ("controller.go:1107", "Temporary")
        does = "removing PVC from" if is_final else "adding PVC to"
        self.program.say(source, f"{verb} error received, {does} claims in progress", claimUID=uid_of(claim))
        is_infeasible = is_rpc and error.code == "InvalidArgument"
        slowly = "Volume provisioning failed with infeasible error. Retries will be delayed. " if is_infeasible else ""
        self.event(claim, "ProvisioningFailed", f"{slowly}{error}", self.by, "Warning")
        is_gone = str(error).endswith("not found") and ': node "' in str(error)
        if selected and self.reschedules and (is_gone or (is_rpc and error.code == "ResourceExhausted")):
            self.program.say("controller.go:1480", "Volume rescheduled because", err=str(error))
            del claim["metadata"]["annotations"][SELECTED_NODE]
            self.api.update(claim)
            self.forget(claim)
            return
        failures = self.failures(claim)
        self.program.say("controller.go:1042", "Retrying syncing claim", key=uid_of(claim), failures=failures)
        wrapped = f'error syncing claim "{uid_of(claim)}": {error}'
        self.program.say("controller.go:1009", "Unhandled Error", "E", err=wrapped, logger="UnhandledError")
        self.retry(claim)

    def _save(self, claim: Object, class_: Object, name: str, volume: dict[str, Any]) -> None:
        zone = volume["accessible_topology"][0]["segments"][self.cluster.zone_key]
        meta, spec = claim["metadata"], claim["spec"]
        term = {"key": self.cluster.zone_key, "operator": "In", "values": [zone]}
        self.api.create(
            "PersistentVolume",
            name,
            meta={
                "annotations": {
                    "pv.kubernetes.io/provisioned-by": self.driver.name,
                    "volume.kubernetes.io/provisioner-deletion-secret-name": "",
                    "volume.kubernetes.io/provisioner-deletion-secret-namespace": "",
                },
                "finalizers": [FINALIZER, PV_PROTECTION],
            },
            spec={
                "capacity": {"storage": spec["resources"]["requests"]["storage"]},
                "csi": {
                    "driver": self.driver.name,
                    "volumeHandle": volume["volume_id"],
                    "volumeAttributes": volume["volume_context"],
                },
                "accessModes": spec["accessModes"],
                "claimRef": {
                    "kind": "PersistentVolumeClaim",
                    "namespace": meta["namespace"],
                    "name": meta["name"],
                    "uid": meta["uid"],
                    "apiVersion": "v1",
                    "resourceVersion": meta["resourceVersion"],
                },
                "persistentVolumeReclaimPolicy": class_["reclaimPolicy"],
                "storageClassName": class_["metadata"]["name"],
                "volumeMode": spec["volumeMode"],
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [term]}]}},
            },
            status={"phase": "Pending", "lastPhaseTransitionTime": self.simulation.second()},
        )

    # -- deleting -----------------------------------------------------------------------------------------------------

    def _volume(self, volume: Object) -> Process:
        spec, name = volume["spec"], volume["metadata"]["name"]
        by = volume["metadata"].get("annotations", {}).get("pv.kubernetes.io/provisioned-by")
        is_ours = by == self.driver.name and FINALIZER in volume["metadata"].get("finalizers", ())
        wanted = volume["status"]["phase"] == "Released" and spec["persistentVolumeReclaimPolicy"] == "Delete"
        if not is_ours or not wanted:
            return
        self.program.say("controller.go:1623", "Started", PV=name)
        attached = [
            each
            for each in self.api.all("VolumeAttachment")
            if each["spec"]["source"].get("persistentVolumeName") == name
        ]
        try:
            if attached:
                yield 0.001
                raise Unprovisionable(
                    f"persistentvolume {name} is still attached to node {attached[0]['spec']['nodeName']}"
                )
            handle = spec["csi"]["volumeHandle"]
            yield from self.rpc("/csi.v1.Controller/DeleteVolume", {"volume_id": handle}, lock=handle)
        except (RpcError, Unprovisionable) as error:
            self.program.say("controller.go:1631", "Volume deletion failed", "E", PV=name, err=str(error))
            self.event(volume, "VolumeFailedDelete", str(error), self.by, "Warning")
            told = f'error syncing volume "{name}": {error}'
            self.program.say("controller.go:1054", "Unhandled Error", "E", err=told, logger="UnhandledError")
            self.retry(volume)
            return
        self.program.say("controller.go:1638", "Volume deleted", PV=name)
        self.api.delete(volume)
        yield self.simulation.spread(0.01, 0.03)
        self.api.release(volume, FINALIZER)
        self.program.say("controller.go:1660", "PersistentVolume deleted succeeded", PV=name)
        self.forget(volume)


def capability(of: Object) -> dict[str, Any]:
    """A volume or claim as a CSI volume capability."""
    modes = {
        "ReadWriteOnce": "SINGLE_NODE_MULTI_WRITER",
        "ReadWriteOncePod": "SINGLE_NODE_SINGLE_WRITER",
        "ReadWriteMany": "MULTI_NODE_MULTI_WRITER",
        "ReadOnlyMany": "MULTI_NODE_READER_ONLY",
    }
    kind = "block" if of["spec"].get("volumeMode") == "Block" else "mount"
    return {"access_mode": {"mode": modes[of["spec"]["accessModes"][0]]}, kind: {}}
