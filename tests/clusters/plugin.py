"""The pods that a CSI driver runs in: one for its controller and sidecars, one on each node."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from clusters.api_server import Object
from clusters.controller import Controller
from clusters.driver import Call, RpcError
from clusters.programs import Program
from clusters.simulation import Process

if TYPE_CHECKING:
    from clusters.cluster import Cluster

NAMESPACE = "storage"
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
            NAMESPACE,
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
        stream = f"log/{NAMESPACE}/{meta['name']}/{meta['uid']}/{container}/{restart}"
        return Program(self.cluster.simulation, self.cluster.lines, stream, self.node)

    def exit(self, container: str, code: int, message: str = "") -> None:
        """The container's process ends."""
        status = self._status(container)
        ended = {
            "exitCode": code,
            "reason": "Error" if code else "Completed",
            "finishedAt": self.cluster.simulation.second(),
        }
        status["lastState"] = {"terminated": {**ended, **({"message": message} if message else {})}}
        status["state"] = {"waiting": {"reason": "CrashLoopBackOff"}}
        status["ready"] = False
        self.cluster.api.update(self.pod)

    def restart(self, container: str) -> Program:
        """The container runs again, with a log of its own."""
        status = self._status(container)
        status["restartCount"] += 1
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
        super().__init__(cluster, pod.programs[self.container])
        self.pod = pod
        self.driver = cluster.driver
        self.is_leader = False
        self.lease = self._new_lease()
        self._lead()

    @property
    def identity(self) -> str:
        """How it names itself in its lease."""
        return str(self.pod.pod["metadata"]["name"])

    def rpc(self, method: str, request: dict[str, Any], lock: str, **keys: Any) -> Call:
        """Call the driver's controller, with the lines of csi-lib-utils about it. Raises RpcError."""
        asked = json.dumps(request, sort_keys=True, separators=(",", ":"))
        self.program.say("connection.go:264", "GRPC call", **keys, method=method, request=asked)
        try:
            if not self.cluster.controller_is_up:
                yield 0.001
                refused = f'connection error: desc = "transport: Error while dialing: dial unix {SOCKET}: connect: connection refused"'
                raise RpcError("Unavailable", refused)
            server = self.pod.programs["driver"]
            response = yield from self.driver.call(server, method, request, timeout=self.timeout, lock=lock)
        except RpcError as error:
            self.program.say("connection.go:270", "GRPC response", **keys, response="{}", err=str(error))
            raise
        told = json.dumps(response, sort_keys=True, separators=(",", ":"))
        self.program.say("connection.go:270", "GRPC response", **keys, response=told, err=None)
        return response

    def event(self, about: Object, reason: str, message: str, by: str, type: str = "Normal") -> None:
        """Send an Event, with the line about it."""
        keys = {"object": _object_key(about), "fieldPath": "", "kind": about["kind"], "apiVersion": about["apiVersion"]}
        self.program.say("event.go:389", "Event occurred", **keys, type=type, reason=reason, message=message)
        self.cluster.events.send(about, reason, message, by, type=type)

    # -- leading ------------------------------------------------------------------------------------------------------

    def _new_lease(self) -> Object:
        name = self.lease_name.format(driver=self.driver.name.replace(".", "-"))
        now = self.simulation.microsecond()
        spec = {"holderIdentity": self.identity, "leaseDurationSeconds": LEASE_S, "acquireTime": now, "renewTime": now}
        return self.api.create("Lease", name, NAMESPACE, spec={**spec, "leaseTransitions": 0})

    def _lead(self) -> None:
        lock = f"{NAMESPACE}/{self.lease['metadata']['name']}"
        self.program.say("leaderelection.go:272", "Successfully acquired lease", lock=lock)
        self.program.say("leader_election.go:202", "became leader, starting")
        self.is_leader = True
        self.go(self._renewing())

    def _renewing(self) -> Process:
        while True:
            yield RENEW_S + self.simulation.spread(0.0, 0.05)
            if not self.api_is_reachable:
                continue
            self.lease["spec"]["renewTime"] = self.simulation.microsecond()
            self.api.update(self.lease)

    api_is_reachable = True
    """Whether its requests get through; a lease that is not renewed for 10 s is given up."""

    def lose_lease(self) -> None:
        """It cannot renew its lease, and ends."""
        self.program.say(
            "leaderelection.go:441",
            "Failed to renew lease",
            "E",
            lease=self.lease["metadata"]["name"],
            err="context deadline exceeded",
        )
        self.program.say("leader_election.go:207", "Stopped leading", "E")
        self.stop(1, "")

    def lose_driver(self) -> None:
        """The driver's socket closes, and it ends."""
        self.program.say("connection.go:187", "Lost connection", "E", address=f"unix://{SOCKET}")
        self.program.say("connection.go:122", "Lost connection to CSI driver, exiting", "E")
        self.stop(1, "Lost connection to CSI driver, exiting")

    def stop(self, code: int = 0, message: str = "") -> None:
        super().stop()
        self.is_leader = False
        self.pod.exit(self.container, code, message)

    def start(self) -> None:
        """It runs again, and works as soon as the lease that it held before is out."""
        self.program = self.pod.restart(self.container)
        lock = f"{NAMESPACE}/{self.lease['metadata']['name']}"
        self.program.say("leaderelection.go:258", "Attempting to acquire leader lease...", lock=lock)
        self.is_running = True
        self.go(self._acquiring())

    def _acquiring(self) -> Process:
        yield LEASE_S + self.simulation.spread(0.5, 2.0)
        now = self.simulation.microsecond()
        self.lease["spec"] |= {"holderIdentity": self.identity, "acquireTime": now, "renewTime": now}
        self.api.update(self.lease)
        self._lead()
        super().start()


def _object_key(about: Object) -> str:
    meta = about["metadata"]
    return f"{meta['namespace']}/{meta['name']}" if "namespace" in meta else meta["name"]
