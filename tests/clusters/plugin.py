"""The pods that a CSI driver runs in: one for its controller and sidecars, one on each node."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from clusters.api_server import Object, name_of
from clusters.controller import Controller
from clusters.driver import Call, RpcError
from clusters.programs import Program
from clusters.simulation import Process

if TYPE_CHECKING:
    from cluster import Cluster

LEASE_S, RENEW_S = 15, 5.0
SOCKET = "/csi/csi.sock"


class PluginPod:
    """A pod of the driver: its containers, their logs and their restarts."""

    def __init__(self, cluster: Cluster, name: str, node: str, containers: tuple[str, ...]) -> None:
        self.cluster = cluster
        self.node = node
        now = cluster.simulation.second()
        self.pod = cluster.api.create(
            "Pod",
            name,
            cluster.plugin_namespace,
            meta={"labels": {"app": name}},
            spec={
                "volumes": [
                    {"name": "socket-dir", "hostPath": {"path": f"/var/lib/kubelet/plugins/{cluster.driver.name}"}}
                ],
                "containers": [_container(each, cluster.driver.name) for each in containers],
                "nodeName": node,
            },
            status={
                "phase": "Running",
                "startTime": now,
                "containerStatuses": [
                    {
                        "name": each,
                        "state": {"running": {"startedAt": now}},
                        "lastState": {},
                        "ready": True,
                        "restartCount": 0,
                    }
                    for each in containers
                ],
            },
        )
        self.programs = {each: self._program(each, 0) for each in containers}

    def _program(self, container: str, restart: int) -> Program:
        meta = self.pod["metadata"]
        stream = f"log/{meta['namespace']}/{meta['name']}/{meta['uid']}/{container}/{restart}"
        return Program(self.cluster.simulation, self.cluster.lines, stream, self.node)

    def exit(self, container: str, code: int, message: str = "") -> None:
        """The container's process ends."""
        status = self._status(container)
        ended = {
            "exitCode": code,
            "reason": "Error" if code else "Completed",
            "finishedAt": self.cluster.simulation.second(),
            **({"message": message} if message else {}),
        }
        status["state"] = {"terminated": ended}
        status["ready"] = False
        self.cluster.api.update(self.pod)

    def restart(self, container: str) -> Program:
        """The container runs again, with a log of its own."""
        status = self._status(container)
        status["restartCount"] += 1
        status["lastState"] = status["state"]
        status["state"] = {"running": {"startedAt": self.cluster.simulation.second()}}
        status["ready"] = True
        self.cluster.api.update(self.pod)
        self.programs[container] = self._program(container, status["restartCount"])
        return self.programs[container]

    def _status(self, container: str) -> Object:
        return next(each for each in self.pod["status"]["containerStatuses"] if each["name"] == container)


def _container(name: str, driver: str) -> Object:
    image = name if name.startswith("csi-") else f"csi-{name}"
    if name == "driver":
        args = [f"--drivername={driver}", f"--endpoint=unix://{SOCKET}"]
        return {"name": name, "image": "registry.example.com/example-csi:v1.2.0", "args": args, "volumeMounts": _MOUNTS}
    return {
        "name": name,
        "image": f"registry.k8s.io/sig-storage/{image}:v1.0.0",
        "args": ["--v=5", f"--csi-address={SOCKET}", "--leader-election"],
        "volumeMounts": _MOUNTS,
    }


_MOUNTS = [{"name": "socket-dir", "mountPath": "/csi"}]


class Sidecar(Controller):
    """A sidecar beside the driver's controller; it works only while it holds its lease."""

    container = ""
    lease_name = "{driver}"
    timeout = 15.0

    def __init__(self, cluster: Cluster, pod: PluginPod) -> None:
        super().__init__(cluster)
        self.pod = pod
        self.driver = cluster.driver
        self.program = pod.programs[self.container]
        self.is_leader = False
        name = self.lease_name.format(driver=self.driver.name.replace(".", "-"))
        self.lease = self.api.create("Lease", name, cluster.plugin_namespace, spec={"leaseTransitions": 0})
        self._connect()
        self._lead()

    def rpc(self, method: str, request: dict[str, Any], lock: str, **keys: Any) -> Call:
        """Call the driver's controller, with the lines of csi-lib-utils about it. Raises RpcError."""
        asked = json.dumps(request, sort_keys=True, separators=(",", ":"))
        self.program.say("connection.go:264", "GRPC call", **keys, method=method, request=asked)
        server = self.pod.programs["driver"]
        try:
            response = yield from self.driver.call(server, method, request, timeout=self.timeout, lock=lock)
        except RpcError as error:
            self.program.say("connection.go:270", "GRPC response", **keys, response="{}", err=str(error))
            raise
        told = json.dumps(response, sort_keys=True, separators=(",", ":"))
        self.program.say("connection.go:270", "GRPC response", **keys, response=told, err=None)
        return response

    def event(self, about: Object, reason: str, message: str, by: str, type: str = "Normal") -> None:
        """Send an Event, with the line about it."""
        keys = {"object": name_of(about), "fieldPath": "", "kind": about["kind"], "apiVersion": about["apiVersion"]}
        self.program.say("event.go:389", "Event occurred", **keys, type=type, reason=reason, message=message)
        self.cluster.events.send(about, reason, message, by, type=type)

    # -- leading ------------------------------------------------------------------------------------------------------

    @property
    def lock(self) -> str:
        return name_of(self.lease)

    def _connect(self) -> None:
        """Its first lines, by which a reader knows that the log is whole."""
        self.program.say("main.go:114", "Version", version="v1.0.0")
        self.program.say("connection.go:234", "Connecting", address=f"unix://{SOCKET}")
        self.program.say("common.go:143", "Probing CSI driver for readiness")
        self.program.say("connection.go:264", "GRPC call", method="/csi.v1.Identity/Probe", request="{}")
        self.program.say("connection.go:270", "GRPC response", response="{}", err=None)
        told = json.dumps({"name": self.driver.name, "vendor_version": "v1.2.0"}, separators=(",", ":"))
        self.program.say("connection.go:264", "GRPC call", method="/csi.v1.Identity/GetPluginInfo", request="{}")
        self.program.say("connection.go:270", "GRPC response", response=told, err=None)

    def _lead(self) -> None:
        holder = self.pod.pod["metadata"]["name"]
        now = self.simulation.microsecond()
        self.lease["spec"] |= {
            "holderIdentity": holder,
            "leaseDurationSeconds": LEASE_S,
            "acquireTime": now,
            "renewTime": now,
        }
        self.api.update(self.lease)
        self.program.say("leaderelection.go:272", "Successfully acquired lease", lock=self.lock)
        self.program.say("leader_election.go:202", "became leader, starting")
        self.is_leader = True
        self.go(self._renewing())

    def _renewing(self) -> Process:
        while True:
            yield RENEW_S + self.simulation.spread(0.0, 0.05)
            self.lease["spec"]["renewTime"] = self.simulation.microsecond()
            self.api.update(self.lease)

    def hand_over(self, replica: str) -> None:
        """Another replica takes over without a pause, as in an upgrade."""
        self.lease["spec"] |= {"holderIdentity": replica, "acquireTime": self.simulation.microsecond()}
        self.lease["spec"]["leaseTransitions"] += 1
        self.api.update(self.lease)

    def lose_lease(self) -> None:
        """It cannot renew its lease in time, and ends."""
        err = "context deadline exceeded"
        self.program.say("leaderelection.go:441", "Failed to renew lease", "E", lock=self.lock, err=err)
        self.program.say("leader_election.go:207", "Stopped leading", "E")
        self._exit()

    def lose_driver(self) -> None:
        """The driver's socket closes, and it ends."""
        self.program.say("connection.go:187", "Lost connection", "E", address=f"unix://{SOCKET}")
        self.program.say("connection.go:122", "Lost connection to CSI driver, exiting", "E")
        self._exit("Lost connection to CSI driver, exiting")

    def _exit(self, message: str = "") -> None:
        self.stop()
        self.is_leader = False
        self.pod.exit(self.container, 1, message)

    def start(self) -> None:
        """Its container runs again; as the lease is its own, it has it at once."""
        self.program = self.pod.restart(self.container)
        self._connect()
        self.program.say("leaderelection.go:258", "Attempting to acquire leader lease...", lock=self.lock)
        self.is_running = True
        self._lead()
        super().start()
