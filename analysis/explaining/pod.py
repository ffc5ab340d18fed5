"""Why a pod is not placed, or does not start, because of its volumes.

`pkg/scheduler/framework/plugins`: volumebinding, nodevolumelimits; then what the attach/detach controller and the
kubelet have not done yet, by the phases of its uses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.explaining import attachment, claim
from analysis.explaining.answer import USER, Decision, Evidence, Statement, Turn
from analysis.explaining.nodes import is_done, trouble
from analysis.explaining.quantity import quantity
from analysis.explaining.scheduler import Refusal, last_refusal
from analysis.explaining.seen import Observed, Seen
from analysis.explaining.selecting import affinity_text, labels_match, node_matches

KINDS = (*claim.KINDS, "VolumeAttachment", "CSINode", "CSIDriver", "CSIStorageCapacity")
"""What the answer depends on."""

_ABOUT_VOLUMES = ("FailedAttachVolume", "FailedMount", "FailedMapVolume", "FailedBinding")
_ENDED_BY_BINDING = ("unbound claim", "missing claim")
"""Topics of refusals that cannot hold where every claim is there, and bound if it need be."""
_OF_THE_KUBELET = ("stage", "publish", "start", "stop", "unpublish", "unstage")
"""Links of the chain that the node's kubelet carries out."""


def decide(pod: Observed, seen: Seen) -> Decision:
    """How one pod stands with its volumes."""
    if pod.facts["node"]:
        return _on_its_node(pod, seen)
    claims = _claims(pod, seen)
    refusal = last_refusal(pod, seen)
    bound = _bound_volumes(claims, seen)
    silence = Statement("scheduler", "it has said nothing about the pod that was seen", (pod.evidence,))
    said = _said(refusal) if refusal else (silence,)
    nodes = seen.objects("Node")
    told = (*said, *_topology(bound, nodes), *_capacity(claims, nodes, seen), *_limits(bound, nodes, seen))
    for name, found in claims.items():
        if found is None:
            text = seen.no("PersistentVolumeClaim", f"claim {pod.facts['namespace']}/{name}")
            missing = Statement("claim", text, (pod.evidence,))
            turn = Turn("ephemeral volume controller" if name in _ephemeral(pod) else USER, f"make the claim {name}")
            gone = seen.gone("PersistentVolumeClaim")
            return Decision(f"it is not placed: its claim {name} {gone}", (missing, *told), turn=turn)
        if name in _ephemeral(pod) and found.facts["owner_uid"] != pod.facts["uid"]:
            return _taken_name(pod, found, told)
        decision = claim.decide(found, seen)
        if found.name not in bound and (decision.turn is None or decision.turn.who != "scheduler"):
            waits = Statement("claim", f"{found.full_name}: {decision.verdict}", (found.evidence,))
            verdict = f"it is not placed: its claim {name} is not bound"
            return Decision(verdict, (waits, *told), decision.candidates, decision.turn)
    if refusal and all(reason.topic in _ENDED_BY_BINDING for reason in refusal.reasons):
        verdict = "it is not placed: what the scheduler last said of its claims holds no longer"
        return Decision(verdict, (*told, *_bindings(bound, claims)), turn=Turn("scheduler", "try again"))
    return Decision(_verdict(refusal), told, turn=_after_a_refusal(bound, nodes))


def _taken_name(pod: Observed, found: Observed, told: Sequence[Statement]) -> Decision:
    """An ephemeral volume gets no claim that others made (`component-helpers/storage/ephemeral`, VolumeIsForPod)."""
    text = f"{found.full_name} was not made for the pod, whose ephemeral volume needs a claim of that name"
    taken = Statement("claim", text, (found.evidence, pod.evidence))
    turn = Turn(USER, f"delete or rename {found.full_name}, or the pod")
    return Decision(f"it is not placed: its claim {found.name} is another's", (taken, *told), turn=turn)


def _bindings(bound: Mapping[str, Observed], claims: Mapping[str, Observed | None]) -> tuple[Statement, ...]:
    return tuple(
        Statement("claim", f"{found.full_name} is bound to {bound[name].name}", (found.evidence, bound[name].evidence))
        for name, found in claims.items()
        if found is not None and name in bound
    )


def _after_a_refusal(bound: Mapping[str, Observed], nodes: Sequence[Observed]) -> Turn:
    """The scheduler tries again whenever something changes; where a volume fits no node, something has to."""
    for volume in bound.values():
        if nodes and not _fitting(volume, nodes):
            return Turn(USER, f"add a node on which {volume.name} can be used, or use another volume")
    return Turn("scheduler", "place it")


def _verdict(refusal: Refusal | None) -> str:
    if refusal is None:
        return "it is not placed, and the scheduler has not said why"
    topics = {reason.topic for reason in refusal.reasons}
    about = sorted(topic for topic in topics if topic)
    if not about:
        return "it is not placed, for reasons that are not about its volumes"
    rest = ", and reasons that are not about its volumes" if None in topics else ""
    return f"it is not placed: {', '.join(about)}{rest}"


def _said(refusal: Refusal) -> tuple[Statement, ...]:
    statements = []
    for reason in refusal.reasons:
        share = f"{reason.nodes} of {refusal.nodes} nodes: " if reason.nodes is not None else ""
        topic = f"scheduler, {reason.topic}" if reason.topic else "scheduler"
        statements.append(Statement(topic, share + reason.text, refusal.evidence))
    return tuple(statements)


def _claims(pod: Observed, seen: Seen) -> dict[str, Observed | None]:
    namespace = pod.facts["namespace"]
    names = pod.facts["pod_claims"] or ()
    return {name: seen.one("PersistentVolumeClaim", namespace=namespace, name=name) for name in names}


def _ephemeral(pod: Observed) -> set[str]:
    """Names of the claims that are made for the pod."""
    return {each["claim_name"] for each in pod.facts["pod_volumes"] or () if each["source"] == "ephemeral"}


def _bound_volumes(claims: Mapping[str, Observed | None], seen: Seen) -> dict[str, Observed]:
    """Name of the claim -> its PersistentVolume."""
    named = {
        name: found.facts["volume_name"] for name, found in claims.items() if found and found.facts["phase"] == "Bound"
    }
    volumes = {name: seen.one("PersistentVolume", name=volume) for name, volume in named.items()}
    return {name: volume for name, volume in volumes.items() if volume is not None}


def _topology(bound: Mapping[str, Observed], nodes: Sequence[Observed]) -> list[Statement]:
    """Where each bound volume can be used."""
    statements = []
    for volume in bound.values():
        affinity = volume.spec.get("nodeAffinity")
        if affinity is None:
            continue
        fitting = _fitting(volume, nodes)
        text = f"{volume.name} can be used on {len(fitting)} of {len(nodes)} nodes: {affinity_text(affinity)}"
        statements.append(Statement("topology", text, (volume.evidence, *(node.evidence for node in nodes[:3]))))
    return statements


def _fitting(volume: Observed, nodes: Sequence[Observed]) -> list[str]:
    affinity = volume.spec.get("nodeAffinity")
    return [node.name for node in nodes if node_matches(affinity, node.name, node.labels)]


def _capacity(claims: Mapping[str, Observed | None], nodes: Sequence[Observed], seen: Seen) -> list[Statement]:
    """How much each node has for each claim that waits for its node, where the driver publishes it.

    `volumebinding/binder.go`, hasEnoughCapacity: maximumVolumeSize where it is set, else capacity.
    """
    statements = []
    for found in claims.values():
        if found is None or found.facts["phase"] == "Bound" or not found.facts["storage_class"]:
            continue
        storage_class = seen.one("StorageClass", name=found.facts["storage_class"])
        if storage_class is None or storage_class.facts["binding_mode"] != "WaitForFirstConsumer":
            continue
        driver = seen.one("CSIDriver", name=storage_class.facts["provisioner"])
        if driver is None or not driver.spec.get("storageCapacity"):
            continue
        published = [
            each for each in seen.objects("CSIStorageCapacity") if each.facts["storage_class"] == storage_class.name
        ]
        statements += [_room(found, node, published, seen) for node in nodes]
    return statements


def _room(wanting: Observed, node: Observed, published: Sequence[Observed], seen: Seen) -> Statement:
    asked = wanting.facts["requested_bytes"] or 0
    here = [each for each in published if _is_for(each, node)]
    if not here:
        none = seen.no("CSIStorageCapacity", f"capacity for the class {wanting.facts['storage_class']}")
        text = f"{node.name}: {none}"
        return Statement("capacity", text, (wanting.evidence, node.evidence))
    most = max(here, key=_largest)
    comparison = "enough" if _largest(most) >= asked else "too little"
    room = f"{node.name} has room for {quantity(_largest(most))}: {comparison}"
    text = f"{room} for {wanting.full_name}, which wants {quantity(asked)}"
    return Statement("capacity", text, (most.evidence, wanting.evidence))


def _is_for(published: Observed, node: Observed) -> bool:
    """Without a nodeTopology it is for no node at all."""
    topology = published.value.get("nodeTopology")
    return topology is not None and labels_match(topology, node.labels)


def _largest(published: Observed) -> int:
    limit = published.facts["max_volume_bytes"]
    return int(limit if limit is not None else published.facts["capacity_bytes"] or 0)


def _limits(bound: Mapping[str, Observed], nodes: Sequence[Observed], seen: Seen) -> list[Statement]:
    """How many volumes of the pod's drivers each node has, and how many it may have.

    `nodevolumelimits/csi.go`: the volumes of the node's pods, and its VolumeAttachments. A driver that the CSINode does
    not list, or lists without a count, has no limit there.
    """
    drivers = sorted({volume.facts["driver"] for volume in bound.values() if volume.facts["driver"]})
    if not drivers:
        return []
    used = _volumes_on_nodes(seen)
    statements = []
    for node in nodes:
        listed = seen.one("CSINode", name=node.name)
        limits = {each["name"]: each["limit"] for each in (listed.facts["node_drivers"] or ())} if listed else {}
        for driver in drivers:
            volumes, evidence = used[node.name, driver], node.evidence if listed is None else listed.evidence
            limit = limits.get(driver)
            may = seen.no("CSINode", "limit") if limit is None else f"{limit} are allowed"
            here = f"{node.name} has {len(volumes)} volumes of {driver}, {may}"
            statements.append(Statement("attach limit", here, (evidence, *sorted(volumes.values())[:3])))
    return statements


def _volumes_on_nodes(seen: Seen) -> dict[tuple[str, str], dict[str, Evidence]]:
    """(node, driver) -> name of each PersistentVolume there, with the row that shows it."""
    volumes = {each.name: each for each in seen.objects("PersistentVolume")}
    claims = {
        (each.facts["namespace"], each.name): each.facts["volume_name"]
        for each in seen.objects("PersistentVolumeClaim")
        if each.facts["phase"] == "Bound"
    }
    used: dict[tuple[str, str], dict[str, Evidence]] = defaultdict(dict)
    for each in seen.objects("VolumeAttachment"):
        if each.facts["volume_name"]:
            used[each.facts["node"], each.facts["driver"]][each.facts["volume_name"]] = each.evidence
    for pod in seen.objects("Pod"):
        if not pod.facts["node"] or is_done(pod):
            continue
        for name in pod.facts["pod_claims"] or ():
            volume = volumes.get(claims.get((pod.facts["namespace"], name)) or "")
            if volume is not None and volume.facts["driver"]:
                used[pod.facts["node"], volume.facts["driver"]].setdefault(volume.name, pod.evidence)
    return used


def _on_its_node(pod: Observed, seen: Seen) -> Decision:
    """What of its volumes is not there yet, or not let go."""
    node = pod.facts["node"]
    told = [Statement("node", f"it was placed on {node}", (pod.evidence,))]
    if asked_at := pod.facts["deletion_requested_at"]:
        told.append(Statement("deletion", f"its deletion was asked for {asked_at:%H:%M:%S} UTC", (pod.evidence,)))
    if unwell := trouble(node, seen):
        told.append(unwell)
    attached = seen.objects("VolumeAttachment")
    here: list[Decision] = []
    for volume in _bound_volumes(_claims(pod, seen), seen).values():
        for each in attached:
            if each.facts["volume_name"] != volume.name:
                continue
            if each.facts["node"] == node:
                here.append(attachment.decide(each, seen))
                told += here[-1].statements
            else:
                text = f"{volume.name} is attached to {each.facts['node']} too"
                told.append(Statement("attachment", text, (each.evidence,)))
    complaints = _complaints(pod, seen)
    told += complaints
    phase = next(iter(seen.phases(pod.facts["uid"])), None)
    if phase is not None:
        place = "" if phase["link"] == phase["phase"] else f" of {phase['link'] or 'its volumes'}"
        failed = ", and the last try failed" if complaints else ""
        verdict = f"on {node} it is in the step `{phase['phase']}`{place}{failed}"
        return Decision(verdict, tuple(told), turn=_turn(phase, node, here))
    if pod.facts["deletion_requested_at"] is not None:
        turn = Turn(f"kubelet {node}", "end its containers, then unmount its volumes")
        return Decision(f"on {node} it is to go, and is still there", tuple(told), turn=turn)
    if complaints and pod.facts["phase"] == "Pending":
        turn = Turn(f"kubelet {node}", "mount its volumes", complaints[0].evidence[0].observed_at)
        return Decision(f"on {node} it waits for its volumes, and the last try failed", tuple(told), turn=turn)
    return Decision(f"on {node} it waits for no step of its volumes that is known", tuple(told))


def _turn(phase: Mapping[str, Any], node: str, attachments: Sequence[Decision]) -> Turn:
    """The attachment's own, where there is one that waits; else that of the phase's owner."""
    if phase["link"] in ("attach", "detach"):
        for each in attachments:
            if each.turn is not None:
                return each.turn
    steps = [phase["link"]] if phase["link"] else phase["phase"].split("+")
    is_kubelet = all(step in _OF_THE_KUBELET for step in steps)
    return Turn(f"kubelet {node}" if is_kubelet else phase["owner"], f"end the step `{phase['phase']}`")


def _complaints(pod: Observed, seen: Seen) -> list[Statement]:
    """The newest Event of each reason about its volumes."""
    newest: dict[str, Statement] = {}
    for said in seen.events(pod.facts["uid"]):
        if said.reason in _ABOUT_VOLUMES:
            text = f"{said.by} said: {said.message}"
            newest.setdefault(said.reason, Statement(said.reason, text, (said.evidence,)))
    return list(newest.values())
