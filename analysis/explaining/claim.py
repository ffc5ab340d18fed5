"""Why a claim is bound or not: the PV controller's decision at an instant.

`pkg/controller/volume/persistentvolume/pv_controller.go`: syncUnboundClaim, syncBoundClaim, provisionClaim.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.explaining.answer import USER, Candidate, Decision, Statement, Turn
from analysis.explaining.finalizers import holding
from analysis.explaining.matching import (
    CLAIM_REF,
    IF_MEANT,
    PV_CONTROLLER,
    REQUESTED_BY_NAME,
    SCHEDULER,
    Filter,
    Mismatch,
    Nodes,
    Offered,
    Wanted,
    chosen,
    first_mismatch,
)
from analysis.explaining.quantity import quantity
from analysis.explaining.scheduler import last_refusal
from analysis.explaining.seen import Observed, Said, Seen

KINDS = ("PersistentVolumeClaim", "PersistentVolume", "StorageClass", "Pod", "Node", "Event")
"""What the decision depends on."""

_BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
_NO_PROVISIONER = "kubernetes.io/no-provisioner"
_DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_IN_TREE = "kubernetes.io/"


def decide(claim: Observed, seen: Seen) -> Decision:
    """The decision about one claim."""
    decision = _binding(claim, seen)
    if claim.facts["deletion_requested_at"] is None:
        return decision
    held, turn = holding(claim, seen)
    return replace(
        decision,
        verdict=f"it is being deleted and is still there; {decision.verdict}",
        statements=(*held, *decision.statements),
        turn=turn or decision.turn,
    )


def _binding(claim: Observed, seen: Seen) -> Decision:
    if _BIND_COMPLETED in claim.annotations:
        return _bound(claim, seen)
    if claim.facts["volume_name"]:
        return _names_its_volume(claim, seen)
    return _looks_for_one(claim, seen)


def wanted(claim: Observed) -> Wanted:
    """What the claim asks for."""
    facts = claim.facts
    return Wanted(
        namespace=facts["namespace"],
        name=facts["name"],
        uid=facts["uid"],
        bytes=facts["requested_bytes"] or 0,
        volume_mode=facts["volume_mode"] or "Filesystem",
        attributes_class=facts["attributes_class"] or "",
        selector=claim.spec.get("selector"),
        storage_class=facts["storage_class"] or "",
        access_modes=frozenset(facts["access_modes"] or ()),
    )


def offered(volume: Observed) -> Offered:
    """What the PersistentVolume is."""
    facts = volume.facts
    names_one = volume.spec.get("claimRef") is not None
    return Offered(
        name=facts["name"],
        claim=(facts["claim_namespace"], facts["claim_name"], facts["claim_uid"]) if names_one else None,
        bytes=facts["capacity_bytes"] or 0,
        volume_mode=facts["volume_mode"] or "Filesystem",
        attributes_class=facts["attributes_class"] or "",
        is_deleting=facts["deletion_requested_at"] is not None,
        phase=facts["phase"] or "Pending",
        labels=volume.labels,
        storage_class=facts["storage_class"] or "",
        access_modes=frozenset(facts["access_modes"] or ()),
        node_affinity=volume.spec.get("nodeAffinity"),
    )


def _bound(claim: Observed, seen: Seen) -> Decision:
    name = claim.facts["volume_name"]
    volume = seen.one("PersistentVolume", name=name) if name else None
    if volume is None:
        gone = seen.gone("PersistentVolume")
        statement = Statement(
            "binding", f"it was bound, and now {name or 'its PersistentVolume'} {gone}", (claim.evidence,)
        )
        turn = Turn(USER, "make the PersistentVolume again, or the claim: nothing else brings it back")
        verdict = "it was bound, and whether its volume is still there is not known"
        return Decision(verdict if seen.doubted else "it has lost its volume", (statement,), turn=turn)
    both = (claim.evidence, volume.evidence)
    uid = volume.facts["claim_uid"]
    if uid and uid != claim.facts["uid"]:
        other = f"{volume.facts['claim_namespace']}/{volume.facts['claim_name']} ({uid})"
        statement = Statement("claimRef", f"{name} belongs to {other}", both)
        turn = Turn(USER, "delete one of the two claims")
        return Decision(f"it names {name}, which belongs to another claim", (statement,), turn=turn)
    bound = Decision(f"it is bound to {name}", (Statement("binding", f"it is bound to {name}", both),))
    return _changing(claim, seen, bound)


def _changing(claim: Observed, seen: Seen, bound: Decision) -> Decision:
    """What a bound claim asks for and has not got: another size, another VolumeAttributesClass (external-resizer)."""
    facts = claim.facts
    wanted_bytes, has_bytes = facts["requested_bytes"] or 0, facts["capacity_bytes"] or 0
    resizer = f"resizer {facts['provisioner']}" if facts["provisioner"] else "resizer"
    if has_bytes and wanted_bytes > has_bytes:
        said = _own_words(claim, seen, "VolumeResizeFailed", "FileSystemResizeFailed")
        text = f"it asks for {quantity(wanted_bytes)} and has {quantity(has_bytes)}"
        status = f", its status is {facts['resize_status']}" if facts["resize_status"] else ""
        is_node = (facts["resize_status"] or "").startswith("Node")
        turn = Turn("kubelet" if is_node else resizer, f"expand it to {quantity(wanted_bytes)}")
        statements = (Statement("size", text + status, (claim.evidence,)), *said)
        failed = ", which failed" if said else ""
        verdict = f"{bound.verdict}, and waits to be expanded{failed}"
        return Decision(verdict, (*bound.statements, *statements), turn=turn)
    asked, has = facts["attributes_class"], facts["attributes_class_current"]
    if asked and asked != has:
        said = _own_words(claim, seen, "VolumeModifyFailed")
        text = f"it asks for the VolumeAttributesClass {asked} and has {has or 'none'}"
        status = f", its status is {facts['modify_status']}" if facts["modify_status"] else ""
        statements = (Statement("attributes class", text + status, (claim.evidence,)), *said)
        verdict = f"{bound.verdict}, and does not have its VolumeAttributesClass"
        return Decision(verdict, (*bound.statements, *statements), turn=Turn(resizer, f"give it {asked}"))
    return bound


def _names_its_volume(claim: Observed, seen: Seen) -> Decision:
    name, asked = claim.facts["volume_name"], wanted(claim)
    said = _own_words(claim, seen, "VolumeMismatch", "FailedBinding")
    volume = seen.one("PersistentVolume", name=name)
    if volume is None:
        text = f"{seen.no('PersistentVolume', f'PersistentVolume {name}')}; the PV controller sends no Event about that"
        turn = Turn(USER, f"make the PersistentVolume {name}, or a claim that does not name it")
        verdict = f"it names {name}, which {seen.gone('PersistentVolume')}"
        return Decision(verdict, (Statement("volume", text, (claim.evidence,)), *said), turn=turn)
    offer = offered(volume)
    both = (claim.evidence, volume.evidence)
    statement = Statement("binding", f"it names {name} itself: no other volume is looked at", both)
    if offer.claim is None:
        mismatch, passed = first_mismatch(asked, offer, REQUESTED_BY_NAME)
        candidate = _candidate(volume, mismatch, passed)
        if mismatch is not None:
            turn = Turn(USER, f"make a claim that {name} fits, or mend the volume")
            verdict = f"it names {name}, whose {mismatch.filter} does not fit"
            return Decision(verdict, (statement, *said), (candidate,), turn)
        turn = Turn("PV controller", f"bind it to {name}")
        return Decision(f"it names {name}, which fits", (statement, *said), (candidate,), turn)
    if offer.is_meant_for(asked):
        turn = Turn("PV controller", f"bind it to {name}")
        return Decision(f"it and {name} name each other", (statement, *said), (), turn)
    mismatch, passed = first_mismatch(asked, offer, (CLAIM_REF,))
    turn = Turn(USER, f"free {name} (clear its claimRef), or make a claim that does not name it")
    verdict = f"it names {name}, which belongs to another claim"
    return Decision(verdict, (statement, *said), (_candidate(volume, mismatch, passed),), turn)


def _looks_for_one(claim: Observed, seen: Seen) -> Decision:
    asked = wanted(claim)
    storage_class = seen.one("StorageClass", name=asked.storage_class) if asked.storage_class else None
    is_delayed = storage_class is not None and storage_class.facts["binding_mode"] == "WaitForFirstConsumer"
    nodes = [(node.name, node.labels) for node in seen.objects("Node")] if is_delayed else []
    filters = SCHEDULER if is_delayed else PV_CONTROLLER
    candidates, fitting = match(asked, seen.objects("PersistentVolume"), filters, nodes)
    delay = _delay(claim, storage_class, is_delayed, seen)
    best = chosen(asked, [volume for volume in fitting if not is_delayed or volume.is_meant_for(asked)])
    if best:
        names = " or ".join(volume.name for volume in best)
        undecided = " (which of them, nothing decides)" if len(best) > 1 else ""
        turn = Turn("PV controller", f"bind it to {names}{undecided}")
        return Decision(f"{names} fits", (delay,), candidates, turn)
    if is_delayed and not claim.facts["selected_node"]:
        return _waits_for_a_pod(claim, seen, delay, candidates)
    if asked.storage_class:
        return _is_provisioned(claim, seen, storage_class, delay, candidates)
    return _has_no_class(claim, seen, delay, candidates)


def match(
    asked: Wanted, volumes: Sequence[Observed], filters: Sequence[Filter], nodes: Nodes
) -> tuple[tuple[Candidate, ...], list[Offered]]:
    """Each volume with the first filter that leaves it out, those that come nearest first; and those that pass."""
    candidates, fitting = [], []
    for volume in volumes:
        offer = offered(volume)
        mismatch, passed = first_mismatch(asked, offer, IF_MEANT if offer.is_meant_for(asked) else filters, nodes)
        candidates.append(_candidate(volume, mismatch, passed))
        if mismatch is None:
            fitting.append(offer)
    nearest = sorted(candidates, key=lambda each: (each.failed is not None, -each.passed, each.volume))
    return tuple(nearest), fitting


def _candidate(volume: Observed, mismatch: Mismatch | None, passed: int) -> Candidate:
    if mismatch is None:
        return Candidate(volume.name, None, None, None, passed, volume.evidence)
    return Candidate(volume.name, mismatch.filter, mismatch.wanted, mismatch.has, passed, volume.evidence)


def _delay(claim: Observed, storage_class: Observed | None, is_delayed: bool, seen: Seen) -> Statement:
    if storage_class is None:
        name = claim.facts["storage_class"]
        if name and seen.doubt("StorageClass"):
            text = f"whether binding is delayed is not known: {seen.no('StorageClass', f'class {name}')}"
        else:
            why = f"the class {name} is not there" if name else "it asks for no class"
            text = f"binding is not delayed: {why}"
        return Statement("binding mode", text, (claim.evidence,))
    mode = storage_class.facts["binding_mode"]
    text = f"binding is {'' if is_delayed else 'not '}delayed: the class {storage_class.name} has {mode}"
    return Statement("binding mode", text, (claim.evidence, storage_class.evidence))


def _waits_for_a_pod(claim: Observed, seen: Seen, delay: Statement, candidates: tuple[Candidate, ...]) -> Decision:
    pods = [
        pod
        for pod in seen.objects("Pod", namespace=claim.facts["namespace"])
        if claim.name in (pod.facts["pod_claims"] or ()) and pod.facts["phase"] not in ("Succeeded", "Failed")
    ]
    fits = tuple(
        Statement("volume", f"{each.volume} fits: the scheduler may take it for a node", (each.evidence,))
        for each in candidates
        if each.failed is None
    )
    if not pods:
        turn = Turn(USER, "make a pod that uses it")
        verdict = f"it waits for a first pod, and {seen.no('Pod', 'pod that uses it')}"
        return Decision(verdict, (delay, *fits), candidates, turn)
    statements = [delay, *fits]
    for pod in pods:
        text = f"the pod {pod.full_name} uses it and has no node yet"
        if pod.facts["node"]:
            text = f"the pod {pod.full_name} uses it and was put on {pod.facts['node']} without the scheduler"
        refusal = last_refusal(pod, seen)
        told = {pod.evidence, *(refusal.evidence if refusal else ())}
        statements.append(Statement("pod", text + (f": {refusal.text}" if refusal else ""), tuple(sorted(told))))
    if all(pod.facts["node"] for pod in pods):
        turn = Turn(USER, "let the scheduler place the pod: nobody else selects a node for the claim")
    else:
        turn = Turn("scheduler", f"place {' or '.join(pod.full_name for pod in pods if not pod.facts['node'])}")
    return Decision("it waits for a pod to be placed", tuple(statements), candidates, turn)


def _is_provisioned(
    claim: Observed, seen: Seen, storage_class: Observed | None, delay: Statement, candidates: tuple[Candidate, ...]
) -> Decision:
    said = _own_words(claim, seen, "ProvisioningFailed", "VolumeMismatch")
    name = claim.facts["storage_class"]
    if storage_class is None:
        turn = Turn(USER, f"make the class {name}, or a volume that fits")
        verdict = f"{_nothing_fits(seen)}, and {seen.no('StorageClass', f'class {name}')}"
        return Decision(verdict, (delay, *said), candidates, turn)
    both = (claim.evidence, storage_class.evidence)
    provisioner = storage_class.facts["provisioner"]
    if provisioner == _NO_PROVISIONER:
        statement = Statement("provisioning", f"the class {name} has no provisioner: volumes are made by hand", both)
        turn = Turn(USER, "make a volume that fits")
        verdict = f"{_nothing_fits(seen)}, and its class makes none"
        return Decision(verdict, (delay, statement, *said), candidates, turn)
    migrated_to = claim.annotations.get("pv.kubernetes.io/migrated-to")
    if provisioner.startswith(_IN_TREE) and not migrated_to:
        statement = Statement("provisioning", f"{provisioner} is a plugin of the PV controller itself (in-tree)", both)
        turn = Turn("PV controller", f"make a volume with {provisioner}")
        return Decision(f"{_nothing_fits(seen)}: one is made in-tree", (delay, statement, *said), candidates, turn)
    driver = migrated_to or provisioner
    statement = Statement("provisioning", f"{driver} makes volumes of the class {name} (external)", both)
    if claim.facts["provisioner"] is None:
        turn = Turn("PV controller", f"hand it to {driver} (annotation volume.kubernetes.io/storage-provisioner)")
        return Decision(f"{_nothing_fits(seen)}: one has to be made", (delay, statement, *said), candidates, turn)
    if claim.spec.get("selector"):
        text = "it has a selector, which external provisioners refuse"
        turn = Turn(USER, "make a claim without a selector, or a volume that fits")
        verdict = f"{_nothing_fits(seen)}, and none is made for a claim with a selector"
        return Decision(verdict, (delay, statement, Statement("selector", text, both), *said), candidates, turn)
    turn = Turn(f"provisioner {driver}", f"make a volume of {quantity(claim.facts['requested_bytes'] or 0)}")
    failed = next((each for each in said if each.topic == "ProvisioningFailed"), None)
    verdict = f"{_nothing_fits(seen)}{', and making one failed' if failed else ': one is being made'}"
    return Decision(verdict, (delay, statement, *said), candidates, turn)


def _has_no_class(claim: Observed, seen: Seen, delay: Statement, candidates: tuple[Candidate, ...]) -> Decision:
    said = _own_words(claim, seen, "FailedBinding", "VolumeMismatch")
    verdict = f"{_nothing_fits(seen)}, and it asks for no class that would make one"
    if claim.facts["storage_class"] == "":
        text = 'its class is "": it takes only volumes made by hand that have no class, and never gets a default class'
        turn = Turn(USER, "make a volume without a class that fits")
        return Decision(verdict, (delay, Statement("class", text, (claim.evidence,)), *said), candidates, turn)
    defaults = [
        each
        for each in seen.objects("StorageClass")
        if any(each.annotations.get(annotation) == "true" for annotation in _DEFAULT_CLASS)
    ]
    if defaults:
        newest = max(defaults, key=lambda each: (each.facts["created_at"], each.name))
        turn = Turn("PV controller", f"give it the default class {newest.name}")
        statement = Statement("class", f"{newest.name} is the default class", (claim.evidence, newest.evidence))
        return Decision(verdict, (delay, statement, *said), candidates, turn)
    text = f"it names no class, and {seen.no('StorageClass', 'default class')}"
    statement = Statement("class", text, (claim.evidence,))
    turn = Turn(USER, "make a class the default: the claim then gets it by itself; or make a volume that fits")
    return Decision(verdict, (delay, statement, *said), candidates, turn)


def _nothing_fits(seen: Seen) -> str:
    doubt = seen.doubt("PersistentVolume")
    return f"no volume that was seen fits ({doubt})" if doubt else "no volume fits"


def _own_words(claim: Observed, seen: Seen, *reasons: str) -> tuple[Statement, ...]:
    """The newest Event of each of the reasons."""
    newest: dict[str, Said] = {}
    for said in seen.events(claim.facts["uid"]):
        if said.reason in reasons:
            newest.setdefault(said.reason, said)
    return tuple(
        Statement(said.reason, f"{said.by} said: {said.message}", (said.evidence,)) for said in newest.values()
    )
