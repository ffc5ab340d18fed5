"""A kubelet, as far as volumes are concerned: it mounts what its pods use, starts them, and takes both down again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from clusters import machine as machines
from clusters.api_server import Object, is_deleting, name_of, uid_of
from clusters.binder import COMPLETED
from clusters.controller import Controller
from clusters.driver import RpcError
from clusters.programs import Program
from clusters.provisioner import capability
from clusters.quantities import to_bytes
from clusters.simulation import Process

if TYPE_CHECKING:
    from cluster import Cluster

STATUS_S = 10.0
"""How often a node's status is written when it has changed (nodeStatusUpdateFrequency)."""
SYNC_TIMEOUT_S = 123.0
"""How long a pod's sync waits for its volumes (podAttachAndMountTimeout)."""
FILES_PER_S = 2_000
OPERATION = "nestedpendingoperations.go:348"


class MountError(Exception):
    """An operation on a volume failed."""


@dataclass(eq=False)
class Mount:
    """A volume of a pod."""

    pod: Object
    name: str
    """As the pod calls it."""
    volume: Object | None
    """Its PersistentVolume; None of what is none (a secret)."""
    source: Object
    is_mounted: bool = False
    failures: int = 0

    @property
    def spec_name(self) -> str:
        return str(self.volume["metadata"]["name"]) if self.volume else self.name

    @property
    def unique_name(self) -> str:
        if self.is_csi:
            return machines.unique_name(self.volume)
        return f"kubernetes.io/{'nfs' if self.volume else 'secret'}/{uid_of(self.pod)}-{self.spec_name}"

    @property
    def is_csi(self) -> bool:
        return self.volume is not None and "csi" in self.volume["spec"]

    @property
    def path(self) -> str:
        plugin = "csi" if self.is_csi else "nfs"
        end = "/mount" if self.is_csi else ""
        return f"/var/lib/kubelet/pods/{uid_of(self.pod)}/volumes/kubernetes.io~{plugin}/{self.spec_name}{end}"

    @property
    def told(self) -> str:
        """As the log names it (GenerateMsgDetailed)."""
        meta = self.pod["metadata"]
        of = f'pod "{meta["name"]}" (UID: "{meta["uid"]}")'
        return f'for volume "{self.spec_name}" (UniqueName: "{self.unique_name}") {of} '


class Kubelet(Controller):
    """`pkg/kubelet/volumemanager` and `pkg/volume/util/operationexecutor`."""

    kinds = ("Pod",)

    def __init__(self, cluster: Cluster, machine: machines.Machine, log: Program) -> None:
        super().__init__(cluster)
        self.machine = machine
        self.log = log
        self.mounts: dict[str, list[Mount]] = {}
        """Pod uid -> its volumes. It outlives the process: it is read back from the folders of the pods."""
        self.staged: dict[str, Object] = {}
        """UniqueName -> volume, of what is mounted for the node. It outlives the process as well."""
        self.attached: set[str] = set()
        """UniqueNames that it has seen attached, until they are unstaged."""
        self.ending: set[str] = set()
        """Uids of pods that are on their way out, or gone."""
        self.orphans: set[str] = set()
        """Uids of pods whose folders cannot be cleaned up."""
        self.simulation.after(1.5, lambda: self.go(self._report()))

    # -- pods ---------------------------------------------------------------------------------------------------------

    def on_change(self, changed: Object) -> None:
        uid = uid_of(changed)
        if not self.is_running or changed["spec"].get("nodeName") != self.machine.name:
            return
        is_gone = not self.api.is_there(changed)
        if uid in self.ending or (is_gone and uid not in self.mounts):
            return
        if uid not in self.mounts and changed["metadata"]["namespace"] == self.cluster.namespace:
            self.mounts[uid] = []
            self.go(self._start(changed))
        elif is_gone or (is_deleting(changed) and uid in self.mounts):
            self.ending.add(uid)
            self.go(self._end(changed))

    def start(self) -> None:
        self.ending.clear()
        # What no pod's folder tells of, it does not know: a volume that was staged only is not in use any more.
        self.attached = {each.unique_name for mounts in self.mounts.values() for each in mounts if each.is_mounted}
        for pod in self.api.all("Pod"):
            if uid_of(pod) in self.mounts and pod["status"]["phase"] == "Pending":
                del self.mounts[uid_of(pod)]
        super().start()
        for mounts in list(self.mounts.values()):
            if mounts and not self.api.is_there(mounts[0].pod):
                self.on_change(mounts[0].pod)
        self.go(self._report())

    def _report(self) -> Process:
        """Write the node's status when it changes, and now and then a line."""
        while True:
            self.log.say("kubelet.go:2771", "SyncLoop (SYNC) pods", total=len(self.mounts), pods=[])
            for _ in range(6):
                yield STATUS_S * self.simulation.spread(0.9, 1.1)
                self.report()

    def report(self) -> None:
        """volumesInUse is what is to be mounted or still is; Ready is written after an absence."""
        node = self.machine.node
        in_use = {each.unique_name for mounts in self.mounts.values() for each in mounts if each.is_csi}
        node["status"]["volumesInUse"] = sorted(in_use | self.attached)
        if node["status"]["conditions"][0]["status"] != "True":
            node["status"]["conditions"] = [machines.ready(self.simulation.second(), "True")]
        self.api.update(node)

    def _start(self, pod: Object) -> Process:
        yield self.simulation.spread(0.01, 0.05)
        self._status(pod, "Pending", {"waiting": {"reason": "ContainerCreating"}})
        mounts = yield from self._look_up(pod)
        if mounts is None:
            return
        self.mounts[uid_of(pod)] = mounts
        self.log.say("volume_manager.go:409", "Waiting for volumes to attach and mount for pod", pod=name_of(pod))
        for mount in mounts:
            self.go(self._mount(mount))
        yield from self._wait(pod, mounts)
        if uid_of(pod) in self.ending or not self.api.is_there(pod) or is_deleting(pod):
            return
        self.log.say("volume_manager.go:470", "All volumes are attached and mounted for pod", pod=name_of(pod))
        yield self.simulation.spread(0.1, 0.4)
        if is_deleting(pod) or not self.api.is_there(pod):
            return
        for reason, message in (
            ("Pulled", 'Container image "busybox:1.38" already present on machine and can be accessed by the pod'),
            ("Created", "Container created"),
            ("Started", "Container started"),
        ):
            self._event(pod, reason, message, field="spec.containers{app}")
        self._status(pod, "Running", {"running": {"startedAt": self.simulation.second()}})
        self.go(self._expand(pod, mounts))

    def _look_up(
        self, pod: Object
    ) -> Process:  # its value: the volumes, or None if the pod is to go before they are known
        """`pkg/kubelet/volumemanager/populator`: a claim that is not bound is asked for again and again."""
        waited = 0.0
        while self.api.is_there(pod) and not is_deleting(pod):
            mounts, why = [], ""
            for each in pod["spec"]["volumes"]:
                if not (source := each.get("persistentVolumeClaim")):
                    mounts.append(Mount(pod, each["name"], None, each))
                    continue
                namespace = pod["metadata"]["namespace"]
                claim = self.api.get("PersistentVolumeClaim", source["claimName"], namespace)
                if claim is None or COMPLETED not in claim["metadata"].get("annotations", {}):
                    why = f"error processing PVC {namespace}/{source['claimName']}: PVC is not bound"
                    break
                volume = self.api.get("PersistentVolume", claim["spec"]["volumeName"])
                mounts.append(Mount(pod, each["name"], volume, each))
            if not why:
                return mounts
            yield 1.0
            waited += 1.0
            if waited % 15 == 1:
                names = " ".join(each["name"] for each in pod["spec"]["volumes"])
                text = f"unmounted volumes=[{names}], unattached volumes=[], failed to process volumes=[{names}]: {why}"
                self._event(pod, "FailedMount", f"Unable to attach or mount volumes: {text}", type="Warning")
        self.mounts.pop(uid_of(pod), None)
        return None

    def _wait(self, pod: Object, mounts: list[Mount]) -> Process:
        waited = 0.0
        while not all(each.is_mounted for each in mounts):
            yield 0.5
            waited += 0.5
            if is_deleting(pod) or not self.api.is_there(pod):
                return
            if waited % SYNC_TIMEOUT_S == 0:
                missing = [each for each in mounts if not each.is_mounted]
                unmounted = " ".join(each.name for each in missing)
                unattached = " ".join(
                    each.name for each in missing if each.is_csi and each.unique_name not in self.attached
                )
                lists = f"unmounted volumes=[{unmounted}], unattached volumes=[{unattached}]"
                err = f"{lists}, failed to process volumes=[]: context deadline exceeded"
                keys = {"err": err, "pod": name_of(pod), "podUID": uid_of(pod)}
                self.log.say("pod_workers.go:1324", "Error syncing pod, skipping", "E", **keys)

    def _end(self, pod: Object) -> Process:
        uid = uid_of(pod)
        is_running = pod["status"]["phase"] == "Running"
        if is_running:
            self._event(pod, "Killing", "Stopping container app", field="spec.containers{app}")
            grace = pod["metadata"].get("deletionGracePeriodSeconds", 30)
            yield self.simulation.spread(0.3, 0.9) * max(1, min(grace, 3))
            ended = {"exitCode": 137, "reason": "Error", "finishedAt": self.simulation.second()}
            self._status(pod, "Failed", {"terminated": ended})
        if uid in self.orphans:
            yield from self._tell_orphan(self.mounts[uid][0])
        for mount in self.mounts.get(uid, []):
            yield from self._unmount(mount)
        for mount in self.mounts.pop(uid, []):
            self.go(self._unstage(mount))
        if self.api.is_there(pod):
            yield self.simulation.spread(0.1, 0.6)
            pod["metadata"] |= {"deletionTimestamp": self.simulation.second(), "deletionGracePeriodSeconds": 0}
            self.api.update(pod)
            yield 0.005
            self.api.delete(pod)

    def _status(self, pod: Object, phase: str, state: Object) -> None:
        if not self.api.is_there(pod):
            return
        is_running = "running" in state
        conditions = [each for each in pod["status"].get("conditions", []) if each["type"] == "PodScheduled"]
        now = self.simulation.second()
        condition = {"type": "Ready", "status": "True" if is_running else "False", "lastTransitionTime": now}
        container = {"name": "app", "state": state, "lastState": {}, "ready": is_running, "restartCount": 0}
        pod["status"] |= {
            "phase": phase,
            "conditions": [*conditions, condition],
            "startTime": pod["status"].get("startTime", now),
            "containerStatuses": [container],
        }
        self.api.update(pod)

    def _event(self, about: Object, reason: str, message: str, type: str = "Normal", field: str = "") -> None:
        self.cluster.events.send(about, reason, message, "kubelet", type=type, host=self.machine.name, field=field)

    # -- mounting -----------------------------------------------------------------------------------------------------

    def _mount(self, mount: Mount) -> Process:
        pod = mount.pod
        if mount.is_csi:
            yield from self._see_attached(mount)
        while uid_of(pod) not in self.ending and self.api.is_there(pod) and not is_deleting(pod):
            try:
                if mount.is_csi:
                    self._check_attachment(mount)
                    yield from self._stage(mount)
                yield from self._set_up(mount)
            except MountError as error:
                what, _, why = str(error).partition(" : ")
                self._event(pod, "FailedMount", f'{what} for volume "{mount.spec_name}" : {why}', type="Warning")
                yield self._failed(mount, f"{what} {mount.told}: {why}")
                continue
            mount.is_mounted, mount.failures = True, 0
            self.log.say("operation_generator.go:617", f"MountVolume.SetUp succeeded {mount.told}", pod=name_of(pod))
            return

    def _see_attached(self, mount: Mount) -> Process:
        """It backs off silently until the node's status lists the volume (VerifyControllerAttachedVolume)."""
        name, pause, node = mount.unique_name, 0.5, self.machine.node
        yield self.simulation.spread(0.1, 0.4)
        while not (
            name in node["status"].get("volumesInUse", ())
            and any(each["name"] == name for each in node["status"].get("volumesAttached", ()))
        ):
            if uid_of(mount.pod) in self.ending or not self.api.is_there(mount.pod):
                return
            yield pause
            pause = min(pause * 2, 122.0)
        keys = {"pod": name_of(mount.pod)}
        started = f"operationExecutor.VerifyControllerAttachedVolume started {mount.told}"
        self.log.say("reconciler_common.go:251", started, **keys)
        yield 0.005
        self.attached.add(name)
        self.log.say("operation_generator.go:1466", f'Controller attach succeeded {mount.told}device path: ""', **keys)
        yield 0.1
        self.log.say("reconciler_common.go:225", f"operationExecutor.MountVolume started {mount.told}", **keys)

    def _check_attachment(self, mount: Mount) -> None:
        name = machines.attachment_name(mount.volume, self.machine.name)
        if self.api.get("VolumeAttachment", name) is None:
            handle = mount.volume["spec"]["csi"]["volumeHandle"]
            missing = f'volumeattachments.storage.k8s.io "{name}" not found'
            raise MountError(
                "MountVolume.WaitForAttach failed : "
                f"volume {handle} has GET error for volume attachment {name}: {missing}"
            )
        for stage, end in (("entering", 'DevicePath ""'), ("succeeded", f'DevicePath "{name}"')):
            source = f"operation_generator.go:{516 if stage == 'entering' else 526}"
            told = f"MountVolume.WaitForAttach {stage} {mount.told}{end}"
            self.log.say(source, told, pod=name_of(mount.pod))

    def _stage(self, mount: Mount) -> Process:
        if mount.unique_name in self.staged:
            return
        path = machines.staging_path(mount.volume)
        error = "kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient"
        self._require_driver(mount, "MountVolume.MountDevice failed", error)
        keys = {"volID": self._request(mount)["volume_id"], "stagingTargetPath": path}
        self.log.say("csi_client.go:397", "kubernetes.io/csi: calling NodeStageVolume rpc", **keys)
        request = {**self._request(mount), "staging_target_path": path, "volume_capability": capability(mount.volume)}
        try:
            yield from self.machine.call("/csi.v1.Node/NodeStageVolume", request)
        except RpcError as failure:
            raise MountError(f"MountVolume.MountDevice failed : {failure}") from failure
        self.staged[mount.unique_name] = mount.volume
        told = f'MountVolume.MountDevice succeeded {mount.told}device mount path "{path}"'
        self.log.say("operation_generator.go:558", told, pod=name_of(mount.pod))

    def _set_up(self, mount: Mount) -> Process:
        yield self.simulation.spread(0.005, 0.03)
        if mount.volume is None:
            secret = mount.source["secret"]["secretName"]
            if secret not in self.cluster.secrets:
                raise MountError(f'MountVolume.SetUp failed : secret "{secret}" not found')
            return
        if not mount.is_csi:
            yield from self.cluster.mount_nfs(mount.volume, mount.path)
            return
        for other in (each for mounts in self.mounts.values() for each in mounts if each.is_mounted):
            if other.unique_name == mount.unique_name and _label(other.pod) != _label(mount.pod):
                text = "because it is already mounted to a different pod with a different SELinux label"
                raise MountError(
                    f'MountVolume.SetUp failed : waiting for unmount of volume "{mount.spec_name}", {text}'
                )
        claim = mount.volume["spec"]["claimRef"]
        if mount.volume["spec"]["accessModes"] == ["ReadWriteOncePod"] and any(
            each.is_mounted and each is not mount and each.volume and each.volume["spec"].get("claimRef") == claim
            for mounts in self.mounts.values()
            for each in mounts
        ):
            text = "volume uses the ReadWriteOncePod access mode and is already in use by another pod"
            raise MountError(f"MountVolume.SetUp failed : {text}")
        self._require_driver(
            mount, "MountVolume.SetUp failed", "kubernetes.io/csi: mounter.SetUpAt failed to get CSI client"
        )
        keys = {"volID": self._request(mount)["volume_id"], "targetPath": mount.path}
        self.log.say("csi_client.go:225", "kubernetes.io/csi: calling NodePublishVolume rpc", **keys)
        staging = machines.staging_path(mount.volume)
        request = {
            **self._request(mount),
            "staging_target_path": staging,
            "target_path": mount.path,
            "volume_capability": capability(mount.volume),
        }
        try:
            yield from self.machine.call("/csi.v1.Node/NodePublishVolume", request)
        except RpcError as failure:
            raise MountError(f"MountVolume.SetUp failed : {failure}") from failure
        yield from self._change_owner(mount)

    def _change_owner(self, mount: Mount) -> Process:
        """`pkg/volume/volume_linux.go`, ChangeOwnership: it tells of its progress after 30 s, then each minute."""
        files = self.cluster.driver.files.get(self._request(mount)["volume_id"], 0)
        if "fsGroup" not in mount.pod["spec"].get("securityContext", {}):
            return
        left, done, pause = files / FILES_PER_S, 0.0, 30.0
        about = f"{uid_of(mount.pod)}/volumes/kubernetes.io~csi/{mount.spec_name}/mount"
        told = f"Setting volume ownership for {about} is taking longer than expected, consider using OnRootMismatch - "
        told += "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/"
        told += "#configure-volume-permission-and-ownership-change-policy-for-pods"
        while left > pause:
            yield pause
            left, done = left - pause, done + pause
            counted = f", processed {round(done * FILES_PER_S)} files." if done > 30 else ""
            self._event(mount.pod, "VolumePermissionChangeInProgress", told + counted, type="Warning")
            pause = 60.0
        yield left

    def _expand(self, pod: Object, mounts: list[Mount]) -> Process:
        """The node's half of an expansion, at the pod's next sync (`operation_generator.go`, nodeExpandVolume)."""
        while self.api.is_there(pod) and not is_deleting(pod):
            yield self.simulation.spread(60.0, 90.0)
            for claim in self.cluster.claims_of(pod):
                statuses = claim["status"].get("allocatedResourceStatuses", {})
                mount = next(
                    (each for each in mounts if each.volume and each.spec_name == claim["spec"]["volumeName"]), None
                )
                if statuses.get("storage") not in ("NodeResizePending", "NodeResizeInProgress") or mount is None:
                    continue
                statuses["storage"] = "NodeResizeInProgress"
                self.api.update(claim)
                size = mount.volume["spec"]["capacity"]["storage"]
                request = {**self._request(mount), "capacity_range": {"required_bytes": to_bytes(size)}}
                try:
                    yield from self.machine.call("/csi.v1.Node/NodeExpandVolume", request)
                except RpcError as error:
                    text = f'MountVolume.NodeExpandVolume failed for volume "{mount.spec_name}" : {error}'
                    self._event(pod, "VolumeResizeFailed", text, type="Warning")
                    continue
                claim["status"]["capacity"]["storage"] = size
                claim["status"].pop("conditions", None)
                claim["status"].pop("allocatedResourceStatuses", None)
                self.api.update(claim)
                text = f'MountVolume.NodeExpandVolume succeeded for volume "{mount.spec_name}" {self.machine.name}'
                self._event(pod, "FileSystemResizeSuccessful", text)
                self._event(claim, "FileSystemResizeSuccessful", text)

    # -- unmounting ---------------------------------------------------------------------------------------------------

    def _unmount(self, mount: Mount) -> Process:
        uid = uid_of(mount.pod)
        if not mount.is_mounted or mount.volume is None:
            return
        name = mount.unique_name
        about = f'for volume "{name}" (UniqueName: "{name}") pod "{uid}" (UID: "{uid}") '
        while True:
            self.log.say("reconciler_common.go:163", f"operationExecutor.UnmountVolume started {about}")
            try:
                yield from self._tear_down(mount)
            except MountError as error:
                yield self._failed(mount, f"UnmountVolume.TearDown failed {about}: {error}")
                continue
            mount.is_mounted, mount.failures = False, 0
            plugin = name.partition("/")[0] + "/" + name.split("/")[1]
            told = f'UnmountVolume.TearDown succeeded for volume "{name}" pod "{uid}" (UID: "{uid}"). '
            told += f'InnerVolumeSpecName "{mount.spec_name}". PluginName "{plugin}", VolumeGIDValue ""'
            self.log.write("operation_generator.go:782", told)
            return

    def _tear_down(self, mount: Mount) -> Process:
        if not mount.is_csi:
            yield from self.cluster.unmount_nfs(mount.volume)
            return
        error = "kubernetes.io/csi: Unmounter.TearDownAt failed"
        self._require_driver(mount, "", f"{error} to get CSI client")
        request = {"volume_id": self._request(mount)["volume_id"], "target_path": mount.path}
        keys = {"volID": request["volume_id"], "targetPath": mount.path}
        self.log.say("csi_client.go:360", "kubernetes.io/csi: calling NodeUnpublishVolume rpc", **keys)
        try:
            yield from self.machine.call("/csi.v1.Node/NodeUnpublishVolume", request)
        except RpcError as failure:
            raise MountError(f"{error}: {failure}") from failure

    def _tell_orphan(self, mount: Mount) -> Process:
        """`pkg/kubelet/kubelet_volumes.go`, cleanupOrphanedPodDirs."""
        uid = uid_of(mount.pod)
        err = f'orphaned pod "{uid}" found, but failed to rmdir() volume at path {mount.path}: directory not empty'
        told = "There were many similar errors. Turn up verbosity to see them."
        while uid in self.orphans:
            yield 2.0
            self.log.say("kubelet_volumes.go:276", told, "E", err=err, numErrs=1)

    def _unstage(self, mount: Mount) -> Process:
        name, node = mount.unique_name, self.machine.name
        if not mount.is_csi or any(each.unique_name == name for mounts in self.mounts.values() for each in mounts):
            return
        about = f'for volume "{mount.spec_name}" (UniqueName: "{name}") on node "{node}" '
        path = machines.staging_path(mount.volume)
        yield 0.1
        while name in self.staged:
            self.log.say("reconciler_common.go:292", f"operationExecutor.UnmountDevice started {about}")
            request = {"volume_id": self._request(mount)["volume_id"], "staging_target_path": path}
            keys = {"volID": request["volume_id"], "stagingTargetPath": path}
            try:
                if others := self.cluster.driver.leaked.get((node, request["volume_id"])):
                    references = f'the device mount path "{path}" is still mounted by other references [{others}]'
                    raise MountError(f"GetDeviceMountRefs check failed {about}: {references}")
                self._require_driver(
                    mount, "", "kubernetes.io/csi: attacher.UnmountDevice failed to create newCsiDriverClient"
                )
                self.log.say("csi_client.go:457", "kubernetes.io/csi: calling NodeUnstageVolume rpc", **keys)
                yield from self.machine.call("/csi.v1.Node/NodeUnstageVolume", request)
            except (MountError, RpcError) as error:
                text = str(error)
                prefix = "" if text.startswith("GetDeviceMountRefs") else f"UnmountDevice failed {about}: "
                yield self._failed(mount, f"{prefix}{text}", of_pod=False)
                continue
            del self.staged[name]
            self.log.write("operation_generator.go:895", f"UnmountDevice succeeded {about}")
        self.attached.discard(name)
        device = machines.attachment_name(mount.volume, node)
        self.log.say("reconciler_common.go:299", f'Volume detached {about}DevicePath "{device}"')

    # -- helpers ------------------------------------------------------------------------------------------------------

    def _failed(self, mount: Mount, error: str, of_pod: bool = True) -> float:
        """The line about a failure, and the seconds until the next try (`goroutinemap/exponentialbackoff`)."""
        delay = min(0.5 * 2**mount.failures, 122.0)
        mount.failures += 1
        until = self.simulation.instant + timedelta(seconds=delay)
        pod = uid_of(mount.pod) if of_pod else ""
        told = f'Operation for "{{volumeName:{mount.unique_name} podName:{pod} nodeName:}}" failed. '
        told += f"No retries permitted until {until:%Y-%m-%d %H:%M:%S.%f}000 +0000 UTC m=+{self.simulation.now:.9f} "
        self.log.write(OPERATION, f"{told}(durationBeforeRetry {_duration(delay)}). Error: {error}", "E")
        return delay + self.simulation.spread(0.0, 0.1)

    def _request(self, mount: Mount) -> dict[str, Any]:
        return {"volume_id": mount.volume["spec"]["csi"]["volumeHandle"]}

    def _require_driver(self, mount: Mount, what: str, error: str) -> None:
        driver = mount.volume["spec"]["csi"]["driver"]
        if driver != self.cluster.driver.name or not self.machine.is_registered:
            text = f"{error}: driver name {driver} not found in the list of registered CSI drivers"
            raise MountError(f"{what} : {text}" if what else text)


def _label(pod: Object) -> Any:
    return pod["spec"].get("securityContext", {}).get("seLinuxOptions")


def _duration(seconds: float) -> str:
    """As Go prints it: 500ms, 2s, 1m4s."""
    if seconds < 1:
        return f"{seconds * 1000:.0f}ms"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
