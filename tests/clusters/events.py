"""Events, as the two recorders of client-go write them."""

from __future__ import annotations

from clusters.api_server import ApiServer, Object
from clusters.simulation import Simulation

SCHEDULER = "default-scheduler"


class Events:
    """Writes Events; one that is like an earlier one is counted on it.

    `client-go/tools/record/event.go` for all but the scheduler, `client-go/tools/events/event_recorder.go` for it.
    """

    def __init__(self, api: ApiServer, simulation: Simulation) -> None:
        self._api = api
        self._simulation = simulation
        self._known: dict[tuple[str, ...], Object] = {}

    def send(
        self,
        about: Object,
        reason: str,
        message: str,
        by: str,
        *,
        type: str = "Normal",
        host: str = "",
        field: str = "",
    ) -> None:
        """`by` is the reporting component, `host` the node of a kubelet, `field` the part of the object it is about."""
        key = (by, host, about["metadata"]["uid"], reason, message, type, field)
        earlier = self._known.get(key)
        if earlier is not None:
            self._repeat(earlier, by)
            return
        meta = about["metadata"]
        involved = {
            "kind": about["kind"],
            **({"namespace": meta["namespace"]} if "namespace" in meta else {}),
            "name": meta["name"],
            "uid": meta["uid"],
            "apiVersion": about["apiVersion"],
            "resourceVersion": meta["resourceVersion"],
            **({"fieldPath": field} if field else {}),
        }
        said = {"involvedObject": involved, "reason": reason, "message": message}
        self._known[key] = self._api.create(
            "Event",
            f"{meta['name']}.{self._simulation.nanoseconds():x}",
            meta.get("namespace", "default"),
            **said,
            **(self._from_scheduler(type) if by == SCHEDULER else self._from_others(by, host, type)),
        )

    def _from_scheduler(self, type: str) -> Object:
        action = "Binding" if type == "Normal" else "Scheduling"
        return {
            "source": {},
            "firstTimestamp": None,
            "lastTimestamp": None,
            "type": type,
            "eventTime": self._simulation.microsecond(),
            "action": action,
            "reportingComponent": SCHEDULER,
            "reportingInstance": f"{SCHEDULER}-master",
        }

    def _from_others(self, by: str, host: str, type: str) -> Object:
        now = self._simulation.second()
        return {
            "source": {"component": by, **({"host": host} if host else {})},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": type,
            "eventTime": None,
            "reportingComponent": by,
            "reportingInstance": host,
        }

    def _repeat(self, event: Object, by: str) -> None:
        if by == SCHEDULER:
            series = event.setdefault("series", {"count": 1})
            series["count"] += 1
            series["lastObservedTime"] = self._simulation.microsecond()
        else:
            event["count"] += 1
            event["lastTimestamp"] = self._simulation.second()
        self._api.update(event)
