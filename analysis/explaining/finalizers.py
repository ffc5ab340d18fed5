"""What holds an object whose deletion was asked, finalizer by finalizer."""

from __future__ import annotations

from analysis.explaining.answer import USER, Statement, Turn
from analysis.explaining.nodes import users
from analysis.explaining.seen import Observed, Seen

_SOURCES = {
    "snapshot.storage.kubernetes.io/pvc-as-source-protection": ("snapshot controller", "a snapshot of it is being cut"),
    "provisioner.storage.kubernetes.io/cloning-protection": ("provisioner", "it is being cloned"),
}


def holding(held: Observed, seen: Seen) -> tuple[tuple[Statement, ...], Turn | None]:
    """A statement for each finalizer, and who has to act on the first; no turn where there is none."""
    asked_at = held.facts["deletion_requested_at"]
    asked = Statement("deletion", f"its deletion was asked at {asked_at:%H:%M:%S} UTC", (held.evidence,))
    found = [_holding(finalizer, held, seen) for finalizer in held.facts["finalizers"] or ()]
    return (asked, *(statement for statement, _ in found)), next((turn for _, turn in found), None)


def _holding(finalizer: str, held: Observed, seen: Seen) -> tuple[Statement, Turn]:
    """`pkg/controller/volume/pvcprotection`, `pvprotection`; external-attacher and external-provisioner."""
    if finalizer == "kubernetes.io/pvc-protection":
        return _pods(finalizer, held, seen)
    if finalizer == "kubernetes.io/pv-protection":
        text = f"{finalizer}: its phase is {held.facts['phase']}; it is held while it is Bound"
        return Statement("finalizer", text, (held.evidence,)), _while_bound(held, seen) or Turn(
            "PV protection controller", "let it go"
        )
    if finalizer.startswith("external-attacher/"):
        attached = [each for each in seen.objects("VolumeAttachment") if each.facts["volume_name"] == held.name]
        nodes = ", ".join(each.facts["node"] for each in attached)
        where = f"it is attached to {nodes}" if attached else seen.no("VolumeAttachment", "VolumeAttachment of it")
        evidence = (held.evidence, *(each.evidence for each in attached))
        return Statement("finalizer", f"{finalizer}: {where}", evidence), Turn("attacher", "let it go")
    if finalizer.startswith("external-provisioner."):
        text = f"{finalizer}: the volume behind it has not been deleted; its phase is {held.facts['phase']}"
        turn = _while_bound(held, seen) or Turn("provisioner", "delete the volume")
        return Statement("finalizer", text, (held.evidence,)), turn
    who, why = _SOURCES.get(finalizer, ("whoever owns the finalizer", "only its owner knows why"))
    return Statement("finalizer", f"{finalizer}: {why}", (held.evidence,)), Turn(who, "let it go")


def _while_bound(volume: Observed, seen: Seen) -> Turn | None:
    """Nothing of a Bound PersistentVolume is deleted before its claim is gone; None for one that is not Bound."""
    if volume.facts["phase"] != "Bound":
        return None
    claim = seen.one("PersistentVolumeClaim", uid=volume.facts["claim_uid"]) if volume.facts["claim_uid"] else None
    if claim is not None and claim.facts["deletion_requested_at"] is not None:
        return holding(claim, seen)[1]
    return Turn(USER, f"delete its claim {volume.facts['claim_namespace']}/{volume.facts['claim_name']}")


def _pods(finalizer: str, claim: Observed, seen: Seen) -> tuple[Statement, Turn]:
    pods = users({"namespace": claim.facts["namespace"], "name": claim.name}, None, seen)
    if not pods:
        text = f"{finalizer}: {seen.no('Pod', 'pod that was placed and uses it')}"
        return Statement("finalizer", text, (claim.evidence,)), Turn("PVC protection controller", "let it go")
    using = ", ".join(f"{pod.full_name} ({pod.facts['phase']})" for pod in pods)
    statement = Statement("finalizer", f"{finalizer}: used by {using}", tuple(pod.evidence for pod in pods))
    leaving = [pod for pod in pods if pod.facts["deletion_requested_at"] is not None]
    if len(leaving) == len(pods):
        return statement, Turn("kubelet", f"end {leaving[0].full_name}, whose deletion was asked")
    staying = next(pod for pod in pods if pod not in leaving)
    # A pod that has run to its end holds its claim all the same.
    return statement, Turn(USER, f"delete the pod {staying.full_name}")
