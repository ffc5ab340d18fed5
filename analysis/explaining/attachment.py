"""Why a volume is not attached to a node, or not detached from it.

`pkg/controller/volume/attachdetach/reconciler/reconciler.go` makes and deletes VolumeAttachments, the external-attacher
(`pkg/controller/csi_handler.go`) carries them out.
"""

from __future__ import annotations

from analysis.explaining.answer import USER, Decision, Statement, Turn
from analysis.explaining.nodes import is_done, trouble, unique_name, users
from analysis.explaining.seen import Observed, Seen

KINDS = ("VolumeAttachment", "PersistentVolume", "PersistentVolumeClaim", "Node", "Pod", "Event")
"""What the answer depends on."""


def decide(attachment: Observed, seen: Seen) -> Decision:
    """How one VolumeAttachment stands."""
    if attachment.facts["deletion_requested_at"] is not None:
        return _detaching(attachment, seen)
    if not attachment.facts["attached"]:
        return _attaching(attachment, seen)
    return _attached(attachment, seen)


def _attaching(attachment: Observed, seen: Seen) -> Decision:
    facts = attachment.facts
    statements = [_subject(attachment), *_node(facts["node"], seen)]
    attacher = f"attacher of {facts['driver']}"
    if facts["attach_error"]:
        text = f"the driver refused: {facts['attach_error']}"
        statements.append(Statement("attach error", text, (attachment.evidence,)))
        return Decision("it is not attached: the last try failed", tuple(statements), turn=Turn(attacher, "try again"))
    if not facts["finalizers"]:
        text = "the attacher has not put its finalizer on it: it has not begun, or is not running"
        statements.append(Statement("finalizer", text, (attachment.evidence,)))
        turn = Turn(attacher, "take it up")
        return Decision("it is not attached: nobody has taken it up", tuple(statements), turn=turn)
    text = f"the attacher has taken it up ({', '.join(facts['finalizers'])}) and has reported nothing"
    statements.append(Statement("finalizer", text, (attachment.evidence,)))
    turn = Turn(attacher, "call ControllerPublishVolume and report its answer")
    return Decision("it is not attached yet: it is being attached", tuple(statements), turn=turn)


def _detaching(attachment: Observed, seen: Seen) -> Decision:
    facts = attachment.facts
    asked = Statement(
        "deletion", f"its deletion was asked at {facts['deletion_requested_at']:%H:%M:%S} UTC", (attachment.evidence,)
    )
    statements = [_subject(attachment), asked, *_node(facts["node"], seen)]
    if facts["detach_error"]:
        text = f"the driver refused: {facts['detach_error']}"
        statements.append(Statement("detach error", text, (attachment.evidence,)))
    if not facts["finalizers"]:
        return Decision("it goes: no finalizer holds it", tuple(statements), turn=Turn("API server", "remove it"))
    text = f"it stays until these are gone: {', '.join(facts['finalizers'])}"
    statements.append(Statement("finalizer", text, (attachment.evidence,)))
    verdict = "it is not detached: the last try failed" if facts["detach_error"] else "it is not detached yet"
    turn = Turn(f"attacher of {facts['driver']}", "call ControllerUnpublishVolume, then take its finalizer off")
    return Decision(verdict, tuple(statements), turn=turn)


def _attached(attachment: Observed, seen: Seen) -> Decision:
    facts = attachment.facts
    node, statements = facts["node"], [_subject(attachment), *_node(facts["node"], seen)]
    volume = seen.one("PersistentVolume", name=facts["volume_name"]) if facts["volume_name"] else None
    if volume is None:
        gone = seen.gone("PersistentVolume")
        text = f"the PersistentVolume {facts['volume_name'] or '(none is named)'} {gone}"
        statements.append(Statement("volume", text, (attachment.evidence,)))
        turn = Turn(
            USER, "find out whether the driver still has the volume: without its PersistentVolume nothing detaches it"
        )
        return Decision(f"it is attached, and its volume {gone}", tuple(statements), turn=turn)
    claim = {"namespace": volume.facts["claim_namespace"], "name": volume.facts["claim_name"]}
    pods = [pod for pod in users(claim, node, seen) if not is_done(pod)] if claim["name"] else []
    if pods:
        statements += [_user(pod) for pod in pods]
        return Decision(f"it is attached, and used by {', '.join(pod.full_name for pod in pods)}", tuple(statements))
    used = seen.no("Pod", f"pod that uses it and still runs on {node}")
    statements.append(Statement("pods", used, (volume.evidence,)))
    found = seen.one("Node", name=node)
    name = unique_name(volume)
    if found is not None and name in (found.facts["volumes_in_use"] or ()):
        text = f"{node} still lists it in volumesInUse: it may be mounted there"
        statements.append(Statement("volumesInUse", text, (found.evidence,)))
        turn = Turn(f"kubelet {node}", "unmount it, and take it off volumesInUse")
        return Decision("it is not detached: the node has not let it go", tuple(statements), turn=turn)
    turn = Turn("A/D controller", "take it off volumesAttached and delete the VolumeAttachment")
    if seen.doubted:
        return Decision("it is attached, and whether anything uses it is not known", tuple(statements))
    return Decision("it is not detached, though nothing uses it", tuple(statements), turn=turn)


def _subject(attachment: Observed) -> Statement:
    facts = attachment.facts
    return Statement(
        "attachment",
        f"{attachment.name}: {facts['volume_name'] or 'an inline volume'} to {facts['node']},"
        f" attached={str(bool(facts['attached'])).lower()}",
        (attachment.evidence,),
    )


def _user(pod: Observed) -> Statement:
    leaving = ", which is being deleted" if pod.facts["deletion_requested_at"] else ""
    return Statement("pod", f"{pod.full_name} uses it{leaving}", (pod.evidence,))


def _node(node: str, seen: Seen) -> tuple[Statement, ...]:
    found = trouble(node, seen)
    return (found,) if found else ()
