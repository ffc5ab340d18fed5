"""A model of a cluster's storage controllers, for tests: each program does and says what the real one would.

    cluster = Cluster(seed=1)
    claim = cluster.claim("data")
    pod = cluster.pod("web", ["data"])
    cluster.run(seconds=60)
    truth = inject(cluster, "F28", "f1")        # clusters/faults.py
    cluster.run(seconds=900)
    path = record(tmp_path / "x.trace", [cluster])

Time is virtual, and all chance comes from the seed: the same calls make the same trace, byte for byte. What is said is
shaped as in a capture of Kubernetes 1.36 with current sidecars (shared/real); the programs are in `clusters/`, a file
each, and are told to do wrong by what is wrong around them (a driver that answers with an error, a machine that is
off), never by the finding that is to come of it.

What it leaves out: everything but storage; kube-controller-manager's and kube-scheduler's own logs; static provisioning
by the scheduler; quotas and populators.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from heapq import merge
from pathlib import Path
from typing import Any

from clusters.api_server import STREAMS, ApiServer, Object, Observation
from clusters.attach_detach import AttachDetach
from clusters.attacher import Attacher
from clusters.binder import PV_PROTECTION, PVC_PROTECTION, Binder, Protection, claim_spec
from clusters.driver import Driver
from clusters.events import Events
from clusters.kubelet import MountError
from clusters.machine import Machine
from clusters.node_lifecycle import NodeLifecycle
from clusters.plugin import PluginPod, Sidecar
from clusters.programs import Line
from clusters.provisioner import Provisioner
from clusters.resizer import Resizer
from clusters.scheduler import Scheduler
from clusters.simulation import BEGIN, Process, Simulation
from clusters.snapshotter import Snapshotter

from tracer.clock import rfc3339_us
from tracer.ndjson.importing import import_ndjson

BEGIN_US = round(BEGIN.timestamp() * 1e6)
HEARD_AFTER_S, READ_AFTER_S = 0.003, 0.004
"""After a write, or a line, its recorder has it."""
DEDICATED = "example.com/dedicated"
SIDECARS: tuple[type[Sidecar], ...] = (Provisioner, Attacher, Resizer, Snapshotter)


class Cluster:
    """One cluster: three nodes in two zones, one CSI driver, a namespace with what is asked for here."""

    def __init__(self, seed: int = 1, name: str = "shop", *, tracks_capacity: bool = False) -> None:
        """`name` (a DNS label) is its namespace, and in the name of all that has none: clusters of different names can
        be recorded into one trace."""
        self.name = self.namespace = name
        self.plugin_namespace = f"{name}-storage"
        self.simulation = Simulation(f"{name} {seed}")
        self.lines: list[Line] = []
        self.api = ApiServer(self.simulation, name)
        self.events = Events(self.api, self.simulation)
        self.driver = Driver(self, f"{name}.csi.example.com", tracks_capacity=tracks_capacity)
        self.zone_key = f"topology.{self.driver.name}/zone"
        self.secrets: set[str] = set()
        self.hung_servers: set[str] = set()
        """NFS servers that do not answer."""
        self.classes: list[str] = []
        self._build()

    def _build(self) -> None:
        self.api.create(
            "CSIDriver", self.driver.name, spec={"attachRequired": True, "storageCapacity": self.driver.tracks_capacity}
        )
        for kind in ("fast", "wffc"):
            self.storage_class(f"{self.name}-{kind}", mode="Immediate" if kind == "fast" else "WaitForFirstConsumer")
        self.machines: dict[str, Machine] = {}
        for zone in "aab":
            self.machine(zone)
        first = next(iter(self.machines))
        containers = ("driver", *(each.container for each in SIDECARS))
        self.controller = PluginPod(self, f"{self.name}-controller", first, containers)
        self.binder = Binder(self)
        self.protection = Protection(self)
        self.scheduler = Scheduler(self)
        self.attach_detach = AttachDetach(self)
        self.node_lifecycle = NodeLifecycle(self)
        self.sidecars = {each.container: each(self, self.controller) for each in SIDECARS}
        self.simulation.run(until=1.0)
        for machine in self.machines.values():
            machine.kubelet.report()
        self.recorded_from = self.simulation.now
        self.simulation.run(until=2.0)

    # -- what users do ------------------------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.simulation.run(self.simulation.now + seconds)

    def at(self, seconds: float, action: Callable[[], Any]) -> None:
        """Do something so many seconds from now."""
        self.simulation.after(seconds, action)

    def when(self, condition: Callable[[], Any], action: Callable[[], Any]) -> None:
        """Do something once, a moment after a condition has come to hold."""

        def look() -> None:
            action() if condition() else self.simulation.after(0.1, look)

        look()

    def machine(self, zone: str = "a", *, dedicated: bool = False) -> Machine:
        """One more node; a dedicated one takes only the pods that are put `on` it."""
        made = Machine(self, f"{self.name}-{len(self.machines) + 1}", zone)
        if dedicated:
            made.node["spec"]["taints"] = [{"key": DEDICATED, "effect": "NoSchedule"}]
            self.api.update(made.node)
        self.machines[made.name] = made
        return made

    def storage_class(
        self, name: str, *, mode: str = "Immediate", provisioner: str = "", policy: str = "Delete"
    ) -> Object:
        parts = {"parameters": {}, "reclaimPolicy": policy, "allowVolumeExpansion": True, "volumeBindingMode": mode}
        self.classes.append(name)
        return self.api.create("StorageClass", name, provisioner=provisioner or self.driver.name, **parts)

    def claim(
        self, name: str, storage_class: str | None = "fast", size: str = "1Gi", mode: str = "ReadWriteOnce", **spec: Any
    ) -> Object:
        """A claim; of a class `fast` or `wffc`, another of this cluster's, any ('nope/x': as it stands), '' or none."""
        own = f"{self.name}-{storage_class}"
        named = own if own in self.classes else storage_class
        return self.api.create(
            "PersistentVolumeClaim",
            name,
            self.namespace,
            meta={"finalizers": [PVC_PROTECTION]},
            spec=claim_spec(size, named, mode, **spec),
            status={"phase": "Pending"},
        )

    def pod(
        self,
        name: str,
        claims: Sequence[str] = (),
        *,
        on: Machine | None = None,
        secrets: Sequence[str] = (),
        grace: int = 30,
        **spec: Any,
    ) -> Object:
        """A pod that mounts claims and secrets, asked for by no controller; `on` selects its node."""
        if on is not None:
            spec["nodeSelector"] = {"kubernetes.io/hostname": on.name}
            spec["tolerations"] = [{"key": DEDICATED, "operator": "Exists"}]
        volumes = [
            {"name": f"d{number}", "persistentVolumeClaim": {"claimName": each}} for number, each in enumerate(claims)
        ]
        volumes += [{"name": each, "secret": {"secretName": each}} for each in secrets]
        mounts = [{"name": each["name"], "mountPath": f"/{each['name']}"} for each in volumes]
        container = {"name": "app", "image": "busybox:1.38", "volumeMounts": mounts}
        given = {"volumes": volumes, "containers": [container], "terminationGracePeriodSeconds": grace, **spec}
        return self.api.create("Pod", name, self.namespace, spec=given, status={"phase": "Pending"})

    def volume(self, name: str, size: str = "1Gi", *, server: str = "", **spec: Any) -> Object:
        """A PersistentVolume made by hand, of a class of its own name: of the driver, or of an NFS server."""
        nfs = {"nfs": {"server": server, "path": f"/{name}"}}
        csi = {"csi": {"driver": self.driver.name, "volumeHandle": f"{name}-handle"}}
        if not server:
            self.driver.sizes[f"{name}-handle"], self.driver.zones[f"{name}-handle"] = 1, "a"
        given = {
            "capacity": {"storage": size},
            **(nfs if server else csi),
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": name,
            "volumeMode": "Filesystem",
            **spec,
        }
        meta = {"finalizers": [PV_PROTECTION]}
        return self.api.create("PersistentVolume", name, meta=meta, spec=given, status={"phase": "Pending"})

    def snapshot(self, name: str, claim: str) -> Object:
        source = {"persistentVolumeClaimName": claim}
        return self.api.create("VolumeSnapshot", name, self.namespace, spec={"source": source})

    def delete(self, found: Object, *, force: bool = False) -> None:
        """As `kubectl delete`; with `force` as `--grace-period=0 --force`."""
        is_placed_pod = found["kind"] == "Pod" and "nodeName" in found["spec"]
        self.api.delete(
            found, grace=found["spec"]["terminationGracePeriodSeconds"] if is_placed_pod and not force else 0
        )

    def attributes_class(self, name: str) -> Object:
        return self.api.create("VolumeAttributesClass", name, driverName=self.driver.name, parameters={"iops": "1000"})

    def modify(self, claim: Object, attributes_class: str) -> None:
        claim["spec"]["volumeAttributesClassName"] = attributes_class
        self.api.update(claim)

    def expand(self, claim: Object, size: str) -> None:
        claim["spec"]["resources"]["requests"]["storage"] = size
        self.api.update(claim)

    # -- what goes wrong beside the driver ----------------------------------------------------------------------------

    def stop_controller(self) -> None:
        """The driver's container in its controller pod ends, and its sidecars after it."""
        self.controller.exit("driver", 137)
        for each in self.sidecars.values():
            if each.is_running:
                each.lose_driver()

    def start_controller(self) -> None:
        self.controller.restart("driver")
        for each in self.sidecars.values():
            each.start()

    def mount_nfs(self, volume: Object, path: str) -> Process:
        """What mount.nfs does. Raises MountError."""
        server, export = volume["spec"]["nfs"]["server"], volume["spec"]["nfs"]["path"]
        if server not in self.hung_servers:
            yield 0.05
            return
        yield 180.0
        command = f"Mounting command: mount\nMounting arguments: -t nfs {server}:{export} {path}"
        output = "Output: mount.nfs: Connection timed out"
        raise MountError(f"MountVolume.SetUp failed : mount failed: exit status 32\n{command}\n{output}")

    def unmount_nfs(self, volume: Object) -> Process:
        """What umount does of a hard mount: it waits for its server."""
        while volume["spec"]["nfs"]["server"] in self.hung_servers:
            yield 5.0
        yield 0.05

    # -- what the programs look up -------------------------------------------------------------------------------------

    @staticmethod
    def claim_names(pod: Object) -> list[str]:
        volumes = pod["spec"].get("volumes", ())
        return [each["persistentVolumeClaim"]["claimName"] for each in volumes if "persistentVolumeClaim" in each]

    def claims_of(self, pod: Object) -> list[Object]:
        names = self.claim_names(pod)
        found = (self.api.get("PersistentVolumeClaim", each, pod["metadata"]["namespace"]) for each in names)
        return [each for each in found if each is not None]

    def workload(self) -> list[Object]:
        """The pods that are no part of the driver."""
        return [each for each in self.api.all("Pod") if each["metadata"]["namespace"] == self.namespace]

    def pods_of(self, claim: Object) -> list[Object]:
        return [each for each in self.workload() if claim["metadata"]["name"] in self.claim_names(each)]


# -- recording --------------------------------------------------------------------------------------------------------


def record(path: Path, clusters: Iterable[Cluster], *, without: Collection[str] = ()) -> Path:
    """Write what clusters told into a new trace, as an import does.

    Several stand in it side by side, each with its own namespace, nodes and driver. `without`: resources (`events`)
    and logs (`log of kubelet`) that nobody watched.
    """
    clusters = list(clusters)
    source = path.with_suffix(".ndjson")
    rows = merge(*(_rows(each, without) for each in clusters), key=lambda row: row[:2])
    with source.open("w") as file:
        streams = [each for each in STREAMS.values() if _resource(each) not in without]
        begin, end = min(each.recorded_from for each in clusters), max(each.simulation.now for each in clusters)
        file.writelines(_note(begin, each, "synced") for each in streams)
        file.writelines(text for _, _, text in rows)
        file.writelines(_note(end + 1, each, "closed") for each in streams)
    import_ndjson([str(source)], path)
    source.unlink()
    return path


def _rows(cluster: Cluster, without: Collection[str]) -> Iterable[tuple[float, int, str]]:
    """(seconds, order among those, NDJSON) of all that a cluster told, from the instant on that recording began."""
    standing: dict[tuple[str, tuple[str | None, str]], Observation] = {}
    told = []
    for each in cluster.api.observations:
        if _resource(each.stream) in without:
            continue
        if each.written_at > cluster.recorded_from:
            told.append(each)
        elif each.type == "DELETED":
            standing.pop((each.stream, each.key), None)
        else:
            standing[each.stream, each.key] = each
    begin = cluster.recorded_from
    listed = [(begin, each._replace(type="LISTED")) for each in standing.values()]
    heard = [*sorted(listed, key=lambda row: row[1].revision), *((each.written_at, each) for each in told)]
    observed = ((at + HEARD_AFTER_S, each.revision, _object(at, each)) for at, each in heard)
    # A log is there from its begin on, whenever its reader came.
    read = ((max(each.written_at, begin), each) for each in cluster.lines if not _left_out(each, without))
    lines = ((at + READ_AFTER_S, number, _line(at, each)) for number, (at, each) in enumerate(read))
    return merge(observed, lines, key=lambda row: row[0])


def _resource(stream: str) -> str:
    return stream.rpartition("/")[2]


def _left_out(line: Line, without: Collection[str]) -> bool:
    return f"log of {line.stream.split('/')[4]}" in without or "logs" in without


def _time(seconds: float) -> str:
    return rfc3339_us(BEGIN_US + round(seconds * 1e6))


def _object(at: float, each: Observation) -> str:
    head = json.dumps({"t": _time(at + HEARD_AFTER_S), "stream": each.stream, "type": each.type})
    return f'{head[:-1]}, "object": {each.text.decode()}}}\n'


def _line(at: float, each: Line) -> str:
    told = {"t": _time(at + READ_AFTER_S), "stream": each.stream, "node": each.node, "line": each.text}
    return json.dumps(told) + "\n"


def _note(at: float, stream: str, what: str) -> str:
    return json.dumps({"t": _time(at), "stream": stream, "what": what}) + "\n"
