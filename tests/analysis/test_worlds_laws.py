"""The worlds at any instant are what a replay of the objects up to then gives, and drift is where the two differ."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from small_trace import instant
from volume_story import DRIVER, Object, Story, attachment, claim, made, node, pod, volume

from analysis import open_trace

NODES = ("n1", "n2")
VOLUMES = (0, 1)
PODS = ("p0", "p1", "p2")

Place = tuple[str, str]
"""A node and a volume."""


def unique_name(number: int) -> str:
    return f"kubernetes.io/csi/{DRIVER}^handle-pv-{number}"


class Cluster:
    """A cluster in which anything may happen next, in any order; it writes the story of what its API server says."""

    def __init__(self) -> None:
        self.story = Story().added(made("CSIDriver", DRIVER, "driver", None, spec={"attachRequired": True}))
        self.story.added(*(node(name, name) for name in NODES))
        self.story.added(pod("first", "first"), attachment("csi-first", "first", of="none", node="n3"))
        for number in VOLUMES:
            self.story.added(self._claim(number), volume(f"pv-{number}", f"v{number}"))
        self._bound: set[int] = set()
        self._pods: dict[str, dict[str, Any]] = {}
        self._attachments: dict[Place, Object] = {}
        self._lists: dict[str, set[str]] = {name: set() for name in NODES}
        self._made = 0

    def happen(self, what: int, which: int) -> None:
        """Let one of the things happen that can."""
        steps = [self._bind, self._pod_step, self._pod_step, self._attach_step, self._attach_step, self._list_step]
        steps[what % len(steps)](which)

    def _claim(self, number: int, phase: str = "Pending") -> Object:
        name = f"pv-{number}" if phase == "Bound" else None
        return claim(f"data-{number}", f"c{number}", phase, name)

    def _bind(self, which: int) -> None:
        number = VOLUMES[which % len(VOLUMES)]
        if number not in self._bound:
            self._bound.add(number)
            named = (f"data-{number}", f"c{number}")
            self.story.changed(volume(f"pv-{number}", f"v{number}", "Bound", named), self._claim(number, "Bound"))

    def _pod_step(self, which: int) -> None:
        name, choice = PODS[which % len(PODS)], which // len(PODS)
        state = self._pods.get(name)
        if state is None:
            self._made += 1
            uses = [{"name": "d", "persistentVolumeClaim": {"claimName": f"data-{choice % 2}"}}]
            state = {"uid": f"{name}-{self._made}", "volumes": uses, "node": None, "phase": "Pending", "run": "waiting"}
            self._pods[name] = state
            self.story.added(self._pod(name, state))
        elif state["node"] is None:
            state["node"] = NODES[choice % 2]
            self.story.changed(self._pod(name, state))
        elif choice % 5 == 4:
            self.story.deleted(self._pod(name, self._pods.pop(name)))
        else:
            change = [{"run": "running"}, {"deleted": True}, {"run": "terminated"}, {"phase": "Succeeded"}][choice % 5]
            state.update(change)
            self.story.changed(self._pod(name, state))

    @staticmethod
    def _pod(name: str, state: dict[str, Any]) -> Object:
        made_pod = pod(name, state["uid"], state["node"], state["phase"], volumes=state["volumes"])
        made_pod["status"]["containerStatuses"] = [{"name": "app", "state": {state["run"]: {}}}]
        if state.get("deleted"):
            made_pod["metadata"]["deletionTimestamp"] = "2026-11-23T07:30:00Z"
        return made_pod

    def _attach_step(self, which: int) -> None:
        place = NODES[which % 2], f"pv-{which // 2 % 2}"
        found = self._attachments.get(place)
        if found is None:
            self._made += 1
            found = attachment(f"csi-{'-'.join(place)}", f"a{self._made}", of=place[1], node=place[0])
            self._attachments[place] = found
            self.story.added(found)
        elif which // 4 % 4 == 3:
            self.story.deleted(self._attachments.pop(place))
        else:
            if which // 4 % 2:
                metadata = {**found["metadata"], "deletionTimestamp": "2026-11-23T07:30:00Z"}
                self._attachments[place] = found = {**found, "metadata": metadata}
            else:
                self._attachments[place] = found = {**found, "status": {"attached": True}}
            self.story.changed(found)

    def _list_step(self, which: int) -> None:
        name = NODES[which % 2]
        self._lists[name] ^= {unique_name(which // 2 % 2)}
        self.story.changed(node(name, name, attached=sorted(self._lists[name])))


def wants(seen: Object) -> bool:
    """`IsPodTerminated` of Kubernetes, the other way round, for a pod that is placed."""
    states = (
        [each["state"] for each in seen["status"]["containerStatuses"]] if "containerStatuses" in seen["status"] else []
    )
    has_stopped = "deletionTimestamp" in seen["metadata"] and not any("running" in state for state in states)
    return bool(seen["spec"]["nodeName"]) and seen["status"]["phase"] not in ("Succeeded", "Failed") and not has_stopped


class Replay:
    """The two worlds of the attach/detach controller, built anew from each object that arrives."""

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.desired: set[tuple[str, str, str]] = set()
        """Node, volume, pod."""

    def see(self, type: str, value: Object) -> None:
        uid = value["metadata"]["uid"]
        if type == "DELETED":
            del self.objects[uid]
        else:
            self.objects[uid] = value
        pods = {uid: each for uid, each in self.objects.items() if each["kind"] == "Pod" and wants(each)}
        self.desired = {entry for entry in self.desired if entry[2] in pods}
        for uid, each in pods.items():
            for wanted in each["spec"]["volumes"]:
                number = wanted["persistentVolumeClaim"]["claimName"].removeprefix("data-")
                bound = self.objects.get(f"c{number}")
                if bound and bound["status"]["phase"] == "Bound":
                    self.desired.add((each["spec"]["nodeName"], f"v{number}", uid))

    def actual(self) -> dict[Place, tuple[str, bool, bool]]:
        """How each attachment stands, whether it says attached, and whether the node lists it."""
        found: dict[Place, tuple[str, bool, bool]] = {}
        for each in self.objects.values():
            if each["kind"] == "VolumeAttachment" and each["spec"]["nodeName"] in NODES:
                attached = bool(each.get("status", {}).get("attached"))
                standing = (
                    "detaching" if "deletionTimestamp" in each["metadata"] else "attached" if attached else "attaching"
                )
                volume_id = each["spec"]["source"]["persistentVolumeName"].replace("pv-", "v")
                found[each["spec"]["nodeName"], volume_id] = standing, attached, False
            if each["kind"] == "Node":
                for number in VOLUMES:
                    if unique_name(number) in [entry["name"] for entry in each["status"]["volumesAttached"]]:
                        place = each["metadata"]["name"], f"v{number}"
                        found.setdefault(place, ("none", False, True))
        return {place: (standing, attached, self._lists(*place)) for place, (standing, attached, _) in found.items()}

    def _lists(self, name: str, volume_id: str) -> bool:
        listed = [entry["name"] for entry in self.objects[name]["status"]["volumesAttached"]]
        return unique_name(int(volume_id[1:])) in listed

    def drift(self) -> dict[Place, str]:
        wanted = {(name, volume_id) for name, volume_id, _ in self.desired}
        actual = self.actual()
        complete = {
            place
            for place, (standing, attached, listed) in actual.items()
            if listed and (attached or standing == "none")
        }
        missing = dict.fromkeys(wanted - complete, "missing")
        return missing | dict.fromkeys(actual.keys() - wanted, "left over")


def valid(
    rows: list[dict[str, Any]], at: datetime, begin: str = "valid_from", end: str = "valid_to"
) -> list[dict[str, Any]]:
    return [row for row in rows if row[begin] <= at and (row[end] is None or row[end] > at)]


@settings(max_examples=3, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 59)), min_size=60, max_size=120))
def test_at_any_instant_the_worlds_are_what_a_replay_gives(steps):
    cluster = Cluster()
    for step in steps:
        cluster.happen(*step)
    with TemporaryDirectory() as folder, open_trace(cluster.story.write(Path(folder) / "story.trace")) as trace:
        desired = trace.sql("from attach_desired").rows(named=True)
        mounts = trace.sql("from mount_desired").rows(named=True)
        actual = trace.sql("from attach_actual where node in ('n1', 'n2')").rows(named=True)
        drift = trace.sql("from drift where world = 'attach' and node in ('n1', 'n2')").rows(named=True)
    replay = Replay()
    for second, told in enumerate(cluster.story.told, start=1):
        replay.see(told.type, told.value)
        at = instant(second)
        wanted = {(row["node"], row["volume_id"], row["use_id"].split("/")[0]) for row in valid(desired, at)}
        assert wanted == replay.desired
        assert {(row["node"], row["volume_id"], row["use_id"].split("/")[0]) for row in valid(mounts, at)} == wanted
        stands = {
            (row["node"], row["volume_id"]): (row["standing"], row["attached"], row["listed"])
            for row in valid(actual, at)
        }
        assert stands == replay.actual()
        differs = valid(drift, at, "from_at", "to_at")
        assert {(row["node"], row["volume_id"]): row["kind"] for row in differs} == replay.drift()
        assert all(row["since"] <= row["from_at"] for row in differs)
    for rows, key in ((desired, "use_id"), (mounts, "use_id"), (actual, "unique_name"), (drift, "volume_id")):
        never_overlap(rows, key)


def never_overlap(rows: list[dict[str, Any]], key: str) -> None:
    stretches = defaultdict(list)
    for row in rows:
        begin, end = (row["from_at"], row["to_at"]) if "from_at" in row else (row["valid_from"], row["valid_to"])
        stretches[row["node"], row[key]].append((begin, end))
    for several in stretches.values():
        assert all(end is not None and end <= begin for (_, end), (begin, _) in pairwise(sorted(several)))
