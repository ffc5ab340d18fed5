"""What the rules find in real traces: F01 to F18 in the samples, all of them in the whole capture."""

from __future__ import annotations

from pathlib import Path

import pytest
from log_trace import REAL

from analysis import Trace, open_trace
from tracer.ndjson.importing import import_ndjson

SAMPLES = Path(__file__).parents[2] / "sample_traces"
OURS = [f"F{number:02}" for number in range(1, 19)]
# Rule, subject, step, first and last second (None: it goes on): by hand, from marks.ndjson and the captures' README.
PENDING = {
    ("F01", "s05/noclass", "bind", "07:34:30", "07:35:03"),
    ("F04", "s05/wrongclass", "provision_running", "07:34:30", "07:35:03"),
    ("F08", "s05/toobig", "bind", "07:34:29", "07:34:58"),
    ("F08", "s05/rwx", "bind", "07:34:30", "07:35:03"),
    ("F08", "s05/sel", "bind", "07:34:30", "07:35:03"),
    ("F08", "s05/blk", "bind", "07:34:30", "07:35:03"),
    ("F08", "s05/preb", "bind", "07:34:30", "07:35:03"),
    ("F04", "s06/badkind", "provision_running", "07:35:09", "07:35:25"),
    ("F04", "s06/huge", "provision_running", "07:35:09", "07:35:27"),
    ("F04", "s06/s2", "provision_running", "07:35:10", "07:35:25"),
    ("F04", "s06/badsel", "provision_running", "07:35:27", "07:35:27"),
    ("F02", "s06/wf", "node_selected", "07:35:11", "07:35:27"),
    ("F11", "s06/wf", "schedule", "07:35:11", "07:35:27"),
}
ATTACH = {
    ("F10", "s10/l3", "attach", "07:41:07", "07:41:26"),
    ("F10", "s10/l4", "attach", "07:41:07", "07:41:26"),
    ("F03", "s10/d3", "provision_requested", "07:41:49", "07:43:51"),
    ("F15", "s10/d2", "attach", "07:41:48", "07:43:52"),
    ("F16", "s10/d2", "attach", "07:43:51", "07:43:52"),
}
MOUNTS = {
    ("F16", "s11/ghost", "attach", "07:44:26", "07:48:45"),
    ("F15", "s11/nodrv", "attach", "07:44:26", None),
    ("F09", "s11/aff", "schedule", "07:44:27", "07:48:41"),
}
WHOLE = {
    ("F02", "s02/b", "node_selected", "07:33:06", "07:33:07"),
    *PENDING,
    ("F04", "s08/small", "provision_running", "07:39:14", "07:39:24"),
    *ATTACH,
    ("F16", "s11/ghost", "attach", "07:44:26", "07:48:45"),
    ("F15", "s11/nodrv", "attach", "07:44:26", "07:50:28"),
    ("F09", "s11/aff", "schedule", "07:44:27", "07:48:41"),
    # The attachment of the volume that was lost is made once more.
    ("F16", "s13/b", "attach", "07:50:13", "07:50:14"),
    ("F14", "s16/a", "detach", "07:53:49", "07:54:06"),
}


# What F19 to F39 find in the capture without its logs; those of no volume are about a pod, a snapshot or a driver.
LATE = {
    ("F19", "s13/b", "detach", "07:49:59", "07:50:05"),
    ("F20", "s12/inlnodrv/d", "stage", "07:48:53", "07:49:20"),
    ("F26", "s11/local", "publish", "07:44:27", "07:48:37"),
    ("F26", None, "publish", "07:44:28", "07:48:42"),
    ("F26", None, "publish", "07:44:28", "07:48:38"),
    ("F27", "s11/nfs", "publish", "07:44:27", "07:48:42"),
    ("F30", None, "control plane", "07:41:44", "07:43:52"),
    ("F30", None, "control plane", "07:54:28", "07:54:51"),
    ("F31", "s09/a", "release", "07:39:55", "07:40:10"),
    ("F34", "s04/rec", "bind", "07:34:23", "07:34:24"),
    ("F34", "s13/a", "bind", "07:49:38", "07:50:05"),
    ("F34", "s13/b", "bind", "07:49:38", "07:50:05"),
    ("F35", "s07/a", "expand", "07:37:01", "07:37:07"),
    ("F36", None, "snapshot", "07:38:57", "07:39:35"),
    ("F36", "s08/src", "snapshot", "07:38:57", "07:39:35"),
    ("F36", "s08/nosnap", "snapshot", "07:39:15", "07:39:35"),
    # It cannot go, as the claim that is to be made from it asks for too little.
    ("F36", "s08/small", "snapshot", "07:39:16", "07:39:31"),
    ("F36", "s08/small", "snapshot", "07:39:17", "07:39:24"),
    ("F37", "s11/data", "publish", "07:44:29", "07:48:40"),
    ("F37", "s12/inlbad/d", "publish", "07:48:53", "07:49:18"),
    ("F38", None, "schedule", "07:44:27", "07:48:41"),
    ("F38", None, "schedule", "07:48:57", "07:49:19"),
    ("F39", "s15/a", "modify", "07:52:21", "07:52:24"),
    ("F39", "s15/a", "modify", "07:52:24", "07:52:30"),
}
ECHOES = {
    ("F02", "s06/wf"): "F11",
    ("F36", "s08/small"): "F04",
    ("F03", "s10/d3"): "F30",
    ("F15", "s10/d2"): "F30",
    ("F16", "s10/d2"): "F30",
    ("F16", "s13/b"): "F34",
    ("F19", "s13/b"): "F34",
}
"""Of the capture: who follows from whom. `s11/ghost` does not: the driver had been back for half a minute."""


def found(trace: Trace, rules: list[str] | None = OURS) -> set[tuple[str, str, str, str, str | None]]:
    return {
        (
            row["rule"],
            row["volume"],
            row["step"],
            f"{row['from_at']:%H:%M:%S}",
            row["to_at"] and f"{row['to_at']:%H:%M:%S}",
        )
        for row in trace.findings(rules=rules).rows(named=True)
    }


@pytest.fixture(scope="module")
def opened(kept_models):
    """Each sample, opened once."""
    traces: dict[str, Trace] = {}

    def opening(name: str) -> Trace:
        if name not in traces:
            traces[name] = open_trace(SAMPLES / f"{name}.trace")
        return traces[name]

    yield opening
    for trace in traces.values():
        trace.close()


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("first-volumes", {("F02", "s02/b", "node_selected", "07:09:45", "07:09:46")}),
        ("pending-claims", PENDING),
        ("stuck-attach", ATTACH),
        ("failing-mounts", MOUNTS),
    ],
)
def test_each_fault_of_a_sample_is_found_at_its_volume_step_and_time(opened, sample, expected):
    assert found(opened(sample)) == expected


@pytest.mark.parametrize("sample", ["pending-claims", "stuck-attach", "failing-mounts"])
def test_the_evidence_of_a_finding_is_about_it(opened, sample):
    trace = opened(sample)
    for row in trace.findings(rules=OURS).rows(named=True):
        rows = trace.sql("from objects where list_contains($seqs, seq)", {"seqs": row["evidence"]})
        assert rows.height == len(set(row["evidence"])) > 0
        assert rows["observed_at"].min() <= (row["to_at"] or trace.summary().last_at)


def test_a_consequence_stands_under_its_root(opened):
    findings = opened("pending-claims").findings(rules=["F02", "F11"]).rows(named=True)
    assert [(row["rule"], row["echo_of"]) for row in findings] == [("F11", None), ("F02", findings[0]["finding_id"])]


def test_a_claim_says_which_filter_no_volume_has_passed(opened):
    findings = opened("pending-claims").findings(rules=["F08"])
    assert dict(findings.select("volume", "sentence").rows()) == {
        "s05/toobig": "The claim is not bound to s05-one: it has 1.0 GiB, not the 5.0 GiB asked for.",
        "s05/rwx": "The claim is not bound to s05-one: it allows ReadWriteOnce, not ReadWriteMany.",
        "s05/sel": "The claim is not bound to s05-one: its labels may not match the selector of the claim.",
        "s05/blk": "The claim is not bound to s05-one: its volumeMode is Filesystem, not Block.",
        "s05/preb": (
            'The claim is not bound to s05-one: Cannot bind to requested volume "s05-one": requested PV is too small.'
        ),
    }


@pytest.mark.skipif(not REAL.exists(), reason="the captures are not here")
def test_each_fault_of_the_capture_is_found_and_what_is_healthy_is_not(tmp_path):
    import_ndjson([str(REAL / "text" / "events.ndjson.gz")], tmp_path / "text.trace")
    with open_trace(tmp_path / "text.trace") as trace:
        assert found(trace, None) == WHOLE | LATE
        rows = {row["finding_id"]: row for row in trace.findings().rows(named=True)}
        echoes = {(row["rule"], row["volume"]): rows[row["echo_of"]]["rule"] for row in rows.values() if row["echo_of"]}
        assert echoes == ECHOES
