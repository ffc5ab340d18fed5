"""Every rule finds its fault, is silent on what looks like it, and without what it needs says that it does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from places import (
    END,
    HOLD,
    KUBELET,
    NODE,
    Line,
    Place,
    Row,
    Told,
    changed,
    cluster,
    event,
    lease,
    leaving,
    ready,
    stamp,
    write,
)
from volume_story import DRIVER, STREAMS, made

from analysis import Trace, open_trace
from analysis.rulebook import read_rules

ABORTED = "rpc error: code = Aborted desc = an operation with the given Volume ID already exists"
TIMED_OUT = "rpc error: code = DeadlineExceeded desc = context deadline exceeded"
TOPOLOGY = "error generating accessibility requirements: no topology key found on CSINode lab-node-1"
FULL = "rpc error: code = ResourceExhausted desc = Cannot attach any more volumes to this node"
THROTTLED = "rpc error: code = Internal desc = RequestLimitExceeded: Request limit exceeded."
SETUP = 'MountVolume.SetUp failed for volume "pv-{tag}" : '
NFS = "mount failed: exit status 32\nMounting arguments: -t nfs a:/b /x\nOutput: mount.nfs: Connection timed out"
DAMAGED = "mount failed: exit status 32\nOutput: mount: /x: wrong fs type, bad option, bad superblock on /dev/b."
SYNC = (
    '"Error syncing pod, skipping" err="unmounted volumes=[d], unattached volumes=[{unattached}], failed to process'
    ' volumes=[]: context deadline exceeded" pod="shop/{tag}" podUID="{uid}"'
)
ORPHAN = (
    '"There were many similar errors. Turn up verbosity to see them." err="orphaned pod \\"{uid}\\" found, but failed'
    ' to rmdir() volume at path /p/pv-{tag}: directory not empty" numErrs=2'
)
OWNERSHIP = (
    "Setting volume ownership for {uid}/volumes/kubernetes.io~csi/pv-{tag}/mount is taking longer than expected,"
    " processed 12 files."
)
REFERENCES = "the device mount path is still mounted by other references [/x]"
CONFLICT = 'volume "pv-{tag}" is already mounted to a different pod with a different SELinux label'
NO_CLAIM = '0/1 nodes are available: persistentvolumeclaim "{tag}" not found.'
NO_CLAIM_YET = "0/1 nodes are available: waiting for ephemeral volume controller to create it."
RWOP = (
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
)
ZONE = {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["b"]}]}]}}


def mount(place: Place, error: str) -> Told:
    return place.fails_to_mount(SETUP.format(tag=place.tag) + error)


def unnamed(place: Place, message: str) -> Told:
    claim = place.claim("Pending", storageClassName="")
    return [Row(1, "ADDED", claim), event(2, claim, "FailedBinding", message)]


def waits_for_provisioner(place: Place, *answers: tuple[float, str]) -> Told:
    claim = place.claim("Pending")
    asked = [event(at, claim, "ExternalProvisioning", "Waiting", "persistentvolume-controller") for at in (2, 17, 32)]
    said = [event(at, claim, reason, "is provisioning", f"{DRIVER}_csi-0_uid") for at, reason in answers]
    return [Row(1, "ADDED", claim), *asked, *said]


def chosen(place: Place, until: float | None) -> Told:
    node = ready(f"gone-{place.tag}")
    told = [Row(0, "ADDED", node), Row(2, "ADDED", place.on_node(node["metadata"]["name"]))]
    return told if until is None else [*told, Row(until, "DELETED", node)]


def named(place: Place, *reasons: str) -> Told:
    claim = place.claim("Pending", volume=f"pv-{place.tag}")
    other = place.volume("Available", claimRef=None)
    said = [
        event(3, claim, reason, f'Cannot bind to requested volume "pv-{place.tag}": too small') for reason in reasons
    ]
    return [Row(1, "ADDED", other), Row(2, "ADDED", claim), *said, *([] if reasons else [Row(4, "DELETED", claim)])]


def capacity(place: Place, size: str) -> Told:
    parts = {"nodeTopology": {"matchLabels": {"zone": "a"}}, "storageClassName": "fast", "capacity": size}
    published = made("CSIStorageCapacity", f"cap-{place.tag}", f"cap-{place.tag}", "csi", **parts)
    return place.cannot_be_placed("node(s) did not have enough free storage", place.claim("Pending"), published)


def shared(place: Place, mode: str) -> Told:
    volume = place.volume(accessModes=[mode])
    second = place.pod(None, other="-2")
    return [
        Row(1, "ADDED", volume),
        Row(1, "ADDED", place.claim()),
        Row(2, "ADDED", place.pod(phase="Running")),
        Row(4, "ADDED", second),
        event(5, second, "FailedScheduling", f"0/1 nodes are available: 1 {RWOP}."),
    ]


def moved(place: Place, until: float | None) -> Told:
    """A pod on another node than the one that the volume is attached to."""
    told = [
        Row(1, "ADDED", place.volume()),
        Row(1, "ADDED", place.claim()),
        Row(2, "ADDED", place.pod(phase="Running")),
        Row(3, "ADDED", place.attachment(attached=True)),
        Row(5, "ADDED", place.pod("n-2", other="-2")),
        event(6, place.pod("n-2", other="-2"), "FailedAttachVolume", f'Multi-Attach error for volume "pv-{place.tag}"'),
    ]
    return told if until is None else [*told, Row(until, "ADDED", place.attachment("n-2"))]


def lost(place: Place, status: str) -> Told:
    """A pod that is to go from a node of its own."""
    node = f"n-{place.tag}"
    pod = place.pod(node, "Running")
    return [
        Row(0, "ADDED", ready(node)),
        Row(1, "ADDED", place.volume()),
        Row(1, "ADDED", place.claim()),
        Row(2, "ADDED", pod),
        Row(3, "ADDED", place.attachment(node, attached=True)),
        Row(60, "MODIFIED", ready(node, status)),
        Row(100, "MODIFIED", leaving(pod, 100)),
    ]


def attached(place: Place, listed: bool) -> Told:
    node = f"n-{place.tag}"
    listing = {"volumesAttached": [{"name": place.unique, "devicePath": ""}]} if listed else {}
    return [
        Row(0, "ADDED", ready(node)),
        Row(1, "ADDED", place.volume()),
        Row(1, "ADDED", place.claim()),
        Row(2, "ADDED", place.pod(node)),
        Row(4, "ADDED", place.attachment(node)),
        Row(6, "MODIFIED", place.attachment(node, attached=True)),
        Row(9, "MODIFIED", changed(ready(node), status=listing)),
    ]


def detaching(place: Place, error: str | None, until: float | None) -> Told:
    held = leaving(place.attachment(attached=True), 30, HOLD)
    told = [*place.bound(), Row(4, "ADDED", place.attachment(attached=True)), Row(30, "MODIFIED", held)]
    if error:
        refused = {"detachError": {"time": stamp(31), "message": error}}
        told.append(Row(31, "MODIFIED", changed(held, status=refused)))
    return told if until is None else [*told, Row(until, "DELETED", held)]


def staged(place: Place, again: bool) -> Told:
    """A volume that is published, detached, attached and published again."""
    stage = place.calls(5, "NodeStageVolume", "MountVolume.MountDevice")
    publish = "NodePublishVolume", "MountVolume.SetUp"
    return [
        *place.bound(),
        Row(3, "ADDED", place.attachment(attached=True)),
        *stage,
        *place.calls(7, *publish),
        Row(40, "DELETED", place.attachment(attached=True)),
        Row(50, "ADDED", changed(place.attachment(attached=True), {"uid": f"again-{place.tag}"})),
        *(place.calls(55, "NodeStageVolume", "MountVolume.MountDevice") if again else []),
        *place.calls(60, *publish),
    ]


def hands_out(place: Place, driver: str, last: int, at: float | None) -> Told:
    """A driver of its own, whose lease is renewed up to then, and a VolumeAttachment that waits to be taken up."""
    waiting = changed(place.attachment(), {"finalizers": []}, attacher=driver)
    told = [
        Row(0, "ADDED", made("CSIDriver", driver, f"d-{driver}", None)),
        *(lease(driver, at) for at in range(0, last, 5)),
        *place.bound(),
        Row(100, "ADDED", waiting),
    ]
    return told if at is None else [*told, Row(at, "MODIFIED", changed(waiting, {"finalizers": [HOLD]}))]


def ending(place: Place, leaves: bool) -> Told:
    running = place.pod(phase="Running")
    asked = leaving(place.claim(), 15, "kubernetes.io/pvc-protection")
    told = [*place.bound(), Row(3, "MODIFIED", running), Row(15, "MODIFIED", asked)]
    gone = [Row(14, "MODIFIED", leaving(running, 44)), Row(40, "DELETED", running), Row(41, "DELETED", asked)]
    return [*told, *gone] if leaves else told


def undeleted(place: Place, message: str, until: float | None) -> Told:
    volume = place.volume("Released")
    told = [*place.bound(), Row(4, "MODIFIED", volume), event(5, volume, "VolumeFailedDelete", message)]
    return told if until is None else [*told, Row(until, "DELETED", volume)]


def resized(place: Place, status: str, condition: str, until: float | None) -> Told:
    conditions = [{"type": condition, "status": "True", "message": "code = OutOfRange"}]
    allocated = {"allocatedResourceStatuses": {"storage": status}, "conditions": conditions}
    bigger = {"resources": {"requests": {"storage": "9Gi"}}}
    told = [*place.bound(), Row(3, "MODIFIED", place.pod(phase="Running"))]
    told.append(Row(5, "MODIFIED", changed(place.claim(), status=allocated, **bigger)))
    done = changed(place.claim(), status={"capacity": {"storage": "9Gi"}}, **bigger)
    return told if until is None else [*told, Row(until, "MODIFIED", done)]


def modified(place: Place, *reasons: str) -> Told:
    claim = changed(place.claim(), status={"currentVolumeAttributesClassName": "a"}, volumeAttributesClassName="b")
    said = [event(6, claim, reason, 'VAC "b" does not exist.') for reason in reasons]
    return [*place.bound(), Row(5, "MODIFIED", claim), *said]


FAULTS: dict[str, Callable[[Place], Told]] = {
    "F01": lambda p: unnamed(p, "no persistent volumes available for this claim and no storage class is set"),
    "F02": lambda p: [
        *p.cannot_be_placed("node(s) had untolerated taint", p.claim("Pending")),
        event(2, p.claim("Pending"), "WaitForFirstConsumer", "waiting for first consumer"),
    ],
    "F03": waits_for_provisioner,
    "F04": lambda p: p.fails_to_provision("rpc error: code = InvalidArgument desc = no such parameter"),
    "F05": lambda p: p.fails_to_provision(TIMED_OUT, ABORTED, ABORTED),
    "F06": lambda p: p.fails_to_provision(TOPOLOGY),
    "F07": lambda p: chosen(p, 5),
    "F08": lambda p: named(p, "VolumeMismatch"),
    "F09": lambda p: p.cannot_be_placed(
        "node(s) didn't match PersistentVolume's node affinity", p.claim(), p.volume(nodeAffinity=ZONE)
    ),
    "F10": lambda p: p.fails_to_attach(FULL),
    "F11": lambda p: capacity(p, "1Gi"),
    "F12": lambda p: shared(p, "ReadWriteOncePod"),
    "F13": lambda p: moved(p, None),
    "F14": lambda p: lost(p, "Unknown"),
    "F15": lambda p: p.fails_to_attach(THROTTLED),
    "F16": lambda p: p.fails_to_attach("rpc error: code = NotFound desc = no such volume"),
    "F17": lambda p: [*p.bound(), Line(150, SYNC.format(unattached="", tag=p.tag, uid=p.pod_uid))],
    "F18": lambda p: attached(p, listed=False),
    "F19": lambda p: detaching(p, "no such vm", None),
    "F20": lambda p: mount(p, f"driver name {DRIVER} not found in the list of registered CSI drivers"),
    "F21": lambda p: mount(p, DAMAGED),
    "F22": lambda p: [
        *p.bound(),
        *(Line(at, p.failed("UnmountDevice", REFERENCES, of_pod=False)) for at in (10, 12)),
    ],
    "F23": lambda p: staged(p, again=False),
    "F24": lambda p: [
        *p.bound(),
        event(40, p.pod(), "VolumePermissionChangeInProgress", OWNERSHIP.format(uid=p.pod_uid, tag=p.tag)),
    ],
    "F25": lambda p: mount(p, CONFLICT.format(tag=p.tag)),
    "F26": lambda p: mount(p, 'secret "s" not found'),
    "F27": lambda p: mount(p, NFS),
    "F28": lambda p: [
        *p.bound(),
        *(Line(at, p.failed("UnmountVolume.TearDown", "rpc error: code = Internal desc = busy")) for at in (10, 12)),
    ],
    "F29": lambda p: [*p.bound(), *(Line(at, ORPHAN.format(uid=p.pod_uid, tag=p.tag)) for at in (10, 12))],
    "F30": lambda p: hands_out(p, "hung.example.com", END, None),
    "F31": lambda p: ending(p, leaves=False),
    "F32": lambda p: [
        *p.bound(),
        Row(5, "MODIFIED", p.volume("Released", persistentVolumeReclaimPolicy="Retain")),
    ],
    "F33": lambda p: undeleted(p, "rpc error: code = Internal desc = has snapshots", None),
    "F34": lambda p: [
        *p.bound(),
        Row(5, "DELETED", p.volume()),
        Row(6, "MODIFIED", changed(p.claim(), status={"phase": "Lost"})),
    ],
    "F35": lambda p: resized(p, "ControllerResizeInfeasible", "ControllerResizeError", None),
    "F36": lambda p: [*p.bound(), Row(5, "ADDED", p.snapshot()), Row(6, "MODIFIED", p.snapshot("no such class"))],
    "F37": lambda p: mount(p, "rpc error: code = Unknown desc = no such directory"),
    "F38": lambda p: [
        Row(2, "ADDED", p.pod(None)),
        event(3, p.pod(None), "FailedScheduling", NO_CLAIM.format(tag=p.tag)),
    ],
    "F39": lambda p: modified(p, "VolumeModifyFailed"),
}
LOOK_ALIKES: dict[str, Callable[[Place], Told]] = {
    "F01": lambda p: unnamed(p, f'volume "pv-{p.tag}" already bound to a different claim.'),
    # Nobody has asked yet.
    "F02": lambda p: [
        Row(1, "ADDED", p.claim("Pending")),
        event(2, p.claim("Pending"), "WaitForFirstConsumer", "waiting for first consumer"),
    ],
    "F03": lambda p: waits_for_provisioner(p, (3, "Provisioning")),
    "F04": FAULTS["F05"],
    "F05": lambda p: p.fails_to_provision("rpc error: code = AlreadyExists desc = exists with another size"),
    "F06": FAULTS["F04"],
    "F07": lambda p: chosen(p, None),
    "F08": named,
    "F09": lambda p: p.cannot_be_placed("node(s) didn't find available persistent volumes to bind", p.claim("Pending")),
    "F10": FAULTS["F15"],
    # There was room as far as the scheduler knew.
    "F11": lambda p: p.fails_to_provision("rpc error: code = ResourceExhausted desc = full"),
    "F12": FAULTS["F13"],
    # The old pod is given its time.
    "F13": lambda p: moved(p, 20),
    "F14": lambda p: lost(p, "True"),
    "F15": FAULTS["F16"],
    "F16": FAULTS["F10"],
    # A wait that goes on, and is not given up yet.
    "F17": lambda p: [*p.bound(), Line(150, f'"Waiting for volumes to attach and mount" pod="shop/{p.tag}"')],
    "F18": lambda p: attached(p, listed=True),
    "F19": lambda p: detaching(p, None, 60),
    "F20": lambda p: mount(p, "rpc error: code = Unavailable desc = connection refused"),
    "F21": FAULTS["F27"],
    "F22": FAULTS["F28"],
    "F23": lambda p: staged(p, again=True),
    "F24": lambda p: [*p.bound(), Row(3, "MODIFIED", p.pod(phase="Running"))],
    "F25": lambda p: [*p.bound(), event(3, p.pod(), "Failed", "Failed to pull image: context deadline exceeded")],
    # A kubelet that has only just begun.
    "F26": lambda p: mount(p, 'object "shop"/"s" not registered'),
    "F27": FAULTS["F21"],
    "F28": lambda p: [*p.bound(), Line(10, p.failed("UnmountVolume.TearDown", "busy")), Line(11, p.unmounted())],
    "F29": lambda p: [*p.bound(), Line(10, '"Orphaned pod found, but volumes are not cleaned up"')],
    "F30": lambda p: hands_out(p, "working.example.com", END, 101),
    "F31": lambda p: ending(p, leaves=True),
    "F32": lambda p: [*p.bound(), Row(5, "MODIFIED", p.volume("Released"))],
    "F33": lambda p: undeleted(p, f"persistentvolume pv-{p.tag} is still attached to node {NODE}", 65),
    "F34": lambda p: [*p.bound(), Row(5, "DELETED", p.claim()), Row(6, "MODIFIED", p.volume("Released"))],
    "F35": lambda p: resized(p, "NodeResizePending", "FileSystemResizePending", 85),
    "F36": lambda p: [*p.bound(), Row(5, "ADDED", p.snapshot()), Row(7, "MODIFIED", p.snapshot(ready=True))],
    "F37": FAULTS["F21"],
    "F38": lambda p: [
        Row(2, "ADDED", p.pod(None)),
        event(3, p.pod(None), "FailedScheduling", NO_CLAIM_YET),
    ],
    "F39": lambda p: modified(p, "VolumeModify"),
}
RULES = [rule.id for rule in read_rules()]
WIDELY_READ = (
    *(STREAMS[kind] for kind in ("Event", "Node", "PersistentVolume", "PersistentVolumeClaim", "Pod")),
    STREAMS["VolumeAttachment"],
    KUBELET,
)
SELDOM_READ = tuple(stream for stream in STREAMS.values() if stream not in WIDELY_READ)
"""Each of these is of one rule or none, so that they are taken away together."""
Found = set[tuple[str, str]]


def told_of(cases: dict[str, Callable[[Place], Told]]) -> Told:
    return [*cluster(), *(row for rule, case in cases.items() for row in case(Place(rule.lower())))]


def found(trace: Trace) -> Found:
    """Each rule with what it has found: what is named in it."""
    rows = trace.sql("""
        select distinct
            _found.rule, concat_ws(' ', _volumes.label, uses.pod, _found.driver, _found.node, _found.sentence)
        from _found
        left join _volumes using (volume_id)
        left join uses on uses.use_id = _found.use_id
    """).rows()
    return {(rule, subject) for rule, subject in rows}


def is_at(rule: str, place: str, answers: Found) -> bool:
    return any(each == rule and place in subject for each, subject in answers)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Trace]]:
    """The trace of these cases without some streams; each is written and opened once."""
    traces: dict[tuple[str, ...], Trace] = {}

    def asking(cases: dict[str, Callable[[Place], Told]], *without: str) -> Trace:
        key = (str(id(cases)), *without)
        if key not in traces:
            path = tmp_path_factory.mktemp("matrix") / "t.trace"
            traces[key] = open_trace(write(path, told_of(cases), without))
        return traces[key]

    yield asking
    for trace in traces.values():
        trace.close()


@pytest.fixture(scope="module")
def faulty(asked: Callable[..., Trace]) -> Found:
    return found(asked(FAULTS))


@pytest.fixture(scope="module")
def harmless(asked: Callable[..., Trace]) -> Found:
    return found(asked(LOOK_ALIKES))


def where(rule: str) -> str:
    """What a finding of a case names: its place, but the driver where a rule is about one."""
    return {"F30": ".example.com"}.get(rule, rule.lower())


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_finds_its_fault(rule: str, faulty: Found):
    assert is_at(rule, where(rule), faulty)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_silent_on_what_looks_like_its_fault(rule: str, harmless: Found):
    assert not is_at(rule, where(rule), harmless)


def undecided(trace: Trace) -> set[tuple[str, str, str | None]]:
    """Each rule, what it needs that is not there, and the node whose log that is."""
    return set(trace.undecidable().select("rule", "need", "node").rows())


@pytest.mark.parametrize("streams", [(stream,) for stream in WIDELY_READ] + [SELDOM_READ], ids=lambda each: each[0])
def test_no_rule_is_silent_because_of_what_is_not_in_the_trace(
    streams: tuple[str, ...], asked: Callable[..., Trace], faulty: Found
):
    """With any stream gone, a rule still finds its fault, or says that it could not be decided."""
    trace = asked(FAULTS, *streams)
    still = found(trace)
    told = {rule for rule, *_ in undecided(trace) - undecided(asked(FAULTS))}
    silent = {rule for rule in RULES if rule not in told and not is_at(rule, where(rule), still)}
    assert sorted(silent) == []
