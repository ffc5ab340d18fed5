"""The sample traces: whole, small, described, and found where they are installed."""

from __future__ import annotations

import importlib.resources
from pathlib import Path

import pytest

from tracer.inspection.check import check_trace
from tracer.ndjson.exporting import ndjson_lines
from tracer.trace import open_trace

SAMPLES = Path(__file__).parents[1] / "sample_traces"
NAMES = sorted(path.name for path in SAMPLES.glob("*.trace"))


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_whole_and_the_readme_says_what_it_holds(name):
    checked = check_trace(SAMPLES / name)
    assert (checked.faults, checked.notes) == ([], [])
    assert f"| `{name}` |" in (SAMPLES / "README.md").read_text()


def test_all_samples_are_less_than_a_megabyte():
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < 1_000_000


def test_the_demo_finds_its_sample_as_a_resource():
    sample = importlib.resources.files("sample_traces") / "first-volumes.trace"
    assert open_trace(str(sample)).rows("objects") > 900


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_was_applied_with_kubectl_is_in_a_sample(name):
    for line in ndjson_lines(open_trace(SAMPLES / name)):
        if b'"kubectl.kubernetes.io/last-applied-configuration":' in line:
            assert b'last-applied-configuration":"(removed by volreel)"' in line
