"""`volreel volumes`, `timeline`, `blame`, `latency` and `compare` on recorded clusters, as a shell sees them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from answering import ask, rows
from small_trace import SmallTrace, claim, instant

from analysis import open_trace
from analysis.instants import NotAnInstant
from analysis.naming import AmbiguousName, UnknownName
from analysis.volume_filter import NotACondition
from tracer.errors import VolreelError

SAMPLES = Path(__file__).parents[2] / "sample_traces"
FIRST = SAMPLES / "first-volumes.trace"
MOUNTS = SAMPLES / "failing-mounts.trace"


pytestmark = pytest.mark.usefixtures("kept_models")


def labels(*conditions: str) -> list[str]:
    return [volume["label"] for volume in rows("volumes", MOUNTS, *conditions)]


def test_volumes_that_wait_come_first_then_the_slowest():
    listed = rows("volumes", MOUNTS)
    waits = [volume["waiting_us"] for volume in listed if volume["waiting_us"] is not None]
    slowest = [volume["slowest_us"] for volume in listed if volume["waiting_us"] is None]
    assert waits == sorted(waits, reverse=True)
    assert slowest == sorted(slowest, reverse=True)
    assert [volume["label"] for volume in listed[:4]] == ["s11/nodrv", "s12/inl/d", "s12/gen-d", "s12/inlbad/d"]


def test_volumes_say_who_had_the_turn_and_what_failed():
    said = ask("volumes", MOUNTS)
    lines = said.text.splitlines()
    assert lines[0].split() == ["volume", "stands", "step", "who", "took"]
    row = next(number for number, line in enumerate(lines) if line.startswith("s11/data "))
    assert lines[row].split() == ["s11/data", "deleted", "publish", "publish", "4m10s"]
    assert lines[row + 1].startswith('    MountVolume.SetUp failed for volume "pvc-9e6f9ee3')
    assert lines[-1] == "9 volumes, 4 waiting"
    assert said.width <= 80


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        (["namespace=s12", "node=lab-node-1"], {"s12/gen-d", "s12/inl/d", "s12/inlbad/d"}),
        (["claim=gen-d"], {"s12/gen-d"}),
        (["phase=node_report"], {"s12/gen-d"}),
        (["phase=deleted", "slowest>4m13s"], {"s11/ghost", "s11/nfs", "s11/aff", "s11/nodrv"}),
        (["phase!=deleted", "owner!=unknown"], {"s12/gen-d"}),
        (["age>1s"], {"s11/nodrv"}),
        (["class=csi-fast"], {"s11/data", "s12/gen-d"}),
        (["driver=nobody"], set()),
    ],
)
def test_conditions_choose_volumes(conditions, found):
    assert set(labels(*conditions)) == found


@pytest.mark.parametrize("condition", ["colour=red", "age>", "age>soon", "namespace>a", "namespace", "=", "drop table"])
def test_what_is_no_condition_is_refused_in_one_line(condition):
    with pytest.raises(NotACondition) as refused:
        ask("volumes", MOUNTS, condition)
    assert "\n" not in str(refused.value)


def test_a_timeline_shows_steps_and_what_proves_each_milestone():
    said = ask("timeline", MOUNTS, "s11/data")
    assert said.text.startswith("s11/data: dynamic, csi-fast, hostpath.csi.k8s.io, pvc-9e6f9ee3")
    publish = next(line for line in said.text.splitlines() if line.startswith("publish "))
    assert publish.split()[:4] == ["publish", "publish", "+1.525", "4m10s"]
    assert "    10 tries: MountVolume.SetUp failed" in said.text
    assert ["07:48:40.150", "5.1ms", "published", "data"] in [line.split()[:4] for line in said.text.splitlines()]
    assert said.width <= 80
    assert 80 < ask("timeline", MOUNTS, "s11/data", columns=200).width <= 200


def test_a_timeline_as_json_and_csv_has_every_column_of_the_models():
    [life] = rows("timeline", MOUNTS, "s11/data")
    milestones = list(csv.DictReader(io.StringIO(ask("timeline", MOUNTS, "s11/data", "--csv").text)))
    with open_trace(MOUNTS) as trace:
        expected = trace.milestones(life["volume"]["volume_id"])
        assert len(life["phases"]) == trace.phases(life["volume"]["volume_id"]).height
        assert set(trace.volumes().columns) - {"nodes", "namespace"} == set(life["volume"])
    assert [each["evidence"] for each in milestones] == [str(each["evidence"]) for each in life["milestones"]]
    assert sorted(each["evidence"] for each in life["milestones"]) == sorted(expected["evidence"])
    assert set(expected.columns) <= set(milestones[0])


@pytest.mark.parametrize("kind", ["claim", "pv_name", "volume_handle", "volume_id", "claim_uid", "pod"])
def test_a_volume_is_found_by_each_of_its_names(kind):
    [volume] = rows("volumes", MOUNTS, "namespace=s11", "claim=data")
    name = {"claim": "data", "pod": "s11/data"}.get(kind) or volume[kind]
    [life] = rows("timeline", MOUNTS, name)
    assert life["volume"]["label"] == "s11/data"


def test_an_unknown_name_says_so_and_an_ambiguous_one_lists_its_candidates():
    with pytest.raises(UnknownName, match="s03/nope"):
        ask("timeline", FIRST, "s03/nope")
    with pytest.raises(AmbiguousName, match="is the name of 3 volumes") as refused:
        ask("timeline", FIRST, "s03/db-1")
    assert all(f"s03/{claim}-db-1" in str(refused.value) for claim in ("data", "log", "wal"))


def test_blame_adds_up_to_the_whole_of_each_way():
    ways: dict[tuple[str, str], list[dict[str, object]]] = {}
    for stretch in rows("blame", FIRST, "s03/db-1"):
        ways.setdefault((stretch["use_id"], stretch["direction"]), []).append(stretch)
    assert len(ways) == 12
    for stretches in ways.values():
        ends = [stretch["ends_at"] for stretch in stretches]
        assert [stretch["begins_at"] for stretch in stretches[1:]] == ends[:-1]
        assert {stretch["way_state"] for stretch in stretches} == {"done"}


def test_blame_shows_each_life_of_a_pod_once_with_the_volume_that_it_waited_for_longest():
    said = ask("blame", FIRST, "s03/db-1")
    blocks = said.text.split("\n\npod ")
    assert len(blocks) == 4
    up, down = blocks[:2]
    assert up.splitlines()[:3] == [
        "pod s03/db-1 on lab-node-1, 2026-11-23 07:10:05.894 UTC",
        "10.2s from its creation until its containers had started",
        "volume s03/wal-db-1:",
    ]
    assert up.count("kubelet wait         7.8s  76.1%") == 1
    assert {line.split()[0] for line in up.splitlines()[-2:]} == {"s03/data-db-1", "s03/log-db-1"}
    assert "from its deletion on" in down
    assert said.width <= 80


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("s12/gen", "since its creation, and its containers have not started yet"),
        ("s11/ghost", "from its creation until it was given up"),
    ],
)
def test_blame_says_of_a_pod_that_never_started_that_it_did_not(name, words):
    text = ask("blame", MOUNTS, name).text
    assert words in text
    assert "had started" not in text


def test_latencies_stand_in_the_order_of_the_chain_and_count_what_is_censored():
    listed = rows("latency", FIRST)
    steps = [row["phase"] for row in listed if row["direction"] == "up"]
    assert [step for step in steps if step in ("create", "bind", "schedule", "controller_publish", "publish")] == [
        "create",
        "bind",
        "schedule",
        "controller_publish",
        "publish",
    ]
    [publish] = rows("latency", MOUNTS, "--phase", "controller_publish")
    assert (publish["phases"], publish["censored"]) == (3, 1)
    assert publish["p95_us"] is None
    assert ask("latency", FIRST).width <= 80


def test_latencies_are_told_apart_and_filtered():
    by_class = {row["grp"]: row["phases"] for row in rows("latency", FIRST, "--by", "class", "--phase", "create")}
    assert by_class == {"csi-fast": 4, "csi-fast-wffc": 7}
    [row] = rows("latency", FIRST, "--class", "csi-fast", "--phase", "create")
    assert row["phases"] == 4
    assert rows("latency", FIRST, "--namespace", "s01", "--phase", "create")[0]["phases"] == 1
    assert ask("latency", FIRST, "--node", "elsewhere").text == "no steps\n"
    assert ask("latency", FIRST, "--by", "class").width <= 80


def test_a_trace_does_not_differ_from_itself():
    said = ask("compare", FIRST, FIRST, "--fail-if-slower", "0%")
    assert said.text.endswith("No step differs by more than chance and precision allow.\n")
    assert said.code == 0
    assert not any(row["differs"] for row in rows("compare", FIRST, FIRST))


@pytest.fixture(scope="module")
def slower_since(tmp_path_factory):
    """Twenty claims that are bound after 2 s each, then twenty that take 8 s."""
    trace = SmallTrace(tmp_path_factory.mktemp("compare") / "slower.trace")
    for number in range(40):
        begun = number * 10.0
        created = f"{instant(begun):%Y-%m-%dT%H:%M:%SZ}"
        trace.observe(begun, "ADDED", claim(f"data-{number}", creationTimestamp=created))
        bound = claim(f"data-{number}", version=2, phase="Bound", creationTimestamp=created)
        trace.observe(begun + (2 if number < 20 else 8), "MODIFIED", bound)
    return trace.ended()


def test_a_step_that_became_slower_fails_the_gate(slower_since):
    gate = ask("compare", slower_since, "--split", "50%", "--fail-if-slower", "20%")
    assert gate.code == 1
    assert "is slower: median 2.0s → 8.0s" in gate.text
    assert ask("compare", slower_since, "--split", "50%", "--fail-if-slower", "500%").code == 0
    assert ask("compare", slower_since, "--split", "25%", "--to", "50%", "--fail-if-slower", "20%").code == 0


@pytest.mark.parametrize("traces", [(FIRST,), (FIRST, FIRST, "--split", "50%")])
def test_two_traces_are_compared_or_two_stretches_of_one(traces):
    with pytest.raises(VolreelError, match="give two traces, or one and --split"):
        ask("compare", *traces)


@pytest.mark.parametrize("command", [("latency", FIRST), ("compare", FIRST, FIRST)])
def test_a_step_that_there_is_not_is_refused_with_those_there_are(command):
    with pytest.raises(VolreelError, match=r"no step or link is called 'attatch'\. There are attach, "):
        ask(*command, "--phase", "attatch")


@pytest.mark.parametrize("share", ["20", "a lot", "-3%"])
def test_what_is_no_share_is_refused(share):
    with pytest.raises(VolreelError, match="is no share"):
        ask("compare", FIRST, FIRST, "--fail-if-slower", share)


def test_from_and_to_are_instants_of_the_trace():
    stretch = ["--from", "07:09:00", "--to", "2026-11-23T07:09:46Z"]
    assert {volume["label"] for volume in rows("volumes", FIRST, *stretch)} == {"s01/a", "s02/a", "s02/b"}
    assert {row["phase"] for row in rows("latency", FIRST, "--from", "100%")} == set()
    [life] = rows("timeline", FIRST, "s01/a", "--to", "0%")
    assert life["milestones"] == []
    with pytest.raises(NotAnInstant):
        ask("volumes", FIRST, "--at", "yesterday")


def test_as_of_an_instant_what_came_later_is_not_there():
    [life] = rows("timeline", FIRST, "s03/wal-db-1", "--at", "07:10:10")
    assert life["volume"]["standing"] == "attached"
    assert max(each["instant"] for each in life["milestones"]) < "2026-11-23T07:10:10"
    assert "have not started yet" in ask("blame", FIRST, "s03/db-1", "--at", "07:10:10").text
    assert rows("volumes", FIRST, "--at", "0%") == []


def test_a_step_whose_beginning_nobody_saw_is_drawn_from_the_first_known_instant(small: SmallTrace):
    made = {"creationTimestamp": "2026-11-23T07:00:00Z"}
    small.note(0.2, "opened").observe(0.3, "LISTED", claim(**made)).note(0.3, "synced")
    small.observe(9, "MODIFIED", claim(version=2, phase="Bound", **made))
    told = ask("timeline", small.ended(), "shop/data").text
    [step] = [line for line in told.splitlines() if line.startswith("bind ")]
    assert step.split()[-3:] == ["?", ">0.0ms", "█"]
