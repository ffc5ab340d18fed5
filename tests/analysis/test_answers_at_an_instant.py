"""A trace as of an instant answers as a trace would whose recording had ended then."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from small_trace import instant
from volume_story import Story, attachment, claim, node, pod, static, volume, write

from analysis import Trace, open_trace

ON_NODE = "kubernetes.io/csi/block.example.com^handle-pv-1"
TOLD = (
    Story()
    .listed(static("pv-2", "v2", "Available"))
    .added(node(), claim(), pod(), volume(claimed_by=("data", "c1")))
    .changed(volume(phase="Bound", claimed_by=("data", "c1")), claim(phase="Bound", volume="pv-1"), pod(node="n1"))
    .added(attachment(), claim("other", "c2"))
    .changed(attachment(status={"attached": True}), node(attached=[ON_NODE], in_use=[ON_NODE]))
    .changed(pod(node="n1", phase="Running"))
    .deleted(pod(node="n1", phase="Running"))
    .vanished(claim("other", "c2"))
    .changed(node())
    .deleted(attachment(), claim(phase="Bound", volume="pv-1"))
    .changed(volume(phase="Released", claimed_by=("data", "c1")))
    .deleted(volume(phase="Released", claimed_by=("data", "c1")))
    .told
)


@settings(max_examples=2, deadline=None)
@given(st.integers(0, len(TOLD) + 1), st.sampled_from([0.0, 0.5, 0.999999]))
def test_as_of_an_instant_equals_a_recording_that_ended_then(rows, after):
    with TemporaryDirectory() as folder:
        whole = write(Path(folder) / "whole.trace", TOLD)
        cut = write(Path(folder) / "cut.trace", TOLD[:rows])
        with open_trace(whole, at=instant(rows + after)) as asked, open_trace(cut) as recorded:
            _assert_same(asked, recorded)


def _assert_same(asked: Trace, recorded: Trace) -> None:
    assert_frame_equal(asked.volumes(), recorded.volumes())
    assert_frame_equal(asked.uses(), recorded.uses())
    assert_frame_equal(asked.milestones(), recorded.milestones())
    assert_frame_equal(asked.phases(), recorded.phases())
    assert_frame_equal(asked.blame(), recorded.blame())
    assert_frame_equal(asked.latency(), recorded.latency())
    assert asked.summary() == recorded.summary()
