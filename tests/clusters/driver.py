"""A CSI driver: its volumes, its log in the form of csi-driver-host-path, and what goes wrong in it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clusters.programs import Program

if TYPE_CHECKING:
    from cluster import Cluster

GI = 1 << 30
Call = Generator[float, None, dict[str, Any]]
"""A call under way; it returns the response, or raises RpcError."""


class RpcError(Exception):
    """A gRPC status that is not OK."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"rpc error: code = {code} desc = {message}")
        self.code = code


FINAL = frozenset(
    {"InvalidArgument", "NotFound", "AlreadyExists", "ResourceExhausted", "OutOfRange", "Internal", "PermissionDenied"}
)
"""Codes after which a volume cannot exist on the backend (`isFinalError` of external-provisioner)."""


@dataclass
class Trouble:
    """What goes wrong with calls of one method, until it is mended."""

    method: str
    code: str = ""
    message: str = ""
    takes: float = 0.0
    """Seconds that such a call takes longer."""
    of: str = ""
    """Only calls that name this: a volume, a node."""
    times: int | None = None
    """Only so many calls."""

    def meets(self, method: str, request: str) -> bool:
        return method.endswith(f"/{self.method}") and self.of in request and self.times != 0


@dataclass
class Driver:
    """One driver: a controller and a plugin on each node, which share a backend."""

    cluster: Cluster
    name: str
    tracks_capacity: bool = False
    """Whether it publishes CSIStorageCapacity objects, for the scheduler to heed."""
    capacity: dict[str, int] = field(default_factory=lambda: defaultdict(lambda: 10_000 * GI))
    """Zone -> bytes that it has room for."""
    sizes: dict[str, int] = field(default_factory=dict)
    """Volume handle -> bytes."""
    handles: dict[str, str] = field(default_factory=dict)
    """The name that CreateVolume was given -> volume handle."""
    published: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Volume handle -> nodes that the backend has it attached to."""
    zones: dict[str, str] = field(default_factory=dict)
    """Volume handle -> the zone it is in."""
    files: dict[str, int] = field(default_factory=dict)
    """Volume handle -> the files on it."""
    leaked: dict[tuple[str, str], str] = field(default_factory=dict)
    """(node, volume handle) -> a path that still mounts the staged volume there."""
    slowness: float = 1.0
    """How many times the few milliseconds of a quick driver a call takes."""
    troubles: list[Trouble] = field(default_factory=list)
    _locked: dict[str, float] = field(default_factory=dict)

    def trouble(self, method: str, code: str = "", message: str = "", **rest: Any) -> Trouble:
        """From now on calls of this method go wrong so."""
        made = Trouble(method, code, message, **rest)
        self.troubles.append(made)
        return made

    def call(
        self, server: Program, method: str, request: dict[str, Any], *, timeout: float, lock: str, node: str = ""
    ) -> Call:
        """Call its controller, or its plugin on a node; `lock` is what it works on one call at a time.

        Raises RpcError.
        """
        simulation = self.cluster.simulation
        asked = json.dumps(request, sort_keys=True, separators=(",", ":"))
        server.write("server.go:98", f"GRPC call: {method}")
        server.write("server.go:102", f"GRPC request: {asked}")
        met = next((each for each in self.troubles if each.meets(method, f"{node} {asked}")), None)
        if self._locked.get(lock, 0.0) > simulation.now:
            error = RpcError("Aborted", f"An operation with the given Volume ID {lock} already exists")
            self._answer(server, method, request, error=error)
            yield simulation.spread(0.002, 0.005)
            raise error
        if met is not None and met.times is not None:
            met.times -= 1
        takes = simulation.spread(0.004, 0.012) * self.slowness + (met.takes if met else 0.0)
        self._locked[lock] = simulation.now + takes
        if takes > timeout:
            simulation.after(takes, lambda: self._finish(server, method, request, met))
            yield timeout
            raise RpcError("DeadlineExceeded", "context deadline exceeded")
        yield takes
        return self._finish(server, method, request, met, is_awaited=True)

    def _finish(
        self, server: Program, method: str, request: dict[str, Any], met: Trouble | None, is_awaited: bool = False
    ) -> dict[str, Any]:
        if met is not None and met.code:
            error = RpcError(met.code, met.message)
            self._answer(server, method, request, error=error)
            if is_awaited:
                raise error
            return {}
        work = getattr(self, "_" + method.rsplit("/", 1)[1], None)
        try:
            response: dict[str, Any] = work(request) if work else {}
        except RpcError as error:
            self._answer(server, method, request, error=error)
            if is_awaited:
                raise
            return {}
        self._answer(server, method, request, response)
        return response

    def _answer(
        self,
        server: Program,
        method: str,
        request: dict[str, Any],
        response: dict[str, Any] | None = None,
        error: RpcError | None = None,
    ) -> None:
        if error is None:
            server.write("server.go:111", f"GRPC response: {json.dumps(response, separators=(',', ':'))}")
        else:
            server.write("server.go:107", f"GRPC error: {error}", "E")
        told = {
            "Method": method,
            "Request": request,
            "Response": response,
            "Error": str(error or ""),
            "FullError": None,
        }
        server.write("server.go:156", f"gRPCCall: {json.dumps(told, separators=(',', ':'))}")

    # -- what the backend does ----------------------------------------------------------------------------------------

    def _CreateVolume(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - named as the RPC
        size = int(request["capacity_range"]["required_bytes"])
        handle = self.handles.get(request["name"])
        if handle is None:
            zone = self._zone(request, size)
            handle = self.handles[request["name"]] = self.cluster.simulation.uid()
            self.sizes[handle], self.zones[handle] = size, zone
        topology = [{"segments": {self.cluster.zone_key: self.zones[handle]}}]
        return {
            "volume": {
                "accessible_topology": topology,
                "capacity_bytes": size,
                "volume_context": request["parameters"],
                "volume_id": handle,
            }
        }

    def _zone(self, request: dict[str, Any], size: int) -> str:
        """The first zone asked for that has room. Raises RpcError."""
        for each in request["accessibility_requirements"]["preferred"]:
            zone = str(each["segments"][self.cluster.zone_key])
            if self.room(zone) >= size:
                return zone
        raise RpcError("ResourceExhausted", f"requested capacity {size} exceeds remaining capacity")

    def room(self, zone: str) -> int:
        """Bytes that are left in a zone."""
        return self.capacity[zone] - sum(size for handle, size in self.sizes.items() if self.zones[handle] == zone)

    def _DeleteVolume(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if self.published[request["volume_id"]]:
            raise RpcError("Internal", f"volume {request['volume_id']} is still attached")
        self.sizes.pop(request["volume_id"], None)
        return {}

    def _ControllerPublishVolume(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        handle, node = request["volume_id"], request["node_id"]
        if handle not in self.sizes:
            raise RpcError("NotFound", f"volume id {handle} does not exist in the volumes list")
        limit = self.cluster.machines[node].backend_limit
        if node not in self.published[handle] and sum(node in each for each in self.published.values()) >= limit:
            raise RpcError("ResourceExhausted", f"Cannot attach any more volumes to this node ('{node}')")
        self.published[handle].add(node)
        return {}

    def _ControllerUnpublishVolume(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self.published[request["volume_id"]].discard(request["node_id"])
        return {}

    def _ControllerExpandVolume(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        size = int(request["capacity_range"]["required_bytes"])
        self.sizes[request["volume_id"]] = size
        return {"capacity_bytes": size, "node_expansion_required": True}

    def _NodeExpandVolume(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"capacity_bytes": int(request["capacity_range"]["required_bytes"])}

    def _CreateSnapshot(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        source = request["source_volume_id"]
        return {
            "snapshot": {
                "creation_time": {"seconds": int(self.cluster.simulation.instant.timestamp())},
                "ready_to_use": True,
                "size_bytes": self.sizes.get(source, GI),
                "snapshot_id": self.handles.setdefault(request["name"], self.cluster.simulation.uid()),
                "source_volume_id": source,
            }
        }
