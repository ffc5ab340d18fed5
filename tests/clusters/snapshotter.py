"""external-snapshotter: the common controller's part and the sidecar's, in one."""

from __future__ import annotations

from clusters.api_server import Object, is_deleting, name_of, uid_of
from clusters.binder import COMPLETED
from clusters.driver import RpcError
from clusters.plugin import Sidecar
from clusters.simulation import Process

BEING_CREATED = "snapshot.storage.kubernetes.io/volumesnapshot-being-created"
CONTENT = "snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection"
SOURCE = "snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection"
BOUND = "snapshot.storage.kubernetes.io/volumesnapshot-bound-protection"
BY = "snapshot-controller"


class Snapshotter(Sidecar):
    """`pkg/common-controller/snapshot_controller.go` (binds), `pkg/sidecar-controller` (cuts)."""

    container = "csi-snapshotter"
    lease_name = "external-snapshotter-leader-{driver}"
    kinds = ("VolumeSnapshot",)

    def on_change(self, changed: Object) -> None:
        if not self.failures(changed) or is_deleting(changed):
            super().on_change(changed)

    def sync(self, found: Object) -> Process:
        snapshot = found
        if not self.is_leader or not self.api.is_there(snapshot):
            return
        yield self.simulation.spread(0.01, 0.05)
        if is_deleting(snapshot):
            yield from self._delete(snapshot)
        elif not snapshot.get("status", {}).get("readyToUse"):
            yield from self._cut(snapshot)

    def _say(self, about: Object, reason: str, message: str, type: str = "Normal") -> None:
        self.cluster.events.send(about, reason, message, BY, type=type)

    def _cut(self, snapshot: Object) -> Process:
        content = self.api.get("VolumeSnapshotContent", f"snapcontent-{uid_of(snapshot)}")
        if content is None and (content := self._bind(snapshot)) is None:
            return
        handle = content["spec"]["source"]["volumeHandle"]
        content["metadata"]["annotations"] = {BEING_CREATED: "yes"}
        self.api.update(content)
        try:
            request = {"name": f"snapshot-{uid_of(snapshot)}", "source_volume_id": handle}
            response = yield from self.rpc("/csi.v1.Controller/CreateSnapshot", request, lock=handle)
        except RpcError as error:
            text = f'Failed to create snapshot: failed to take snapshot of the volume {handle}: "{error}"'
            now = self.simulation.second()
            content["status"] = {"readyToUse": False, "error": {"message": text, "time": now}}
            self.api.update(content)
            snapshot["status"] = {**snapshot["status"], "error": {"message": text, "time": now}}
            self.api.update(snapshot)
            self._say(content, "SnapshotCreationFailed", text, "Warning")
            self.retry(snapshot)
            return
        cut = response["snapshot"]
        del content["metadata"]["annotations"]
        content["status"] = {
            "creationTime": self.simulation.nanoseconds(),
            "readyToUse": True,
            "restoreSize": cut["size_bytes"],
            "snapshotHandle": cut["snapshot_id"],
        }
        self.api.update(content)
        yield self.simulation.spread(0.02, 0.1)
        now = self.simulation.second()
        bound = content["metadata"]["name"]
        snapshot["status"] = {"boundVolumeSnapshotContentName": bound, "creationTime": now, "readyToUse": True}
        self.api.update(snapshot)
        self._say(
            snapshot, "SnapshotCreated", f"Snapshot {name_of(snapshot)} was successfully created by the CSI driver."
        )
        self._say(snapshot, "SnapshotReady", f"Snapshot {name_of(snapshot)} is ready to use.")

    def _bind(self, snapshot: Object) -> Object | None:
        """Its content, or None while it cannot have one."""
        meta = snapshot["metadata"]
        claim = self.api.get(
            "PersistentVolumeClaim", snapshot["spec"]["source"]["persistentVolumeClaimName"], meta["namespace"]
        )
        if claim is None or COMPLETED not in claim["metadata"].get("annotations", {}):
            text = f"snapshot controller failed to update {meta['name']} on API server: cannot get claim from snapshot"
            message = f"Failed to create snapshot content with error {text}"
            snapshot["status"] = {"readyToUse": False, "error": {"message": message, "time": self.simulation.second()}}
            self.api.update(snapshot)
            self._say(snapshot, "SnapshotContentCreationFailed", message, "Warning")
            self.retry(snapshot)
            return None
        volume = self.api.get("PersistentVolume", claim["spec"]["volumeName"])
        name = f"snapcontent-{meta['uid']}"
        meta["finalizers"] = [SOURCE, BOUND]
        snapshot["status"] = {"boundVolumeSnapshotContentName": name, "readyToUse": False}
        reference = {"kind": "VolumeSnapshot", "name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]}
        content = self.api.create(
            "VolumeSnapshotContent",
            name,
            meta={"finalizers": [CONTENT]},
            spec={
                "deletionPolicy": "Delete",
                "driver": self.driver.name,
                "source": {"volumeHandle": volume["spec"]["csi"]["volumeHandle"]},
                "volumeSnapshotRef": {"apiVersion": snapshot["apiVersion"], **reference},
            },
        )
        self.api.update(snapshot)
        text = f"Waiting for a snapshot {name_of(snapshot)} to be created by the CSI driver."
        self._say(snapshot, "CreatingSnapshot", text)
        return content

    def _delete(self, snapshot: Object) -> Process:
        content = self.api.get("VolumeSnapshotContent", f"snapcontent-{uid_of(snapshot)}")
        if content is not None:
            handle = content.get("status", {}).get("snapshotHandle", "")
            try:
                yield from self.rpc("/csi.v1.Controller/DeleteSnapshot", {"snapshot_id": handle}, lock=handle)
            except RpcError:
                self._say(content, "SnapshotDeleteError", "Failed to delete snapshot", "Warning")
                self.retry(snapshot)
                return
            self.api.delete(content)
            self.api.release(content, CONTENT)
        for finalizer in (SOURCE, BOUND):
            self.api.release(snapshot, finalizer)
