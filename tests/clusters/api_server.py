"""The API server: keeps the objects, numbers their versions, tells its watchers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple
from zlib import crc32

import msgspec
from clusters.simulation import Simulation

Object = dict[str, Any]
"""An object as JSON has it. There is one of each, alive: what changes it then calls `update`."""

SERVERS = 1_000_000
STREAMS = {
    "StorageClass": "storage.k8s.io/v1/storageclasses",
    "VolumeAttributesClass": "storage.k8s.io/v1/volumeattributesclasses",
    "CSIDriver": "storage.k8s.io/v1/csidrivers",
    "CSINode": "storage.k8s.io/v1/csinodes",
    "CSIStorageCapacity": "storage.k8s.io/v1/csistoragecapacities",
    "PersistentVolume": "v1/persistentvolumes",
    "PersistentVolumeClaim": "v1/persistentvolumeclaims",
    "VolumeAttachment": "storage.k8s.io/v1/volumeattachments",
    "VolumeSnapshotClass": "snapshot.storage.k8s.io/v1/volumesnapshotclasses",
    "VolumeSnapshotContent": "snapshot.storage.k8s.io/v1/volumesnapshotcontents",
    "VolumeSnapshot": "snapshot.storage.k8s.io/v1/volumesnapshots",
    "Node": "v1/nodes",
    "StatefulSet": "apps/v1/statefulsets",
    "Pod": "v1/pods",
    "Lease": "coordination.k8s.io/v1/leases",
    "Event": "v1/events",
}
"""Kind -> the stream that a recorder watches it as."""


class Observation(NamedTuple):
    """A version of an object, as a watch sends it."""

    revision: int
    stream: str
    type: str
    key: tuple[str | None, str]
    """Namespace and name."""
    text: bytes

    @property
    def written_at(self) -> float:
        """Seconds since the begin; in the order of revisions, over all servers."""
        return self.revision // SERVERS / 1e6


class ApiServer:
    """The objects of a cluster and every version that they had."""

    def __init__(self, simulation: Simulation, name: str) -> None:
        """`name` sets this server's revisions apart from those of others in the same trace."""
        self.observations: list[Observation] = []
        self._simulation = simulation
        self._number = crc32(name.encode()) % SERVERS
        self._written = 0
        self._objects: dict[str, dict[tuple[str | None, str], Object]] = defaultdict(dict)
        self._texts: dict[str, bytes] = {}
        self._watchers: dict[str, list[Callable[[Object], None]]] = defaultdict(list)

    # -- reading ------------------------------------------------------------------------------------------------------

    def get(self, kind: str, name: str, namespace: str | None = None) -> Object | None:
        return self._objects[kind].get((namespace, name))

    def all(self, kind: str) -> list[Object]:
        return list(self._objects[kind].values())

    def is_there(self, found: Object) -> bool:
        """Whether this very object, not another of its name, exists."""
        return self._objects[found["kind"]].get(_key(found)) is found

    def watch(self, kind: str, handler: Callable[[Object], None]) -> None:
        """Call `handler` a little after each change of an object, its deletion included."""
        self._watchers[kind].append(handler)

    # -- writing ------------------------------------------------------------------------------------------------------

    def create(
        self, kind: str, name: str, namespace: str | None = None, *, meta: Object | None = None, **parts: Any
    ) -> Object:
        """A new object; `meta` is what its metadata holds beside the usual, `parts` are spec, status and the like."""
        group, version, _ = ("/" + STREAMS[kind]).rsplit("/", 2)
        place = {"namespace": namespace} if namespace else {}
        made: Object = {
            "kind": kind,
            "apiVersion": f"{group[1:]}/{version}".removeprefix("/"),
            "metadata": {
                "name": name,
                **place,
                "uid": self._simulation.uid(),
                "resourceVersion": "",
                "creationTimestamp": self._simulation.second(),
                **(meta or {}),
            },
            **parts,
        }
        assert (namespace, name) not in self._objects[kind], f"{kind} {name} exists"
        self._objects[kind][namespace, name] = made
        self._write("ADDED", made)
        return made

    def update(self, changed: Object) -> None:
        """Write the object as it is now; a version that is like the one before is none, as with a real server."""
        if self.is_there(changed) and msgspec.json.encode(changed) != self._texts[changed["metadata"]["uid"]]:
            self._write("MODIFIED", changed)

    def delete(self, found: Object, grace: int = 0) -> None:
        """Ask for its deletion: it goes at once unless a finalizer or a grace period holds it."""
        meta = found["metadata"]
        if not self.is_there(found):
            return
        if meta.get("finalizers") or grace:
            if "deletionTimestamp" not in meta:
                meta["deletionTimestamp"] = self._simulation.second(grace)
                meta["deletionGracePeriodSeconds"] = grace
                self.update(found)
            return
        self._remove(found)

    def release(self, found: Object, finalizer: str) -> None:
        """Take a finalizer off; the last one of an object that is being deleted lets it go."""
        meta = found["metadata"]
        if not self.is_there(found) or finalizer not in meta.get("finalizers", ()):
            return
        left = [each for each in meta["finalizers"] if each != finalizer]
        if left or "deletionTimestamp" not in meta:
            meta["finalizers"] = left
            if not left:
                del meta["finalizers"]
            self.update(found)
        else:
            self._remove(found)

    def _remove(self, found: Object) -> None:
        del self._objects[found["kind"]][_key(found)]
        self._write("DELETED", found)

    def _write(self, kind_of_change: str, written: Object) -> None:
        # Revisions follow the clock, so that those of clusters in the same trace tell one order.
        self._written = max(self._written + 1, round(self._simulation.now * 1e6))
        revision = self._written * SERVERS + self._number
        meta = written["metadata"]
        meta["resourceVersion"] = str(revision)
        text = msgspec.json.encode(written)
        self._texts[meta["uid"]] = text
        stream = STREAMS[written["kind"]]
        key = _key(written)
        self.observations.append(Observation(revision, stream, kind_of_change, key, text))
        for handler in self._watchers[written["kind"]]:
            self._simulation.after(self._simulation.spread(0.002, 0.012), partial(handler, written))


def _key(found: Object) -> tuple[str | None, str]:
    return found["metadata"].get("namespace"), found["metadata"]["name"]


def name_of(found: Object) -> str:
    """`namespace/name`, or the name of what is in no namespace."""
    meta = found["metadata"]
    return f"{meta['namespace']}/{meta['name']}" if "namespace" in meta else str(meta["name"])


def uid_of(found: Object) -> str:
    return str(found["metadata"]["uid"])


def is_deleting(found: Object) -> bool:
    return "deletionTimestamp" in found["metadata"]
