"""An explanation does not say that something is not there when nobody looked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from places import Place, Row, Told, cluster, write
from small_trace import SmallTrace, claim, instant
from volume_story import STREAMS

from analysis import Trace
from analysis.explaining.answer import Explanation

Explained = Callable[..., Explanation]
PLACE = Place("data")


@pytest.fixture
def explained(tmp_path: Path, ask: Callable[[Path], Trace]) -> Explained:
    """What is said about something in a trace without the stream of a kind."""

    def explaining(what: str, name: str, told: Told, without: str) -> Explanation:
        path = write(tmp_path / f"{what}.trace", [*cluster(), *told], [STREAMS[without]])
        return ask(path).explain(what, name)

    return explaining


UNSEEN = {
    "a class": (
        "claim",
        "data",
        [Row(1, "ADDED", PLACE.claim("Pending", storageClassName="gold"))],
        "StorageClass",
        "no volume fits, and no class gold was seen (nothing says that storageclasses were recorded then)",
    ),
    "a volume": (
        "claim",
        "data",
        [Row(1, "ADDED", PLACE.claim("Pending", volume="pv-data"))],
        "PersistentVolume",
        "it names pv-data, which was not seen (nothing says that persistentvolumes were recorded then)",
    ),
    "any volume": (
        "claim",
        "data",
        [Row(1, "ADDED", PLACE.claim("Pending"))],
        "PersistentVolume",
        "no volume that was seen fits (nothing says that persistentvolumes were recorded then): one is being made",
    ),
    "a claim": (
        "pod",
        "data",
        [Row(1, "ADDED", PLACE.pod(None))],
        "PersistentVolumeClaim",
        "it is not placed: its claim data was not seen (nothing says that persistentvolumeclaims were recorded then)",
    ),
    "the claim of a volume": (
        "pv",
        "pv-data",
        [Row(1, "ADDED", PLACE.volume())],
        "PersistentVolumeClaim",
        "it is bound to shop/data, which was not seen (nothing says that persistentvolumeclaims were recorded then)",
    ),
    "the pods of a volume": (
        "volumeattachment",
        "csi-data-lab-node-1",
        [*PLACE.bound(), Row(4, "ADDED", PLACE.attachment(attached=True))],
        "Pod",
        "it is attached, and whether anything uses it is not known",
    ),
}


@pytest.mark.parametrize("case", UNSEEN)
def test_what_was_not_recorded_is_not_said_to_be_missing(case: str, explained: Explained):
    what, name, told, without, verdict = UNSEEN[case]
    answer = explained(what, name, told, without)
    assert answer.verdict == verdict
    assert answer.turn is None
    assert STREAMS[without].rpartition("/")[2] in " ".join(answer.unknown)


def test_a_gap_is_named_with_its_time_and_its_reason(small: SmallTrace, ask: Callable[[Path], Trace]):
    classes = STREAMS["StorageClass"]
    for stream in STREAMS.values():
        small.note(0, "synced", stream=stream)
    wanting = claim()
    wanting["spec"] = {"storageClassName": "gold"}
    small.observe(5, "ADDED", wanting)
    small.note(6, "bookmark", stream=classes).note(7, "failed", "connection refused", stream=classes)
    small.note(20, "gap", "410 Gone", stream=classes).note(20, "relisted", stream=classes)
    for stream in STREAMS.values():
        small.note(30, "bookmark", stream=stream)
    trace = ask(small.ended())
    before, inside, after = (trace.explain("claim", "data", instant(at)) for at in (5, 15, 25))
    assert before.verdict == after.verdict == "no volume fits, and there is no class gold"
    gap = "storageclasses: something may have been missed from 07:00:06 to 07:00:20 UTC: gap: 410 Gone"
    assert inside.verdict == f"no volume fits, and no class gold was seen ({gap})"
    assert (inside.turn, gap in inside.unknown) == (None, True)


def test_what_is_first_seen_in_a_list_may_have_been_there_before(small: SmallTrace, ask: Callable[[Path], Trace]):
    small.note(0, "opened").observe(5, "LISTED", claim()).note(5, "synced").observe(9, "ADDED", claim("other"))
    trace = ask(small.ended())
    assert trace.explain("claim", "data", instant(2)).verdict.startswith("whether it was there then is not known")
    assert trace.explain("claim", "other", instant(2)).verdict.startswith("it was not there yet")
