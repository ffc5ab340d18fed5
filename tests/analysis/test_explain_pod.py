"""Why a pod is not placed or does not start: the real scheduler's words against what the trace says itself."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analysis import open_trace
from analysis.naming import UnknownName

SAMPLES = Path(__file__).parents[2] / "sample_traces"
SAID = """
select involved_namespace || '/' || involved_name as pod, message, min(observed_at) as said_at
from objects
where kind = 'Event' and reason = 'FailedScheduling' and type != 'LISTED'
    and involved_uid in (select uid from objects where kind = 'Pod')
group by all
order by said_at
"""


@pytest.fixture(scope="module")
def samples(kept_models):
    with ExitStack() as opened:
        names = ("first-volumes", "pending-claims", "stuck-attach", "failing-mounts")
        yield {name: opened.enter_context(open_trace(SAMPLES / f"{name}.trace")) for name in names}


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-23T{clock}+00:00").astimezone(UTC)


# What the scheduler said -> what the trace itself shows for it, and how the answer begins.
AGREES = [
    ("exceed max volume count", "lab-node-1 has 2 volumes of hostpath.csi.k8s.io, 2 are allowed", "attach limit"),
    ("did not have enough free storage", "too little for", "capacity"),
    ("didn't match PersistentVolume's node affinity", "can be used on 0 of 1 nodes", "topology"),
    ("unbound immediate PersistentVolumeClaims", ": ", "is not bound"),
    ('persistentvolumeclaim "nosuchclaim" not found', "there is no claim s11/nosuchclaim", "nosuchclaim is not there"),
    ("waiting for ephemeral volume controller", "gen-d", "is not there"),
    ("didn't match Pod's node affinity/selector", "didn't match Pod's", "not about its volumes"),
]


def test_every_refusal_of_the_real_scheduler_is_borne_out_by_the_trace(samples):
    met = set()
    for trace in samples.values():
        for pod, message, instant in trace.sql(SAID).rows():
            answer = trace.explain("pod", pod, instant)
            ((words, shown, about),) = [each for each in AGREES if each[0] in message]
            assert any(shown in statement.text for statement in answer.statements), (pod, message)
            # An Event arrives when the claim may have been made or bound meanwhile.
            assert (
                about in answer.verdict or "holds no longer" in answer.verdict or "gen-d is not bound" in answer.verdict
            )
            assert all(statement.evidence for statement in answer.statements)
            met.add(words)
    assert met == {words for words, *_ in AGREES}


def test_the_scheduler_is_quoted_per_reason_with_its_count_of_nodes(samples):
    answer = samples["stuck-attach"].explain("pod", "s10/l3", at("07:41:15"))
    said = [statement.text for statement in answer.statements if statement.topic.startswith("scheduler")]
    assert said == ["1 of 1 nodes: node(s) exceed max volume count"]


def test_a_pod_of_an_unbound_claim_waits_for_what_the_claim_waits_for(samples):
    trace = samples["pending-claims"]
    pod = trace.explain("pod", "s05/p", at("07:34:40"))
    claim = trace.explain("claim", "s05/toobig", at("07:34:40"))
    assert (pod.turn.what, pod.candidates) == (claim.turn.what, claim.candidates)


def test_without_its_attacher_a_volume_waits_to_be_taken_up(samples):
    answer = samples["stuck-attach"].explain("pod", "s10/d2", at("07:43:00"))
    assert (answer.turn.who, answer.turn.what) == ("attacher of hostpath.csi.k8s.io", "take it up")
    # The pod was placed at 07:41:48, while the driver was away.
    assert at("07:41:48") < answer.turn.since < at("07:41:49")
    assert answer.turn.expected.phases > 1
    assert answer.turn.expected.median_us < 1_000_000


def test_a_driver_that_refuses_to_attach_is_quoted(samples):
    answer = samples["stuck-attach"].explain("pod", "s10/l4", at("07:41:15"))
    (refused,) = [statement for statement in answer.statements if statement.topic == "attach error"]
    assert "Cannot attach any more volumes to this node" in refused.text
    assert answer.turn.what == "try again"


def test_a_pod_that_ends_without_its_driver_waits_for_the_kubelet(samples):
    answer = samples["stuck-attach"].explain("pod", "s10/d1", at("07:43:00"))
    assert answer.turn.who == "kubelet lab-node-1"


def test_a_claim_in_deletion_is_held_by_its_pod(samples):
    trace = samples["stuck-attach"]
    asked = trace.sql("""
        select name, min(observed_at) as asked_at
        from objects
        where kind = 'PersistentVolumeClaim' and deletion_requested_at is not null and type = 'MODIFIED'
        group by all order by asked_at limit 1
    """)
    name, instant = asked.row(0)
    answer = trace.explain("claim", f"s10/{name}", instant)
    assert answer.verdict.startswith("it is being deleted and is still there")
    assert "kubernetes.io/pvc-protection" in " ".join(statement.text for statement in answer.statements)


def test_what_was_not_there_yet_or_any_more_is_said(samples):
    trace = samples["stuck-attach"]
    assert trace.explain("pod", "s10/l4", at("07:41:00")).verdict.startswith("it was not there yet")
    assert trace.explain("pod", "s10/l4", at("07:42:00")).verdict.startswith("it was not there any more")


def test_a_name_that_nothing_has_suggests_those_like_it(samples):
    with pytest.raises(UnknownName, match=r"Names like it: .*s10/l3"):
        samples["stuck-attach"].explain("pod", "s10/l3x")
