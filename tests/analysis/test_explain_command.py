"""`volreel explain` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

from small_trace import SmallTrace
from typer.testing import CliRunner

from analysis.cli import app

SAMPLES = Path(__file__).parents[2] / "sample_traces"


def explain(*arguments: object):
    return CliRunner().invoke(app, ["explain", *map(str, arguments)])


def test_what_is_unknown_comes_first_then_the_answer_then_its_evidence():
    answer = explain(SAMPLES / "pending-claims.trace", "claim", "s05/toobig", "--at", "07:34:50")
    lines = " ".join(answer.stdout.split())
    order = (
        "not known:",
        "no volume fits",
        "next: user:",
        "binding mode:",
        "s05-one: size: wanted 5Gi, has 1Gi [seq 36",
    )
    places = [lines.index(words) for words in order]
    assert places == sorted(places)


def test_json_has_all_that_the_text_says():
    answer = explain(SAMPLES / "stuck-attach.trace", "pod", "s10/l3", "--at", "07:41:15", "--json")
    (explained,) = json.loads(answer.stdout)
    assert explained["verdict"] == "it is not placed: attach limit"
    assert explained["turn"]["who"] == "scheduler"
    assert all({"seq", "observed_at"} == set(row) for each in explained["statements"] for row in each["evidence"])


def test_text_of_the_cluster_is_shown_and_not_obeyed(small: SmallTrace):
    value = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "status": {"phase": "Pending"}}
    metadata = {"name": "data", "namespace": "shop", "uid": "c1", "resourceVersion": "1"}
    hostile = {"volumeName": "v\x1b]0;owned\x07[bold]"}
    answer = explain(
        small.observe(1, "ADDED", {**value, "metadata": metadata, "spec": hostile}).ended(), "claim", "data"
    )
    assert "\x1b" not in answer.stdout
    assert "\\x1b]0;owned\\x07[bold]" in answer.stdout
