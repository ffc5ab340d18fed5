"""`volreel state` and `volreel changes`, as a shell sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_trace import SmallTrace
from typer.testing import CliRunner
from volume_story import STREAMS, Story, attachment, claim, made, node, pod, volume

from analysis.cli import app
from tracer.errors import VolreelError

SAMPLE = Path(__file__).parents[2] / "sample_traces" / "stuck-attach.trace"
HOSTILE = "\x1b[2J[red]x"


pytestmark = pytest.mark.usefixtures("kept_models")


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False, env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_drift_comes_first_and_behind_it_each_volume_on_each_node():
    lines = run("state", SAMPLE, "--at", "07:42:30").splitlines()
    assert lines[:4] == [
        "at 2026-11-23 07:42:30.000000 UTC",
        "not known: the log of the kubelet on lab-node-1 (not recorded then)",
        "",
        "drift: 2",
    ]
    assert lines[4].split() == ["volume", "node", "is", "for", "turn", "world"]
    assert lines[5].split() == ["s10/d2", "lab-node-1", "missing", "41.2s", "attacher", "attach,", "mount?"]
    assert lines[7].split() == ["s10/d1", "lab-node-1", "left", "over", "39.3s", "kubelet", "attach,", "mount"]
    assert lines[9].split("  ")[0] == "volume"
    assert [line.split()[0] for line in lines[10:]] == ["s10/d1", "s10/d2", "s10/l2", "s10/l3"]
    assert max(map(len, lines)) <= 80


def test_only_the_drift():
    assert run("state", SAMPLE, "--at", "07:42:30", "--drift").splitlines()[-1].startswith("s10/d1")


def test_an_instant_may_be_a_distance_or_a_share():
    begin = run("state", SAMPLE, "--at", "0%")
    assert begin.startswith("at 2026-11-23 07:40:54")
    assert run("state", SAMPLE, "--at", "+0s") == begin
    assert run("state", SAMPLE) == run("state", SAMPLE, "--at", "100%")


def test_what_is_no_time_is_refused():
    with pytest.raises(VolreelError, match="is no time"):
        run("state", SAMPLE, "--at", "yesterday")


def test_before_the_recording_nothing_is_known():
    lines = run("state", SAMPLE, "--at", "2026-11-23T06:00:00Z").splitlines()
    assert "not known: pods (not recorded then)" in lines
    assert any(line.startswith("no drift: as far as is known") for line in lines)


def test_json_has_the_worlds_and_what_is_not_known():
    [found] = json.loads(run("state", SAMPLE, "--at", "07:42:30", "--node", "lab-node-1", "--json"))
    assert found["at"] == "2026-11-23T07:42:30.000000Z"
    assert [each["source"] for each in found["unwatched"]] == ["kubelet"]
    assert {(each["pod"], each["kind"]) for each in found["drift"]} == {("d1", "left over"), ("d2", "missing")}
    assert {each["side"] for each in found["state"]} == {"desired", "actual"}


def test_changes_are_in_their_order_and_then_counted():
    lines = run("changes", SAMPLE, "--from", "07:41:45", "--to", "07:43:55").splitlines()
    assert lines[0] == "from 2026-11-23 07:41:45 to 2026-11-23 07:43:55 UTC"
    assert [line.split()[0] for line in lines[3:7]] == ["07:41:48", "07:41:48", "07:43:49", "07:43:51"]
    assert lines[3].split("  ")[-1] == "on lab-node-1 > -"
    assert any(line.split()[:2] == ["PersistentVolumeClaims", "Bound"] for line in lines)
    assert max(map(len, lines)) <= 80


def test_changes_as_json():
    found = json.loads(run("changes", SAMPLE, "--from", "07:41:45", "--to", "07:43:55", "--json"))
    assert {each["topic"] for each in found} == {"program", "registration", "volumes"}


@pytest.mark.parametrize("command", ["state", "changes"])
def test_an_empty_trace_is_empty(command, tmp_path):
    assert run(command, SmallTrace(tmp_path / "empty.trace").ended()) == "the trace is empty\n"


def test_names_of_the_cluster_are_shown_not_obeyed(tmp_path):
    story = Story().added(made("CSIDriver", "block.example.com", "d", None), node(HOSTILE, "n1"))
    story.added(claim(HOSTILE, "c1"), volume(claimed_by=(HOSTILE, "c1")))
    story.changed(volume(phase="Bound", claimed_by=(HOSTILE, "c1")), claim(HOSTILE, "c1", "Bound", "pv-1"))
    using = [{"name": "d", "persistentVolumeClaim": {"claimName": HOSTILE}}]
    story.added(pod(HOSTILE, volumes=using)).changed(pod(HOSTILE, volumes=using, node=HOSTILE))
    error = {"attached": False, "attachError": {"message": HOSTILE, "time": "2026-11-23T07:00:11Z"}}
    story.added(attachment(node=HOSTILE, status=error))
    trace = story.write(tmp_path / "hostile.trace")
    for command in ("state", "changes"):
        assert "\x1b" not in run(command, trace)
        assert "\x1b" not in run(command, trace, "--json")
    assert "[red]x" in run("state", trace)


def test_a_gap_says_what_is_not_known_then(tmp_path):
    trace = SmallTrace(tmp_path / "gap.trace")
    for stream in STREAMS.values():
        trace.note(0, "synced", stream=stream)
    trace.observe(5, "ADDED", node(), STREAMS["Node"]).note(20, "gap", "history is gone", stream=STREAMS["Pod"])
    trace.observe(30, "ADDED", claim(), STREAMS["PersistentVolumeClaim"])
    assert "not known: pods (gap: history is gone)" in run("state", trace.ended(), "--at", "25%")
