"""What `info` says: doubts first, of traces in every state."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tracer.inspection.info import inspect_trace
from tracer.inspection.info_text import info_text
from tracer.trace.manifest import Cluster
from tracer.trace.writer import TraceWriter

SAMPLE = Path(__file__).parents[2] / "sample_traces" / "first-volumes.trace"
PODS, EVENTS = "v1/pods", "v1/events"
S = 1_000_000


class Recording:
    """Rows at given seconds."""

    def __init__(self, path):
        self.writer = TraceWriter.create(path, "record", Cluster(server="https://k", version="v1.36.0", uid="uid-1"))

    def note(self, second, what, stream=PODS, **about):
        self.writer.note(stream, what, at_us=second * S, **about)
        return self

    def pod(self, second, uid, type_="ADDED", text='{"a":1}', stream=PODS, kind="Pod"):
        columns = {"stream": [stream], "type": [type_], "kind": [kind], "uid": [uid], "object": [text]}
        self.writer.observe(1, 10, columns, second * S)
        return self

    def log(self, second, stream):
        self.writer.log(1, 10, {"stream": [stream], "line": ["x"]}, second * S)
        return self

    def seal(self):
        self.writer.seal()
        return self

    def end(self):
        self.writer.close()
        return inspect_trace(self.writer.path)


@pytest.fixture
def recording(tmp_path):
    return Recording(tmp_path / "t.trace")


def test_a_recording_without_gaps_is_covered_from_synced_to_closed(recording):
    found = recording.note(0, "opened").note(2, "synced").pod(5, "a").note(8, "bookmark").note(10, "closed").end()
    assert found.gaps == [] and found.state == "ended"
    assert [(each.kind, each.coverage, each.assumed) for each in found.kinds] == [("Pod", 0.8, False)]


def test_a_gap_says_since_when_until_when_and_why(recording):
    recording.note(0, "synced").pod(3, "a").pod(4, "a", "MODIFIED")
    recording.note(20, "gap", revision_from=4, revision_to=90, detail="410 \x1b[31mGone")
    found = recording.pod(22, "a", "LISTED").note(24, "relisted").note(40, "closed").end()
    gap = found.gaps[0]
    assert (gap.certain_until, gap.certain_from) == ("1970-01-01T00:00:04.000000Z", "1970-01-01T00:00:24.000000Z")
    assert found.kinds[0].coverage == pytest.approx(20 / 40)
    text = info_text(found)
    assert text.startswith("Gaps and doubts\n  gap in v1/pods: 1970-01-01 00:00:04 to 00:00:24 (20.0 s)\n")
    assert "\x1b" not in text and r"410 \x1b[31mGone" in text


def test_the_last_sign_before_a_gap_is_found_across_segments(recording):
    recording.note(0, "synced").pod(3, "a").seal()
    recording.pod(6, "b", stream=EVENTS, kind="Event").pod(7, "a", "MODIFIED").seal()
    found = recording.note(20, "gap").note(21, "relisted").note(30, "closed").end()
    assert found.gaps[0].certain_until == "1970-01-01T00:00:07.000000Z"


def test_a_rewind_and_its_gap_are_one_doubt(recording):
    recording.note(0, "synced").pod(1, "a").note(5, "rewound", detail="behind").note(5, "gap", detail="lost")
    found = recording.note(6, "relisted").note(9, "closed").end()
    assert [(each.what, each.why) for each in found.gaps] == [("rewound", "lost")]


def test_a_stream_that_was_refused_or_failed_is_counted_with_its_last_reason(recording):
    recording.note(0, "forbidden", EVENTS, detail="needs list").pod(1, "a")
    recording.note(2, "failed", detail="HTTP 500").note(3, "failed", detail="HTTP 503")
    found = recording.end()
    assert [(each.stream, each.what, each.times, each.why) for each in found.troubles] == [
        (EVENTS, "forbidden", 1, "needs list"),
        (PODS, "failed", 2, "HTTP 503"),
    ]
    assert "failed (2 times, last 1970-01-01 00:00:03): v1/pods\n      HTTP 503\n" in info_text(found)


def test_what_was_filtered_is_said(recording):
    recording.writer.manifest.filtered = {PODS: {"no storage": 12}}
    assert "left out of v1/pods: 12 no storage" in info_text(recording.pod(0, "a").end())


def test_objects_observations_and_rows_without_object_are_counted_per_kind(recording):
    recording.note(0, "synced").pod(1, "a").pod(2, "a", "MODIFIED", None).pod(3, "b", "VANISHED", None)
    found = recording.pod(4, "x", stream=EVENTS, kind="Event").end()
    counts = [(each.kind, each.objects, each.observations, each.without_object) for each in found.kinds]
    assert counts == [("Event", 1, 1, 0), ("Pod", 2, 3, 2)]


def test_log_lines_are_counted_per_container(recording):
    recording.log(0, "log/n/p/u/c/0").log(1, "log/n/p/u/c/1").log(2, "log/n/p/u/d/0")
    counts = [(each.container, each.lines, each.runs) for each in recording.end().logs]
    assert counts == [("c", 2, 2), ("d", 1, 1)]


def test_a_trace_that_is_being_recorded_is_shown_as_it_stands(recording):
    recording.note(0, "synced").pod(1, "a").writer.flush()
    found = inspect_trace(recording.writer.path)
    assert (found.state, found.kinds[0].observations) == ("being recorded", 1)
    recording.writer.release()
    assert "did not end well" in info_text(inspect_trace(recording.writer.path))


def test_a_capture_is_marked_as_assumed():
    found = inspect_trace(SAMPLE)
    assert all(each.assumed for each in found.kinds)
    assert "covered* is assumed" in info_text(found)


def volreel(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "volreel", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_the_text_fits_80_columns_and_the_json_has_the_documented_keys():
    text = volreel("info", SAMPLE).stdout
    assert max(map(len, text.splitlines())) <= 80
    found = json.loads(volreel("info", SAMPLE, "--json").stdout)
    documented = volreel("info", "--help").stdout.split("keys are:")[1].split(".")[0]
    assert sorted(found) == sorted(" ".join(documented.split()).split(", "))
    assert found["kinds"][0].keys() == {
        "kind",
        "objects",
        "observations",
        "without_object",
        "coverage",
        "assumed",
    }


def test_check_ends_with_0_for_a_whole_trace_1_for_a_fault_2_for_what_is_none(tmp_path):
    whole = volreel("check", SAMPLE)
    assert (whole.returncode, whole.stderr) == (0, "")
    assert "whole" in whole.stdout
    recording = Recording(tmp_path / "t.trace")
    recording.pod(0, "a").end()
    (tmp_path / "t.trace" / "objects" / "00000001.parquet").unlink()
    broken = volreel("check", tmp_path / "t.trace", "--json")
    assert (broken.returncode, json.loads(broken.stdout)["ok"]) == (1, False)
    none = volreel("check", tmp_path / "nothing")
    assert (none.returncode, none.stdout) == (2, "")
    assert none.stderr.count("\n") == 1
