"""Milestones of small lives: when each happened, between which bounds, and by which evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from small_trace import NODES, SmallTrace, instant
from volume_story import DRIVER, attachment, claim, pod, volume

from analysis import Trace, open_trace

LEASES = "coordination.k8s.io/v1/leases"
EVENTS = "v1/events"
CLAIMS, PVS, PODS = "v1/persistentvolumeclaims", "v1/persistentvolumes", "v1/pods"
ATTACHMENTS, CSINODES = "storage.k8s.io/v1/volumeattachments", "storage.k8s.io/v1/csinodes"
DELAY = 0.02
"""How late a watch is at the most, in seconds, by the Leases that the traces here begin with."""
ON_DISK = f"kubernetes.io/csi/{DRIVER}^handle-disk"


class Telling:
    """What a recorder hears, in seconds; it is written in the order of time."""

    def __init__(self) -> None:
        self._told: list[tuple[float, str, tuple[Any, ...], dict[str, Any]]] = []
        # The first came at once, the others 15 ms late; and 5 ms are what nobody knows.
        for turn in range(20):
            renewed = {"holderIdentity": "a", "renewTime": stamp(turn * 0.1, "microseconds")}
            lease = thing("Lease", "kube-scheduler", "lease", namespace="kube-system", spec=renewed)
            self.observe(turn * 0.1 + (0.016 if turn else 0.001), "MODIFIED", lease, LEASES)

    def observe(self, at: float, type: str, value: dict[str, Any], stream: str = CLAIMS, **columns: Any) -> None:
        self._told.append((at, "observe", (type, value, stream), columns))

    def note(self, at: float, what: str, stream: str) -> None:
        self._told.append((at, "note", (what, None, stream), {}))

    def written(self, folder: Path) -> Path:
        trace = SmallTrace(folder / "told.trace")
        for at, how, values, columns in sorted(self._told, key=lambda each: each[0]):
            getattr(trace, how)(at, *values, **columns)
        return trace.ended()


class Timeline:
    """The milestones of a trace."""

    def __init__(self, trace: Trace) -> None:
        self._rows = trace.sql("from milestones order by milestone, volume_id, happened_at").to_dicts()

    def all(self, milestone: str, volume_id: str) -> list[dict[str, Any]]:
        return [row for row in self._rows if (row["milestone"], row["volume_id"]) == (milestone, volume_id)]

    def of(self, milestone: str, volume_id: str) -> dict[str, Any]:
        (row,) = self.all(milestone, volume_id)
        return row

    def span(self, milestone: str, volume_id: str) -> tuple[datetime | None, datetime | None, datetime | None]:
        row = self.of(milestone, volume_id)
        return row["earliest"], row["happened_at"], row["latest"]


def thing(kind: str, name: str, uid: str, **parts: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": parts.pop("namespace", None), "uid": uid, **parts.pop("metadata", {})}
    return {"kind": kind, "metadata": metadata, **parts}


def stamp(seconds: float, timespec: str = "seconds") -> str:
    return instant(seconds).isoformat(timespec=timespec).replace("+00:00", "Z")


def event(name: str, at: float, reason: str, about: str, **parts: Any) -> dict[str, Any]:
    """An Event as client-go makes it: named after its object and the nanoseconds of its first occurrence."""
    ns = round(instant(at).timestamp() * 1_000_000) * 1000
    counted = {"firstTimestamp": stamp(at), "lastTimestamp": stamp(at + 600), "count": 9}
    field = parts.pop("field", None)
    involved = {"involvedObject": {"uid": about, "fieldPath": field}}
    return thing("Event", f"{name}.{ns:x}", f"{name}-{at}", reason=reason, **involved, **counted, **parts)


# --- what a watch tells: claims, each heard of in a stream of its own


def of(name: str) -> str:
    return f"v1/namespaces/{name}/persistentvolumeclaims"


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    told = Telling()
    for name in ("live", "listed", "changed", "new", "vanished", "held-up"):
        told.note(2, "synced", of(name))
    for name in ("live", "changed", "vanished", "held-up"):
        told.observe(3, "ADDED", claim(name, name), of(name))
    told.observe(5, "MODIFIED", claim("live", "live", phase="Bound"), of("live"))
    told.observe(3, "LISTED", claim("listed", "listed", phase="Bound"), of("listed"))
    told.note(9, "bookmark", of("vanished"))
    for name in ("changed", "new", "vanished"):
        told.note(60, "gap", of(name))
        told.note(61, "relisted", of(name))
    told.observe(60, "LISTED", claim("changed", "changed", phase="Bound"), of("changed"))
    told.observe(60, "LISTED", claim("new", "new"), of("new"))
    told.observe(60, "VANISHED", claim("vanished", "vanished"), of("vanished"), object=None)
    told.note(20, "failed", of("held-up"))
    told.note(300, "resumed", of("held-up"))
    told.observe(301, "DELETED", claim("held-up", "held-up"), of("held-up"))
    told.observe(340, "ADDED", claim("later", "later"), of("held-up"))
    with open_trace(told.written(tmp_path_factory.mktemp("watched"))) as trace:
        yield Timeline(trace)


def test_a_change_happened_at_most_a_watch_s_delay_before_it_was_seen(watched):
    assert watched.span("claim_bound", "live") == (instant(5 - DELAY), instant(5), instant(5))


def test_what_was_so_in_the_first_list_happened_nobody_knows_when(watched):
    assert watched.span("claim_bound", "listed") == (None, None, instant(3))


def test_what_changed_in_a_gap_happened_anywhere_in_it(watched):
    assert watched.span("claim_bound", "changed") == (instant(3 - DELAY), None, instant(60))


def test_what_is_new_after_a_gap_was_made_in_it(watched):
    assert watched.span("claim_created", "new") == (instant(2 - DELAY), None, instant(60))


def test_what_vanished_was_gone_anywhere_in_the_gap(watched):
    assert watched.span("claim_gone", "vanished") == (instant(9 - DELAY), None, instant(60))


def test_what_an_interruption_held_up_happened_before_it_was_over(watched):
    assert watched.span("claim_gone", "held-up") == (instant(2 - DELAY), instant(301), instant(301))
    assert watched.span("claim_created", "later")[0] == instant(340 - DELAY)


def test_without_any_stamp_that_came_live_nobody_knows_how_late_a_watch_is(small, ask):
    small.observe(3, "ADDED", claim())
    assert Timeline(ask(small.ended())).span("claim_created", "c1") == (None, instant(3), instant(3))


# --- what stamps, lists and numbers tell: one volume `disk` with two attachments, and claims that ask for something


def claimed(
    name: str, *, asks: int = 10, has: int = 10, classes: tuple[str | None, str | None] = (None, None), **status: Any
) -> dict[str, Any]:
    value = claim(name, name, phase="Bound")
    value["spec"] |= {"resources": {"requests": {"storage": str(asks)}}, "volumeAttributesClassName": classes[0]}
    value["status"] |= {"capacity": {"storage": str(has)}, "currentVolumeAttributesClassName": classes[1], **status}
    return value


def running(at: float, restarts: int) -> dict[str, Any]:
    """The pod of the disk with its main container started at `at`; its init container ran from second 5 to 6."""
    main = {"name": "main", "restartCount": restarts, "state": {"running": {"startedAt": stamp(at)}}}
    done = {"startedAt": stamp(5), "finishedAt": stamp(6)}
    init = {"name": "init", "restartCount": 0, "state": {"terminated": done}}
    statuses = {"containerStatuses": [main], "initContainerStatuses": [init]}
    return {**pod(node="n1"), "status": {"phase": "Running", **statuses}}


def node(attached: list[str], in_use: list[str], version: int) -> dict[str, Any]:
    status = {"volumesAttached": [{"name": each} for each in attached], "volumesInUse": in_use}
    return thing("Node", "n1", "node-1", metadata={"resourceVersion": str(version)}, status=status)


def tell_of_the_disk(told: Telling) -> None:
    disk = volume("disk", "disk", phase="Bound", claimed_by=("data", "c1"), metadata={"resourceVersion": "2"})
    told.observe(2, "ADDED", claim(phase="Bound", volume="disk", metadata={"resourceVersion": "1"}))
    told.observe(2, "ADDED", disk, PVS)
    told.observe(2.5, "LISTED", node([], [], 3), NODES)
    told.observe(3, "ADDED", pod(metadata={"resourceVersion": "4"}), PODS)
    told.observe(4.5, "MODIFIED", {**pod(node="n1")}, PODS)
    told.observe(12, "MODIFIED", running(9, restarts=0), PODS)
    told.observe(40, "MODIFIED", running(38, restarts=1), PODS)
    leaving = {"deletionTimestamp": stamp(80), "deletionGracePeriodSeconds": 30}
    told.observe(50.3, "MODIFIED", pod(node="n1", metadata=leaving), PODS)
    for turn, uid in enumerate(("a1", "a2")):
        at, version = 60 + 10 * turn, 10 * (turn + 1)
        told.observe(
            at, "ADDED", attachment(uid=uid, of="disk", metadata={"resourceVersion": str(version)}), ATTACHMENTS
        )
        told.observe(at + 1, "MODIFIED", node([ON_DISK], [ON_DISK], version + 1), NODES)
        told.observe(at + 2, "MODIFIED", node([ON_DISK], [], version + 2), NODES)
        told.observe(at + 3, "MODIFIED", node([], [], version + 3), NODES)
        gone = attachment(uid=uid, of="disk", metadata={"resourceVersion": str(version + 4)})
        told.observe(at + 4, "DELETED", gone, ATTACHMENTS)


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trace]:
    told = Telling()
    tell_of_the_disk(told)
    for second in range(
        10, 20
    ):  # by these the server's clock is known, and by the Events the scheduler's and the node's
        made = {"creationTimestamp": stamp(second)}
        told.observe(second + 0.001, "ADDED", claim(f"at-{second}", f"at-{second}", metadata=made))
        placed = event("x", second, "Scheduled", "nobody", reportingComponent="default-scheduler")
        told.observe(second + 0.007, "ADDED", placed, EVENTS)
        told.observe(second + 0.007, "ADDED", event("y", second, "Started", "nobody", source={"host": "n1"}), EVENTS)
    told.observe(30, "LISTED", claim("old", "old", metadata={"creationTimestamp": stamp(4)}))
    scheduled = event("db", 4.49, "Scheduled", "p1", reportingComponent="default-scheduler")
    told.observe(4.6, "ADDED", scheduled, EVENTS)
    for name, at in (("init", 5.25), ("main", 9.25)):
        kind = "initContainers" if name == "init" else "containers"
        started = event(name, at, "Started", "p1", source={"host": "n1"}, field=f"spec.{kind}{{{name}}}")
        told.observe(at + 0.1, "ADDED", started, EVENTS)

    told.observe(2, "ADDED", claimed("grows"))
    told.observe(4, "MODIFIED", claimed("grows", asks=20))
    told.observe(
        5, "MODIFIED", claimed("grows", asks=20, conditions=[{"type": "FileSystemResizePending", "status": "True"}])
    )
    told.observe(6, "MODIFIED", claimed("grows", asks=20, has=20))
    told.observe(7, "MODIFIED", claimed("grows", asks=900, has=20))
    told.observe(8, "MODIFIED", claimed("grows", asks=30, has=20))
    told.observe(9, "MODIFIED", claimed("grows", asks=30, has=30))

    told.observe(3, "ADDED", claimed("tuned", classes=("silver", None)))
    told.observe(4, "MODIFIED", claimed("tuned", classes=("silver", "silver")))
    told.observe(5, "MODIFIED", claimed("tuned", classes=("gold", "silver")))
    told.observe(6, "MODIFIED", claimed("tuned", classes=("gold", "gold")))

    delayed = thing("StorageClass", "fast", "s1", volumeBindingMode="WaitForFirstConsumer")
    told.observe(1, "LISTED", delayed, "storage.k8s.io/v1/storageclasses")
    early = [{"name": "d", "persistentVolumeClaim": {"claimName": "awaited"}}]
    told.observe(4, "ADDED", pod("early", "p2", volumes=early, metadata={"resourceVersion": "7"}), PODS)
    told.observe(5, "ADDED", claim("awaited", "awaited", metadata={"resourceVersion": "8"}))

    for at, type, drivers in ((2, "LISTED", ["old"]), (3, "MODIFIED", []), (4, "MODIFIED", ["new", "old"])):
        listed = [{"name": each, "nodeID": "n1"} for each in drivers]
        told.observe(at, type, thing("CSINode", "n1", "n", spec={"drivers": listed or None}), CSINODES)
    with open_trace(told.written(tmp_path_factory.mktemp("told"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def timeline(trace) -> Timeline:
    return Timeline(trace)


def test_a_whole_second_is_an_interval(timeline):
    row = timeline.of("claim_created", "old")
    assert (row["clock"], row["source"]) == ("server", "PersistentVolumeClaim metadata.creationTimestamp")
    assert row["latest"] == instant(5.001)
    # Of ten fractions of a second the smallest may be 0.7; the clocks are known no better than to 5 ms.
    assert row["precision_us"] == 1_000_000 + 700_000 + 5_000
    assert row["earliest"] < row["happened_at"] < row["latest"]


def test_a_pod_s_deletion_was_asked_a_grace_period_before_its_stamp(timeline):
    row = timeline.of("pod_deletion_asked", "disk")
    assert (row["happened_at"], row["disagreement"]) == (instant(50.3), None)
    (stamped,) = row["others"]
    assert stamped["source"] == "Pod metadata.deletionTimestamp less its grace period"
    assert stamped["at"] == instant(50.501)


def test_an_event_s_name_holds_the_instant_of_its_first_occurrence(timeline):
    row = timeline.of("pod_scheduled", "disk")
    assert (row["source"], row["clock"]) == ("Event Scheduled", "kube-scheduler")
    assert (row["earliest"], row["happened_at"]) == (instant(4.5 - DELAY), instant(4.49 + 0.001))


def test_containers_started_when_the_first_main_one_first_did(timeline):
    row = timeline.of("containers_started", "disk")
    assert (row["source"], row["clock"]) == ("Event Started", "node/n1")
    assert row["happened_at"] == row["latest"] == instant(9.25 + 0.007)
    assert row["earliest"] == instant(9.007 - 0.014042)


def test_a_node_s_list_is_of_the_attachment_that_there_was(timeline):
    listed = timeline.all("node_lists_attached", "disk")
    assert [(row["attachment_uid"], row["happened_at"]) for row in listed] == [("a1", instant(61)), ("a2", instant(71))]
    let_go = timeline.all("no_longer_in_use", "disk")
    assert [(row["attachment_uid"], row["happened_at"]) for row in let_go] == [("a1", instant(62)), ("a2", instant(72))]


def test_each_size_that_is_asked_for_is_an_expansion(timeline):
    def told(milestone: str) -> list[tuple[int, datetime]]:
        return [(row["occurrence"], row["happened_at"]) for row in timeline.all(milestone, "grows")]

    assert told("expand_asked") == [(1, instant(4)), (2, instant(7)), (3, instant(8))]
    assert told("expand_node_pending") == [(1, instant(5))]
    assert told("expand_done") == [(1, instant(6)), (3, instant(9))]


def test_the_class_that_a_claim_was_made_with_is_no_modification(timeline):
    assert timeline.of("modify_asked", "tuned")["happened_at"] == instant(5)
    assert timeline.of("modify_done", "tuned")["happened_at"] == instant(6)


def test_a_claim_whose_pod_was_there_before_it_waits_for_nobody(timeline):
    row = timeline.of("first_consumer", "awaited")
    assert (row["happened_at"], row["source"]) == (instant(5), "PersistentVolumeClaim new")


def test_a_driver_is_registered_and_lost_with_its_entry(trace):
    columns = "milestone, driver, occurrence, happened_at, latest"
    rows = trace.sql(f"select {columns} from registrations order by latest, driver")
    assert rows.rows() == [
        ("driver_registered", "old", 1, None, instant(2)),
        ("driver_lost", "old", 1, instant(3), instant(3)),
        ("driver_registered", "new", 1, instant(4), instant(4)),
        ("driver_registered", "old", 2, instant(4), instant(4)),
    ]


def test_each_clock_is_off_by_the_shortest_way_that_a_stamp_took(trace):
    rows = trace.sql("select clock, offset_us, error_us, samples, known, watch_delay_us from clocks")
    scheduler = round(7 * ((1 + 19 * 16 + 10 * 7 + 110) * 1000 / 31 - 1_000) / 31)
    of_node = round(7 * ((10 * 7 + 2 * 100) * 1000 / 12 - 7_000) / 12)
    assert rows.rows() == [
        ("kube-scheduler", 1_000, 5_000 + scheduler, 31, True, None),
        ("node/n1", 7_000, 5_000 + of_node, 12, True, None),
        ("server", 1_000, 705_000, 10, True, 20_000),
    ]
