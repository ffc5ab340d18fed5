from __future__ import annotations

import json
from pathlib import Path

import pytest
from volreel_process import run as volreel

SAMPLES = Path(__file__).parents[2] / "sample_traces"


pytestmark = pytest.mark.usefixtures("kept_models")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


async def diagnose(sample: str, *options: str, home: Path):
    return await volreel("diagnose", f"{SAMPLES / sample}.trace", *options, home=home)


async def test_the_report_leads_with_roots_and_fits_a_terminal(home):
    ended = await diagnose("pending-claims", "--rule", "f02", "--rule", "F11", "--rule", "F17", home=home)
    assert ended.code == 1
    assert (
        ended.out
        == """\
Found 1 error, and 1 that follows from them.

error  F11 no node has room for the volume
  s06/wf  schedule  2026-11-23 07:35:11 to 07:35:27, 16.1s
  No node that pod s06/wf may go to has room for 10.0 GiB: the most there was is
  1.0 GiB.
  advice: Free or add capacity, or ask for less; see `kubectl get
          csistoragecapacities -A`, which is renewed each minute.
  evidence: seq 746, 1024, 1034
  echo: F02 the claim waits for a pod that cannot be placed: s06/wf, 2026-11-23
        07:35:11 to 07:35:27, 16.1s

Could not be decided, so that nothing found there means nothing:
  no log of kubelet of lab-node-1 from 2026-11-23 07:34:29 on (not in this
  trace)
    F17 the pod waits for its volumes, and no Event says so
"""
    )


async def test_what_is_found_decides_the_exit_code(home):
    assert (await diagnose("pending-claims", "--rule", "F13", home=home)).code == 0
    assert (await diagnose("pending-claims", "--rule", "F08", home=home)).code == 1
    assert (await diagnose("pending-claims", "--rule", "F08", "--fail-on", "error", home=home)).code == 0
    assert (await diagnose("pending-claims", "--rule", "F08", "--severity", "error", home=home)).code == 0


async def test_as_json_findings_and_doubts_are_one_object(home):
    ended = await diagnose("pending-claims", "--rule", "F01", "--rule", "F17", "--json", home=home)
    answer = json.loads(ended.out)
    [finding] = answer["findings"]
    assert (finding["rule"], finding["volume"], finding["severity"]) == ("F01", "s05/noclass", "warning")
    assert [(row["rule"], row["need"], row["to_at"]) for row in answer["undecidable"]] == [
        ("F17", "log of kubelet", None)
    ]


async def test_as_the_trace_stood_at_an_instant_a_fault_goes_on(home):
    ended = await diagnose("pending-claims", "--rule", "F08", "--at", "07:34:50", home=home)
    assert ended.code == 1
    assert "s05/blk  bind  since 2026-11-23 07:34:30, for " in ended.out


async def test_an_unknown_rule_is_one_line(home):
    ended = await diagnose("pending-claims", "--rule", "F77", home=home)
    assert ended.code == 2
    assert ended.line.startswith("volreel: there is no rule 'F77'.")
