"""Lives that a test types: milestones and identities go in as rows, the models from `_links` on make the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
from small_trace import SmallTrace, claim, instant

from analysis import open_trace
from analysis.catalogue import read_models

GIVEN = (
    "milestones",
    "volume_claims",
    "uses",
    "_volumes",
    "_claims",
    "_pvs",
    "_pods",
    "_attachments",
    "_watched",
    "operations",
    "objects",
    "logs",
)
MADE = (
    "_claim_versions",
    "_attachment_versions",
    "_csi_drivers",
    "_links",
    "_placed",
    "_subjects",
    "_chain_milestones",
    "_stretches",
    "_named_stretches",
    "_tries",
    "phases",
    "blame",
    "volumes",
)
RESOURCES = (
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "nodes",
    "volumeattachments",
    "volumesnapshots",
    "volumesnapshotcontents",
    "storageclasses",
    "csidrivers",
)
LOGS = {"csi-provisioner": "csi.example.com", "csi-attacher": "csi.example.com", "kubelet": "n1"}
"""Component -> whose log of it is watched."""

Row = Mapping[str, Any]


@cache
def schemas() -> dict[str, pa.Schema]:
    """The columns of what is given, as the models make them of a trace."""
    with TemporaryDirectory() as folder:
        small = SmallTrace(Path(folder) / "small.trace")
        small.observe(0, "ADDED", claim(creationTimestamp="2026-11-23T07:00:00Z"))
        with open_trace(small.ended()) as trace:
            columns = {name: trace.sql(f"from {name} limit 0") for name in GIVEN}
    return {name: frame.select(pl.exclude("object", "line")).to_arrow().schema for name, frame in columns.items()}


class Lives:
    """Rows of the models that phases are made of."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {name: [] for name in GIVEN}
        self._seq = 0

    def add(self, model: str, **columns: Any) -> Lives:
        assert columns.keys() <= set(schemas()[model].names)
        self.rows[model].append(columns)
        return self

    def watched(self, until: float, *, logs: Iterable[str] = LOGS, resources: Iterable[str] = RESOURCES) -> Lives:
        """From the beginning up to that second these were watched."""
        places = [(name, "") for name in resources] + [(name, LOGS[name]) for name in logs]
        for source, place in places:
            self.add("_watched", source=source, place=place, begins_at=instant(0), ends_at=instant(until))
        return self

    def milestone(
        self,
        milestone: str,
        at: float | None,
        *,
        volume: str | None = "v",
        use: str | None = None,
        earliest: float | None = None,
        latest: float | None = None,
        occurrence: int = 1,
    ) -> Lives:
        """It happened that second, or between two; its row of the trace has the number of the milestone typed."""
        self._seq += 1
        return self.add(
            "milestones",
            volume_id=volume,
            use_id=use,
            milestone=milestone,
            occurrence=occurrence,
            happened_at=moment(at),
            earliest=moment(at if earliest is None and at is not None else earliest),
            latest=moment(at if latest is None else latest),
            clock="server",
            evidence=self._seq,
        )

    def volume(self, volume: str = "v", kind: str = "dynamic", **columns: Any) -> Lives:
        """A volume of a CSI driver with its claim `c-VOLUME`, of class `fast`."""
        known = {
            "plugin": "kubernetes.io/csi",
            "driver": "csi.example.com",
            "pv_uid": None if kind == "pending" else volume,
            "pv_name": None if kind == "pending" else f"pv-{volume}",
            "storage_class": "fast",
            "claim_uid": f"c-{volume}",
            "reclaim_policy": "Delete",
            "migrated": False,
            **columns,
        }
        self.add("_volumes", volume_id=volume, kind=kind, **known)
        if kind != "pending":
            self.add("volume_claims", volume_id=volume, claim_uid=known["claim_uid"], occurrence=1)
        return self

    def use(self, use: str = "p/d", volume: str | None = "v", node: str | None = "n1", **columns: Any) -> Lives:
        """A use of the volume by the pod before the slash, that had it attached and detached."""
        pod, name = use.split("/")
        known = {
            "attachment_uid": f"va-{pod}",
            "caused_attach": True,
            "ended_attach": True,
            "source": "claim",
            "claim_uid": None if volume is None else f"c-{volume}",
            **columns,
        }
        return self.add("uses", use_id=use, volume_id=volume, pod_uid=pod, pod_volume=name, node=node, **known)

    def pod(self, pod: str = "p", **columns: Any) -> Lives:
        return self.add("_pods", pod_uid=pod, **columns)

    def storage_class(
        self, name: str = "fast", binding: str = "Immediate", provisioner: str = "csi.example.com"
    ) -> Lives:
        return self.add("objects", kind="StorageClass", name=name, binding_mode=binding, provisioner=provisioner, seq=1)

    def csi_driver(self, *, attach_required: bool = True) -> Lives:
        return self.add(
            "objects", kind="CSIDriver", name="csi.example.com", attach_required=attach_required, seq=1, type="LISTED"
        )

    def ask(self, *queries: str) -> list[list[dict[str, Any]]]:
        """The rows that each query finds in the models."""
        sources = {model.name: model.sql for model in read_models()}
        last = max(place for place, name in enumerate(MADE) if any(name in query for query in queries))
        with duckdb.connect(config={"python_enable_replacements": False, "threads": 1}) as database:
            database.execute("set TimeZone = 'UTC'")
            for name in GIVEN:
                database.register(name, pa.Table.from_pylist(self.rows[name], schema=schemas()[name]))
            for name in MADE[: last + 1]:
                database.execute(f"create table {name} as {sources[name]}")
            return [database.sql(query).to_arrow_table().to_pylist() for query in queries]

    def phases(self, subject: str = "v") -> list[dict[str, Any]]:
        """The phases of a use, or those of a volume that are no use's, in their order."""
        [rows] = self.ask("from phases order by begins_at nulls first, ends_at nulls last, evidence_from")
        return [row for row in rows if (row["use_id"] or row["volume_id"]) == subject]


def moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else instant(seconds)


def us(seconds: float) -> int:
    return timedelta(seconds=seconds) // timedelta(microseconds=1)
