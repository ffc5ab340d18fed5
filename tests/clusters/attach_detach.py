"""The attach/detach controller of kube-controller-manager."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from clusters.api_server import Object, is_deleting
from clusters.controller import Controller
from clusters.machine import attachment_name, unique_name
from clusters.simulation import Process

if TYPE_CHECKING:
    from cluster import Cluster

FORCE_AFTER_S, ATTACH_TIMEOUT_S = 360.0, 120.0
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
BY = "attachdetach-controller"
Place = tuple[str, str]
"""A volume's name and a node's."""


class AttachDetach(Controller):
    """`pkg/controller/volume/attachdetach/reconciler/reconciler.go`: makes attached what scheduled pods want."""

    kinds = ("Pod", "PersistentVolumeClaim", "VolumeAttachment", "Node")

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.unlisted: set[str] = set()
        """Nodes whose status it does not get to write."""
        self._is_due = False
        self._attached: dict[Place, Object] = {}
        """Where a volume is, or may be, attached -> its VolumeAttachment."""
        self._told: set[Place] = set()
        """Of what a Multi-Attach error has been told."""
        self._unwanted_since: dict[Place, float] = {}
        self.go(self._tick())

    def on_change(self, changed: Object) -> None:
        if not self._is_due:
            self._is_due = True
            self.simulation.after(0.1, self._reconcile)

    def _tick(self) -> Process:
        while True:
            yield 5.0
            self.on_change({})

    # -- one round ----------------------------------------------------------------------------------------------------

    def _reconcile(self) -> None:
        self._is_due = False
        wanted = dict(self._wanted())
        self._forget_gone()
        for place in [each for each in self._attached if each not in wanted]:
            self._detach(place)
        for place, (volume, pod) in wanted.items():
            self._unwanted_since.pop(place, None)
            if place not in self._attached:
                self._attach(place, volume, pod)
        self._told &= wanted.keys()

    def _wanted(self) -> Iterator[tuple[Place, tuple[Object, Object]]]:
        for pod in self.api.all("Pod"):
            node = pod["spec"].get("nodeName")
            if node is None or pod["status"]["phase"] in ("Succeeded", "Failed"):
                continue
            for claim in self.cluster.claims_of(pod):
                volume = self.api.get("PersistentVolume", claim["spec"].get("volumeName", ""))
                if volume and claim["status"]["phase"] == "Bound" and "csi" in volume["spec"]:
                    yield (volume["metadata"]["name"], node), (volume, pod)

    def _forget_gone(self) -> None:
        for place, attachment in list(self._attached.items()):
            if not self.api.is_there(attachment):
                del self._attached[place]
                self._unwanted_since.pop(place, None)
                self._list(place[1])

    def _list(self, node_name: str, without: Place | None = None) -> None:
        """Write what is attached into the node's status."""
        if (node := self.api.get("Node", node_name)) is None:
            return
        names = []
        for place, attachment in self._attached.items():
            is_attached = attachment.get("status", {}).get("attached") and place != without
            if place[1] == node_name and is_attached and not is_deleting(attachment):
                volume = self.api.get("PersistentVolume", place[0])
                names += [unique_name(volume)] if volume else []
        if node_name not in self.unlisted:
            node["status"]["volumesAttached"] = [{"name": each, "devicePath": ""} for each in sorted(names)]
            self.api.update(node)

    # -- attaching ----------------------------------------------------------------------------------------------------

    def _attach(self, place: Place, volume: Object, pod: Object) -> None:
        exclusive = not {"ReadWriteMany", "ReadOnlyMany"} & set(volume["spec"]["accessModes"])
        others = [other[1] for other in self._attached if other[0] == place[0]]
        if exclusive and others:
            if place not in self._told:
                self._told.add(place)
                self._tell_multi_attach(place, pod)
            return
        name = attachment_name(volume, place[1])
        attachment = self.api.get("VolumeAttachment", name)
        if attachment is not None and is_deleting(attachment):
            return
        if attachment is None:
            attachment = self.api.create(
                "VolumeAttachment",
                name,
                spec={
                    "attacher": volume["spec"]["csi"]["driver"],
                    "source": {"persistentVolumeName": place[0]},
                    "nodeName": place[1],
                },
                status={"attached": False},
            )
        self._attached[place] = attachment
        self.go(self._see_through(place, attachment, volume, pod))

    def _tell_multi_attach(self, place: Place, pod: Object) -> None:
        users = [
            each["metadata"]["name"]
            for each in self.api.all("Pod")
            if each is not pod
            and each["spec"].get("nodeName") not in (None, place[1])
            and any(claim["spec"].get("volumeName") == place[0] for claim in self.cluster.claims_of(each))
        ]
        used = f"Volume is already used by pod(s) {', '.join(users)}"
        exclusively = "Volume is already exclusively attached to one node and can't be attached to another"
        text = f'Multi-Attach error for volume "{place[0]}" {used if users else exclusively}'
        self.cluster.events.send(pod, "FailedAttachVolume", text, BY, type="Warning")

    def _see_through(self, place: Place, attachment: Object, volume: Object, pod: Object) -> Process:
        """Wait until it is attached; after a failure look again, later each time, while it is wanted."""
        pause = 0.5
        while self._attached.get(place) is attachment and not is_deleting(attachment):
            error = yield from self._wait_for_attach(attachment, volume["spec"]["csi"])
            if is_deleting(attachment):
                return
            if error is None:
                self._list(place[1])
                text = f'AttachVolume.Attach succeeded for volume "{place[0]}" '
                self.cluster.events.send(pod, "SuccessfulAttachVolume", text, BY)
                return
            text = f'AttachVolume.Attach failed for volume "{place[0]}" : {error}'
            self.cluster.events.send(pod, "FailedAttachVolume", text, BY, type="Warning")
            yield pause
            pause = min(2 * pause, 122.0)

    def _wait_for_attach(self, attachment: Object, csi: Object) -> Generator[float, None, str | None]:
        """What comes of it within two minutes: an error, or None (`pkg/volume/csi/csi_attacher.go`)."""
        waited = 0.0
        while waited < ATTACH_TIMEOUT_S:
            yield 0.2
            waited += 0.2
            status = attachment["status"]
            if status["attached"] or is_deleting(attachment):
                return None
            if error := status.get("attachError"):
                return str(error["message"])
        driver, handle = csi["driver"], csi["volumeHandle"]
        return f"timed out waiting for external-attacher of {driver} CSI driver to attach volume {handle}"

    # -- detaching ----------------------------------------------------------------------------------------------------

    def _detach(self, place: Place) -> None:
        attachment = self._attached[place]
        if is_deleting(attachment) or not self.api.is_there(attachment):
            return
        since = self._unwanted_since.setdefault(place, self.simulation.now)
        node = self.api.get("Node", place[1])
        if node is not None and not self._may_go(place, node, since):
            return
        # The node's status first, then the VolumeAttachment.
        self._list(place[1], without=place)
        self.simulation.after(0.02, lambda: self.api.delete(attachment))

    def _may_go(self, place: Place, node: Object, since: float) -> bool:
        volume = self.api.get("PersistentVolume", place[0])
        if volume is None or unique_name(volume) not in node["status"].get("volumesInUse", ()):
            return True
        if any(each["key"] == OUT_OF_SERVICE for each in node["spec"].get("taints", ())):
            return True
        is_healthy = node["status"]["conditions"][0]["status"] == "True"
        return not is_healthy and self.simulation.now - since >= FORCE_AFTER_S
