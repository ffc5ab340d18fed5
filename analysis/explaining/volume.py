"""Why a PersistentVolume is not bound, not detached or not deleted.

`pkg/controller/volume/persistentvolume/pv_controller.go`: syncVolume, reclaimVolume; for the external provisioner
`sig-storage-lib-external-provisioner/controller/controller.go`, shouldDelete.
"""

from __future__ import annotations

from dataclasses import replace

from analysis.explaining import attachment
from analysis.explaining.answer import USER, Decision, Statement, Turn
from analysis.explaining.finalizers import holding
from analysis.explaining.seen import Observed, Seen

KINDS = attachment.KINDS
"""What the answer depends on."""


def decide(volume: Observed, seen: Seen) -> Decision:
    """How one PersistentVolume stands."""
    standing = _standing(volume, seen)
    attached = [attachment.decide(each, seen) for each in seen.objects("VolumeAttachment") if _is_of(each, volume)]
    told = (*standing.statements, *(statement for each in attached for statement in each.statements))
    if volume.facts["deletion_requested_at"] is None:
        return replace(standing, statements=told)
    held, turn = holding(volume, seen)
    return Decision("it is being deleted and is still there", (*held, *told), turn=turn or standing.turn)


def _is_of(each: Observed, volume: Observed) -> bool:
    return bool(each.facts["volume_name"] == volume.name)


def _standing(volume: Observed, seen: Seen) -> Decision:
    match volume.facts["phase"]:
        case "Bound":
            decision = _bound(volume, seen)
        case "Released":
            decision = _released(volume, seen)
        case "Failed":
            decision = _failed(volume, seen)
        case _:
            decision = _free(volume)
    return decision


def _free(volume: Observed) -> Decision:
    facts = volume.facts
    phase = Statement("phase", f"its phase is {facts['phase'] or 'not set'}", (volume.evidence,))
    if not facts["claim_name"]:
        return Decision("no claim has taken it", (phase,), turn=Turn(USER, "make a claim that it fits"))
    claim = f"{facts['claim_namespace']}/{facts['claim_name']}"
    told = (phase, Statement("claimRef", f"it is kept for {claim}", (volume.evidence,)))
    turn = Turn("PV controller", f"bind it to {claim}, once that claim is there; explain the claim for more")
    return Decision(f"it is kept for {claim}", told, turn=turn)


def _bound(volume: Observed, seen: Seen) -> Decision:
    facts = volume.facts
    claim = f"{facts['claim_namespace']}/{facts['claim_name']}"
    found = seen.one("PersistentVolumeClaim", uid=facts["claim_uid"]) if facts["claim_uid"] else None
    if found is None:
        gone = seen.gone("PersistentVolumeClaim")
        told = (Statement("claim", f"the claim {claim} {gone}", (volume.evidence,)),)
        return Decision(f"it is bound to {claim}, which {gone}", told, turn=Turn("PV controller", "release it"))
    told = (Statement("claim", f"it is bound to {claim}", (volume.evidence, found.evidence)),)
    return Decision(f"it is bound to {claim}", told)


def _released(volume: Observed, seen: Seen) -> Decision:
    facts = volume.facts
    claim = f"{facts['claim_namespace']}/{facts['claim_name']} ({facts['claim_uid']})"
    told = [Statement("claim", f"its claim was {claim}", (volume.evidence,))]
    policy = facts["reclaim_policy"] or "Retain"
    told.append(Statement("reclaim policy", policy, (volume.evidence,)))
    if policy == "Retain":
        turn = Turn(USER, "nobody deletes it or binds it again: clear its claimRef to free it, or delete it")
        return Decision("it is released, and kept: its policy is Retain", tuple(told), turn=turn)
    told += _failures(volume, seen)
    made_by = facts["migrated_to"] or facts["provisioner"] or facts["driver"]
    who = f"provisioner {made_by}" if made_by and not made_by.startswith("kubernetes.io/") else "PV controller"
    attached = [each for each in seen.objects("VolumeAttachment") if _is_of(each, volume)]
    if attached and who != "PV controller":
        nodes = ", ".join(sorted({each.facts["node"] for each in attached}))
        text = f"it is still attached to {nodes}: the provisioner does not delete it before it is detached"
        told.append(Statement("attachment", text, tuple(each.evidence for each in attached)))
        verdict = f"it is released and not deleted: it is attached to {nodes}"
        return Decision(verdict, tuple(told), turn=attachment.decide(attached[0], seen).turn)
    return Decision("it is released and not deleted yet", tuple(told), turn=Turn(who, f"carry out the policy {policy}"))


def _failed(volume: Observed, seen: Seen) -> Decision:
    message = volume.facts["message"] or volume.facts["reason"] or "nothing says why"
    told = (Statement("phase", f"reclaiming it failed: {message}", (volume.evidence,)), *_failures(volume, seen))
    turn = Turn(USER, "delete what is behind it, and it: external provisioners do not try a Failed volume again")
    return Decision("it is Failed", told, turn=turn)


def _failures(volume: Observed, seen: Seen) -> list[Statement]:
    """The newest Event about a failed deletion."""
    failures = [
        said
        for said in seen.events(volume.facts["uid"])
        if said.reason in ("VolumeFailedDelete", "VolumeFailedRecycle")
    ]
    return [Statement(said.reason, f"{said.by} said: {said.message}", (said.evidence,)) for said in failures[:1]]
