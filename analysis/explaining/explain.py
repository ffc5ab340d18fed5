"""The one entrance: which object is meant, what is unknown, what its procedure decides, and since when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from analysis.explaining import attachment, claim, pod, volume
from analysis.explaining.answer import USER, Decision, Explanation, Turn
from analysis.explaining.names import Life, life_named
from analysis.explaining.seen import Observed, Seen
from analysis.naming import UnknownName
from tracer.errors import VolreelError

if TYPE_CHECKING:
    from analysis.trace import Trace


@dataclass(frozen=True, slots=True)
class _Procedure:
    kind: str
    depends_on: tuple[str, ...]
    """The kinds that the answer depends on."""
    decide: Callable[[Observed, Seen], Decision]


PROCEDURES = {
    "claim": _Procedure("PersistentVolumeClaim", claim.KINDS, claim.decide),
    "pod": _Procedure("Pod", pod.KINDS, pod.decide),
    "pv": _Procedure("PersistentVolume", volume.KINDS, volume.decide),
    "volumeattachment": _Procedure("VolumeAttachment", attachment.KINDS, attachment.decide),
}
"""What can be explained, by its word on the command line."""


def explain(trace: Trace, what: str, name: str, at: datetime | None = None) -> Explanation:
    """Why the `claim`, `pod`, `pv` or `volumeattachment` with that name stood as it did.

    `name` is a name, `namespace/name` or uid; without `at` it is as the trace ends. Raises UnknownName, AmbiguousName,
    QueryError, TraceDamaged, and VolreelError for another `what` and for a trace without rows.
    """
    procedure = PROCEDURES.get(what)
    if procedure is None:
        raise VolreelError(f"a {what!r} cannot be explained. Give one of {', '.join(PROCEDURES)}.")
    instant = at or trace.summary().last_at
    if instant is None:
        raise VolreelError(f"{trace.path} has no rows: there is nothing to explain.")
    life = life_named(trace, procedure.kind, name, instant)
    seen = Seen(trace, instant)
    found = seen.one(procedure.kind, uid=life["uid"])
    decision = _absent(life, instant) if found is None else procedure.decide(found, seen)
    unknown = seen.unknown(procedure.depends_on)
    if found is not None and found.facts["first_type"] == "LISTED":
        unknown = (*unknown, "it was there before the trace begins: since when, and what happened to it, is not known")
    return Explanation(
        kind=procedure.kind,
        namespace=life["namespace"],
        name=life["name"],
        uid=life["uid"],
        at=instant,
        unknown=unknown,
        verdict=decision.verdict,
        statements=decision.statements,
        candidates=decision.candidates,
        # Whose turn it is follows from what was not there.
        turn=None if seen.doubted else _since(decision.turn, seen, life["uid"]),
    )


def _absent(life: Life, at: datetime) -> Decision:
    if life["from_at"] > at:
        seen_at = f"it was first seen at {life['from_at']:%Y-%m-%d %H:%M:%S.%f} UTC"
        if life["first_type"] == "LISTED":
            return Decision(f"whether it was there then is not known: {seen_at}, in a list")
        return Decision(f"it was not there yet: {seen_at}")
    return Decision(f"it was not there any more: it was gone by {life['to_at']:%Y-%m-%d %H:%M:%S.%f} UTC")


def _since(turn: Turn | None, seen: Seen, uid: str) -> Turn | None:
    """With since when, and how long such a step takes, by the phase that was going on."""
    if turn is None or turn.since is not None:
        return turn
    phase = next(iter(seen.phases(uid)), None)
    if phase is None:
        return turn
    # How long people take for a thing says nothing.
    expected = None if turn.who == USER else seen.expected(phase)
    return replace(turn, since=phase["begins_at"], expected=expected)


def volume_subject(trace: Trace, volume_id: str) -> tuple[str, str]:
    """The object by which a volume is explained, as `explain` takes it: its claim, or without one its
    PersistentVolume.

    Raises UnknownName for a volume that has neither (one inline in a pod), QueryError, TraceDamaged.
    """
    volume = trace.sql(
        "select claim_uid, pv_uid, label from volumes where volume_id = $volume_id", {"volume_id": volume_id}
    ).row(0, named=True)
    if volume["claim_uid"]:
        return "claim", volume["claim_uid"]
    if volume["pv_uid"]:
        return "pv", volume["pv_uid"]
    raise UnknownName(f"{volume['label']} is a volume inline in a pod: it has no object to explain.")
