"""The cluster as the recorder had seen it at an instant."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from analysis.explaining.answer import Evidence, Expected
from analysis.queries import query

if TYPE_CHECKING:
    from analysis.trace import Trace

RESOURCES = {
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "PersistentVolume": "persistentvolumes",
    "StorageClass": "storageclasses",
    "VolumeAttachment": "volumeattachments",
    "CSINode": "csinodes",
    "CSIDriver": "csidrivers",
    "CSIStorageCapacity": "csistoragecapacities",
    "Node": "nodes",
    "Pod": "pods",
    "Event": "events",
}
"""Kind -> the plural that ends the name of its streams."""


@dataclass(frozen=True)
class Observed:
    """One object as it stood."""

    facts: Mapping[str, Any]
    """Its row of the table `objects`."""

    @property
    def name(self) -> str:
        return str(self.facts["name"])

    @property
    def full_name(self) -> str:
        """`namespace/name`, or the name of what has no namespace."""
        namespace = self.facts["namespace"]
        return f"{namespace}/{self.name}" if namespace else self.name

    @property
    def evidence(self) -> Evidence:
        return Evidence(self.facts["seq"], self.facts["observed_at"])

    @cached_property
    def value(self) -> dict[str, Any]:
        """The object itself, for what no fact tells."""
        value: dict[str, Any] = json.loads(self.facts["object"])
        return value

    @property
    def spec(self) -> Mapping[str, Any]:
        return self.value.get("spec") or {}

    @property
    def annotations(self) -> Mapping[str, str]:
        return self.value["metadata"].get("annotations") or {}

    @property
    def labels(self) -> Mapping[str, str]:
        return self.value["metadata"].get("labels") or {}


@dataclass(frozen=True, slots=True)
class Said:
    """An Event about an object, as last seen."""

    reason: str
    message: str
    by: str
    count: int | None
    evidence: Evidence
    first_observed_at: datetime


class Seen:
    """What a trace tells of one instant. Every method raises QueryError, TraceDamaged."""

    def __init__(self, trace: Trace, at: datetime) -> None:
        self._trace = trace
        self.at = at
        self.doubted: set[str] = set()
        """Kinds of which something was said not to be there, and may have been."""

    def objects(
        self, kind: str, *, namespace: str | None = None, name: str | None = None, uid: str | None = None
    ) -> list[Observed]:
        """The objects of a kind that there were."""
        asked = {"kind": kind, "at": self.at, "namespace": namespace, "name": name, "uid": uid}
        return [Observed(row) for row in self._trace.sql(query("objects_at"), asked).rows(named=True)]

    def one(
        self, kind: str, *, namespace: str | None = None, name: str | None = None, uid: str | None = None
    ) -> Observed | None:
        """The one object with that name or uid; None if there was none."""
        found = self.objects(kind, namespace=namespace, name=name, uid=uid)
        return found[-1] if found else None

    def events(self, uid: str) -> list[Said]:
        """The Events about an object, newest first."""
        return [
            Said(
                row["reason"],
                row["message"],
                row["reporting_component"] or "an unnamed component",
                row["event_count"],
                Evidence(row["seq"], row["observed_at"]),
                row["first_observed_at"],
            )
            for row in self._trace.sql(query("events_at"), {"uid": uid, "at": self.at}).rows(named=True)
        ]

    def phases(self, uid: str) -> list[dict[str, Any]]:
        """The rows of `phases` that were going on for a claim, pod, volume or attachment, latest begun first."""
        return self._trace.sql(query("phases_at"), {"uid": uid, "at": self.at}).rows(named=True)

    def expected(self, phase: Mapping[str, Any]) -> Expected:
        """How long such a phase takes in this trace."""
        for row in self._trace.latency().rows(named=True):
            if (row["direction"], row["phase"], row["owner"]) == (phase["direction"], phase["phase"], phase["owner"]):
                return Expected(phase["phase"], row["p50_us"], row["phases"], row["censored"])
        return Expected(phase["phase"], None, 0, 0)

    def no(self, kind: str, what: str) -> str:
        """That there is no `what`: an object, or objects, of that kind; or, where it may be, why that is not known."""
        doubt = self.doubt(kind)
        return f"no {what} was seen ({doubt})" if doubt else f"there is no {what}"

    def gone(self, kind: str) -> str:
        """The same of one that was named before: `is not there`."""
        doubt = self.doubt(kind)
        return f"was not seen ({doubt})" if doubt else "is not there"

    def doubt(self, kind: str) -> str | None:
        """Why an object that was not seen may be there all the same; None where nothing was missed.

        What a capture without notes shows is taken for all that there was, as everywhere (`volreel info` says so).
        """
        resource = RESOURCES[kind]
        uncovered = self._uncovered([resource])
        if not uncovered or uncovered[0]["is_assumed"]:
            return None
        self.doubted.add(kind)
        return _missed(uncovered[0]) if uncovered[0]["state"] else f"nothing says that {resource} were recorded then"

    def _uncovered(self, resources: Sequence[str]) -> list[dict[str, Any]]:
        return self._trace.sql(query("uncovered_at"), {"resources": resources, "at": self.at}).rows(named=True)

    def unknown(self, kinds: Sequence[str]) -> tuple[str, ...]:
        """What may have been missed of these kinds around the instant, a sentence each."""
        rows = self._uncovered([RESOURCES[kind] for kind in kinds])
        unheard = [row["resource"] for row in rows if row["state"] is None]
        missed = [_missed(row) for row in rows if row["state"] is not None]
        if unheard:
            missed.append(f"nothing says that {', '.join(unheard)} were recorded then: there may have been others")
        return tuple(missed)


def _missed(row: Mapping[str, Any]) -> str:
    why = f": {row['why']}" if row["why"] else ""
    what = "something may have been missed" if row["state"] == "gap" else "nobody was looking"
    end = f"to {row['ends_at']:%H:%M:%S} UTC" if row["ends_at"] else "UTC on"
    return f"{row['resource']}: {what} from {row['begins_at']:%H:%M:%S} {end}{why}"
