"""What goes wrong, by the name of its mode (../shared/catalogue/FAILURES.md), and what only looks like it.

A fault asks for its own claims and pods, and makes a program or what it runs on behave as in the mode: a driver that
answers with a code, a machine that is off, a user who pulls a finalizer. What is told of it is up to the programs. All
of them show within `SHOWN_AFTER_S` of their injection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clusters.api_server import Object, uid_of
from clusters.binder import SELECTED_NODE

if TYPE_CHECKING:
    from cluster import Cluster

SHOWN_AFTER_S = 780.0
FOR_EVER = 100_000.0


Strike = Callable[["Cluster", str], str | None]
"""Given a cluster and a name for what it asks for; it may return the claim that is hit, else it is of that name."""


@dataclass(frozen=True)
class Case:
    """One way in which a failure mode comes about, or one thing that only looks like it."""

    mode: str
    strike: Strike
    follow: frozenset[str]
    """What else is rightly found of the same volume, or of the whole cluster where it hits no claim."""

    @property
    def name(self) -> str:
        return f"{self.mode}-{self.strike.__name__}"


@dataclass(frozen=True)
class Injected:
    """What was done to a cluster."""

    case: Case
    claim: str
    """The claim whose volume it hits; '' where it hits the driver, or what is no claim."""
    at: float
    """Seconds since the cluster's begin."""


FAULTS: list[Case] = []
LOOK_ALIKES: list[Case] = []


def inject(cluster: Cluster, case: Case, name: str) -> Injected:
    """Make it happen now; `name` is for what it asks for."""
    hit = case.strike(cluster, name)
    return Injected(case, name if hit is None else hit, cluster.simulation.now)


def fault(mode: str, *follow: str) -> Callable[[Strike], Strike]:
    def register(strike: Strike) -> Strike:
        FAULTS.append(Case(mode, strike, frozenset(follow)))
        return strike

    return register


def look_alike(mode: str, *found: str) -> Callable[[Strike], Strike]:
    """`found` are the rules that rightly fire on it."""

    def register(strike: Strike) -> Strike:
        LOOK_ALIKES.append(Case(mode, strike, frozenset(found)))
        return strike

    return register


# -- helpers ----------------------------------------------------------------------------------------------------------


def handle(cluster: Cluster, claim: Object) -> str:
    """The volume handle of a bound claim."""
    volume = cluster.api.get("PersistentVolume", claim["spec"]["volumeName"])
    return str(volume["spec"]["csi"]["volumeHandle"]) if volume else ""


def is_bound(claim: Object) -> bool:
    return claim["status"]["phase"] == "Bound"


def is_running(pod: Object) -> bool:
    return pod["status"]["phase"] == "Running"


def is_attached(cluster: Cluster, claim: Object) -> bool:
    """Whether the VolumeAttachment says so, somewhere."""
    name = claim["spec"].get("volumeName")
    return any(
        each["spec"]["source"]["persistentVolumeName"] == name and each["status"]["attached"]
        for each in cluster.api.all("VolumeAttachment")
    )


def used(cluster: Cluster, name: str, storage_class: str = "wffc", **pod: object) -> tuple[Object, Object]:
    """A claim and a pod that uses it, both of that name."""
    return cluster.claim(name, storage_class), cluster.pod(name, [name], **pod)


def used_here(cluster: Cluster, name: str, **pod: object):
    """The same, with a node for it alone."""
    machine = cluster.machine(dedicated=True)
    return machine, *used(cluster, name, on=machine, **pod)


def troubled(
    cluster: Cluster, name: str, method: str, code: str, message: str, **rest: object
) -> tuple[Object, Object]:
    """A claim and its pod; once it is bound, calls of a method for its volume go wrong."""
    claim, pod = used(cluster, name)
    cluster.when(
        lambda: is_bound(claim),
        lambda: cluster.driver.trouble(method, code, message, of=handle(cluster, claim), **rest),
    )
    return claim, pod


def statically(cluster: Cluster, name: str, volume: str, size: str = "1Gi") -> Object:
    """A claim that names a volume made by hand."""
    volume = f"{cluster.name}-{volume}"
    return cluster.claim(name, volume, size, volumeName=volume)


# -- provisioning and binding -----------------------------------------------------------------------------------------


@look_alike("F08", "F01")
@fault("F01")
def no_class(cluster: Cluster, name: str) -> None:
    cluster.claim(name, storage_class=None)


@fault("F01")
def class_of_none(cluster: Cluster, name: str) -> None:
    cluster.claim(name, storage_class="")


@look_alike("F01", "F04")
def class_that_is_not_there(cluster: Cluster, name: str) -> None:
    cluster.claim(name, "no-such-class")


@look_alike("F09", "F02")
@fault("F02")
def unplaceable_consumer(cluster: Cluster, name: str) -> None:
    used(cluster, name, nodeSelector={"disk": "none-has-it"})


@fault("F02", "F17")
def pinned_consumer(cluster: Cluster, name: str) -> None:
    cluster.claim(name, "wffc")
    cluster.pod(name, [name], nodeName=f"{cluster.name}-1")


@look_alike("F02")
def no_consumer_yet(cluster: Cluster, name: str) -> None:
    cluster.claim(name, "wffc")


@fault("F03")
def nobody_provisions(cluster: Cluster, name: str) -> None:
    cluster.storage_class(f"{cluster.name}-{name}", provisioner=f"{name}.nobody.example.com")
    cluster.claim(name, name)


@look_alike("F03")
def slow_to_provision(cluster: Cluster, name: str) -> None:
    cluster.driver.trouble("CreateVolume", takes=6.0, of=f'"{name}"')
    cluster.claim(name)


@fault("F04")
def bad_parameter(cluster: Cluster, name: str) -> None:
    cluster.driver.trouble("CreateVolume", "InvalidArgument", "unknown parameter tier", of=f'"{name}"')
    cluster.claim(name)


@fault("F04")
def size_out_of_range(cluster: Cluster, name: str) -> None:
    cluster.driver.trouble("CreateVolume", "OutOfRange", "Requested capacity exceeds maximum", of=f'"{name}"')
    used(cluster, name)


@fault("F04")
def selector_of_a_dynamic_claim(cluster: Cluster, name: str) -> None:
    cluster.claim(name, selector={"matchLabels": {"app": name}})


@look_alike("F04", "F05")
@fault("F05")
def call_that_never_ends(cluster: Cluster, name: str) -> None:
    cluster.driver.trouble("CreateVolume", takes=FOR_EVER, of=f'"{name}"', times=1)
    cluster.claim(name)


@fault("F05", "F17", "F37")
def stage_that_never_ends(cluster: Cluster, name: str) -> None:
    troubled(cluster, name, "NodeStageVolume", "", "", takes=FOR_EVER, times=1)


@look_alike("F05", "F04")
def another_volume_of_that_name(cluster: Cluster, name: str) -> None:
    text = f"Volume with the name {name} and other parameters exists"
    cluster.driver.trouble("CreateVolume", "AlreadyExists", text, of=f'"{name}"')
    cluster.claim(name)


@look_alike("F07", "F06")
@fault("F06")
def no_driver_on_the_chosen_node(cluster: Cluster, name: str) -> None:
    machine = cluster.machine(dedicated=True)
    machine.unregister()
    used(cluster, name, on=machine)


@fault("F07")
def chosen_node_is_gone(cluster: Cluster, name: str) -> None:
    cluster.sidecars["csi-provisioner"].reschedules = False
    claim = cluster.claim(name, "wffc")
    claim["metadata"]["annotations"] = {SELECTED_NODE: f"{name}-that-was"}
    cluster.api.update(claim)
    cluster.pod(name, [name])


@fault("F08")
def too_small_a_volume(cluster: Cluster, name: str) -> None:
    cluster.volume(f"{cluster.name}-{name}", "1Gi")
    statically(cluster, name, name, "5Gi")


@fault("F08")
def taken_volume(cluster: Cluster, name: str) -> None:
    cluster.volume(f"{cluster.name}-{name}")
    first = statically(cluster, f"{name}-first", name)
    cluster.when(lambda: is_bound(first), lambda: statically(cluster, name, name))


@fault("F08")
def volume_that_is_not_there(cluster: Cluster, name: str) -> None:
    statically(cluster, name, f"{name}-that-was")


# -- scheduling -------------------------------------------------------------------------------------------------------


@look_alike("F06", "F09")
@fault("F09")
def pod_in_another_zone(cluster: Cluster, name: str) -> None:
    first = cluster.machine("a", dedicated=True)
    _, pod = used(cluster, name, on=first)

    def move() -> None:
        cluster.delete(pod)
        cluster.pod(f"{name}-b", [name], on=cluster.machine("b", dedicated=True))

    cluster.when(lambda: is_running(pod), move)


@fault("F10", "F17")
def full_node(cluster: Cluster, name: str) -> None:
    machine = cluster.machine(dedicated=True)
    machine.backend_limit = 1
    first = cluster.claim(f"{name}-first", "wffc")
    cluster.pod(f"{name}-first", [f"{name}-first"], on=machine)
    cluster.when(lambda: is_attached(cluster, first), lambda: used(cluster, name, on=machine))


@fault("F10", "F02")
def announced_limit(cluster: Cluster, name: str) -> None:
    machine = cluster.machine(dedicated=True)
    machine.limit = 1
    machine.register()
    first = cluster.claim(f"{name}-first", "wffc")
    cluster.pod(f"{name}-first", [f"{name}-first"], on=machine)
    cluster.when(lambda: is_attached(cluster, first), lambda: used(cluster, name, on=machine))


@fault("F11", "F02")
def no_room(cluster: Cluster, name: str) -> None:
    cluster.claim(name, "wffc", "90000Gi")
    cluster.pod(name, [name])


@look_alike("F11", "F04")
def room_that_the_backend_lacks(cluster: Cluster, name: str) -> None:
    text = "requested capacity exceeds remaining capacity"
    cluster.driver.trouble("CreateVolume", "ResourceExhausted", text, of=f'"{name}"')
    cluster.claim(name)


@fault("F12", "F13")
def two_pods_of_which_one_may(cluster: Cluster, name: str) -> None:
    cluster.claim(name, "wffc", mode="ReadWriteOncePod")
    first = cluster.pod(name, [name])
    cluster.when(lambda: is_running(first), lambda: cluster.pod(f"{name}-b", [name]))


@look_alike("F25")
@look_alike("F12")
def two_pods_on_a_node(cluster: Cluster, name: str) -> None:
    machine, _, first = used_here(cluster, name)
    cluster.when(lambda: is_running(first), lambda: cluster.pod(f"{name}-b", [name], on=machine))


# -- attaching and detaching ------------------------------------------------------------------------------------------


@look_alike("F12", "F13", "F17")
@fault("F13", "F17")
def two_pods_on_two_nodes(cluster: Cluster, name: str) -> None:
    _, _, first = used_here(cluster, name)
    other = cluster.machine(dedicated=True)
    cluster.when(lambda: is_running(first), lambda: cluster.pod(f"{name}-b", [name], on=other))


@look_alike("F13")
def pod_that_moves(cluster: Cluster, name: str) -> None:
    _, _, first = used_here(cluster, name, grace=5)
    other = cluster.machine(dedicated=True)

    def move() -> None:
        cluster.delete(first)
        cluster.pod(f"{name}-b", [name], on=other)

    cluster.when(lambda: is_running(first), move)


@fault("F14", "F13", "F17", "F29", "F31")
def lost_machine(cluster: Cluster, name: str) -> None:
    machine, _, pod = used_here(cluster, name)
    other = cluster.machine(dedicated=True)

    def lose() -> None:
        machine.kubelet.stop()
        cluster.at(90.0, lambda: cluster.delete(pod))
        cluster.at(95.0, lambda: cluster.pod(f"{name}-b", [name], on=other))

    cluster.when(lambda: is_running(pod), lose)


@fault("F14", "F13", "F17", "F29", "F31")
def lost_machine_of_a_pod_forced_away(cluster: Cluster, name: str) -> None:
    machine, _, pod = used_here(cluster, name)
    other = cluster.machine(dedicated=True)

    def lose() -> None:
        machine.kubelet.stop()
        cluster.at(90.0, lambda: cluster.delete(pod, force=True))
        cluster.at(95.0, lambda: cluster.pod(f"{name}-b", [name], on=other))

    cluster.when(lambda: is_running(pod), lose)


@look_alike("F27")
@look_alike("F14")
def slow_unmount(cluster: Cluster, name: str) -> None:
    _, pod = troubled(cluster, name, "NodeUnpublishVolume", "", "", takes=60.0)
    cluster.when(lambda: is_running(pod), lambda: cluster.at(10.0, lambda: cluster.delete(pod)))


@look_alike("F16", "F15", "F17")
@look_alike("F10", "F15", "F17")
@fault("F15", "F17")
def throttled_attach(cluster: Cluster, name: str) -> None:
    text = "RequestLimitExceeded: Request limit exceeded."
    troubled(cluster, name, "ControllerPublishVolume", "Unavailable", text, times=6)


@look_alike("F15", "F16", "F17")
@fault("F16", "F17")
def refused_attach(cluster: Cluster, name: str) -> None:
    text = "disk is in zone a, and the instance in zone b"
    troubled(cluster, name, "ControllerPublishVolume", "FailedPrecondition", text)


@fault("F16", "F17", "F20")
def node_without_the_driver(cluster: Cluster, name: str) -> None:
    _, _, pod = used_here(cluster, name)
    other = cluster.machine(dedicated=True)
    other.unregister()

    def move() -> None:
        cluster.delete(pod)
        cluster.at(40.0, lambda: cluster.pod(f"{name}-b", [name], on=other))

    cluster.when(lambda: is_running(pod), move)


@fault("F17")
def slow_without_a_word(cluster: Cluster, name: str) -> None:
    _, pod = troubled(cluster, name, "NodeStageVolume", "", "", takes=100.0)
    cluster.driver.trouble("NodePublishVolume", takes=90.0, of=uid_of(pod))


@look_alike("F17")
def slow_stage(cluster: Cluster, name: str) -> None:
    troubled(cluster, name, "NodeStageVolume", "", "", takes=60.0)


@fault("F18", "F17")
def status_that_is_not_written(cluster: Cluster, name: str) -> None:
    machine, _, _ = used_here(cluster, name)
    cluster.attach_detach.unlisted.add(machine.name)


@look_alike("F18")
def attached_after_a_while(cluster: Cluster, name: str) -> None:
    troubled(cluster, name, "ControllerPublishVolume", "", "", takes=9.0)


@fault("F19")
def detach_that_fails(cluster: Cluster, name: str) -> None:
    _, pod = troubled(cluster, name, "ControllerUnpublishVolume", "Internal", "no such instance")
    cluster.when(lambda: is_running(pod), lambda: cluster.at(5.0, lambda: cluster.delete(pod)))


@look_alike("F19")
def slow_detach(cluster: Cluster, name: str) -> None:
    _, pod = troubled(cluster, name, "ControllerUnpublishVolume", "", "", takes=12.0)
    cluster.when(lambda: is_running(pod), lambda: cluster.at(5.0, lambda: cluster.delete(pod)))


# -- on the node ------------------------------------------------------------------------------------------------------


@fault("F20", "F17")
def registration_lost(cluster: Cluster, name: str) -> None:
    machine, claim, _ = used_here(cluster, name)
    cluster.when(lambda: is_attached(cluster, claim), machine.unregister)


@fault("F20", "F28")
def registration_lost_under_a_pod(cluster: Cluster, name: str) -> None:
    machine, _, pod = used_here(cluster, name)
    cluster.when(lambda: is_running(pod), lambda: (machine.unregister(), cluster.delete(pod)))


@look_alike("F20", "F37")
def plugin_that_crashed(cluster: Cluster, name: str) -> None:
    machine, claim, _ = used_here(cluster, name)

    def crash() -> None:
        machine.plugin_is_up = False
        cluster.at(40.0, lambda: setattr(machine, "plugin_is_up", True))

    cluster.when(lambda: is_attached(cluster, claim), crash)


@fault("F21", "F17")
def damaged_file_system(cluster: Cluster, name: str) -> None:
    text = (
        "mount failed: exit status 32\nMounting command: mount\nMounting arguments: -t ext4 /dev/sdb /globalmount\n"
        "Output: mount: /globalmount: wrong fs type, bad option, bad superblock on /dev/sdb, missing codepage."
    )
    troubled(cluster, name, "NodeStageVolume", "Internal", text)


@fault("F22")
def leaked_mount(cluster: Cluster, name: str) -> None:
    machine, claim, pod = used_here(cluster, name)

    def leak() -> None:
        cluster.driver.leaked[machine.name, handle(cluster, claim)] = "/var/lib/monitor/rootfs/globalmount"
        cluster.delete(pod)

    cluster.when(lambda: is_running(pod), leak)


@fault("F22")
def unstage_that_fails(cluster: Cluster, name: str) -> None:
    _, pod = troubled(cluster, name, "NodeUnstageVolume", "Internal", "target is busy")
    cluster.when(lambda: is_running(pod), lambda: cluster.delete(pod))


@fault("F23", "F22")
def staged_and_forgotten(cluster: Cluster, name: str) -> None:
    machine, claim, pod = used_here(cluster, name)
    unique = f"kubernetes.io/csi/{cluster.driver.name}^"

    def end() -> None:
        cluster.driver.trouble("NodeUnstageVolume", "Internal", "busy", of=handle(cluster, claim), times=2)
        cluster.delete(pod)

    def restart() -> None:
        machine.kubelet.stop()
        cluster.at(8.0, machine.kubelet.start)
        cluster.at(40.0, lambda: cluster.pod(f"{name}-b", [name], on=machine))

    def is_unpublished() -> bool:
        staged = f"{unique}{handle(cluster, claim)}" in machine.kubelet.staged
        return is_running(pod) is False and staged and not cluster.api.is_there(pod)

    cluster.when(lambda: is_running(pod), lambda: (end(), cluster.when(is_unpublished, restart)))


@look_alike("F23")
def pod_that_comes_back(cluster: Cluster, name: str) -> None:
    machine, _, pod = used_here(cluster, name)

    def again() -> None:
        cluster.delete(pod)
        cluster.at(45.0, lambda: cluster.pod(f"{name}-b", [name], on=machine))

    cluster.when(lambda: is_running(pod), again)


@fault("F24", "F17")
def many_files_to_own(cluster: Cluster, name: str) -> None:
    claim, _ = used(cluster, name, securityContext={"fsGroup": 2000})
    cluster.when(lambda: is_bound(claim), lambda: cluster.driver.files.update({handle(cluster, claim): 900_000}))


@look_alike("F24")
def few_files_to_own(cluster: Cluster, name: str) -> None:
    claim, _ = used(cluster, name, securityContext={"fsGroup": 2000})
    cluster.when(lambda: is_bound(claim), lambda: cluster.driver.files.update({handle(cluster, claim): 20_000}))


@fault("F25", "F17")
def two_labels(cluster: Cluster, name: str) -> None:
    machine, _, first = used_here(cluster, name, securityContext={"seLinuxOptions": {"level": "s0:c1"}})
    label = {"seLinuxOptions": {"level": "s0:c2"}}
    cluster.when(lambda: is_running(first), lambda: cluster.pod(f"{name}-b", [name], on=machine, securityContext=label))


@fault("F26", "F17")
def missing_secret(cluster: Cluster, name: str) -> str:
    used(cluster, name, secrets=[f"{name}-key"])
    return ""


@look_alike("F26")
def secret_that_is_there(cluster: Cluster, name: str) -> None:
    cluster.secrets.add(f"{name}-key")
    used(cluster, name, secrets=[f"{name}-key"])


def on_nfs(cluster: Cluster, name: str) -> Object:
    """A pod whose volume is of an NFS server of its own."""
    cluster.volume(f"{cluster.name}-{name}", server=f"{name}.nfs.example.com")
    statically(cluster, name, name)
    return cluster.pod(name, [name])


@look_alike("F21", "F27", "F31")
@fault("F27", "F31")
def server_that_is_gone(cluster: Cluster, name: str) -> None:
    pod = on_nfs(cluster, name)

    def lose() -> None:
        cluster.hung_servers.add(f"{name}.nfs.example.com")
        cluster.delete(pod)

    cluster.when(lambda: is_running(pod), lose)


@fault("F27", "F17")
def server_that_never_answers(cluster: Cluster, name: str) -> None:
    cluster.hung_servers.add(f"{name}.nfs.example.com")
    on_nfs(cluster, name)


@look_alike("F22", "F28")
@fault("F28")
def unmount_that_fails(cluster: Cluster, name: str) -> None:
    _, pod = troubled(cluster, name, "NodeUnpublishVolume", "Internal", "target is busy")
    cluster.when(lambda: is_running(pod), lambda: cluster.delete(pod))


@look_alike("F28")
def unmount_that_fails_once(cluster: Cluster, name: str) -> None:
    _, pod = troubled(cluster, name, "NodeUnpublishVolume", "Internal", "target is busy", times=1)
    cluster.when(lambda: is_running(pod), lambda: cluster.delete(pod))


@fault("F29", "F28", "F14")
def folders_left_behind(cluster: Cluster, name: str) -> None:
    machine, _, pod = used_here(cluster, name)

    def lose() -> None:
        machine.kubelet.stop()
        machine.kubelet.orphans.add(uid_of(pod))
        cluster.at(20.0, lambda: cluster.delete(pod, force=True))
        cluster.at(30.0, machine.kubelet.start)

    cluster.when(lambda: is_running(pod), lose)


@look_alike("F29")
def pod_forced_away(cluster: Cluster, name: str) -> None:
    _, pod = used(cluster, name)
    cluster.when(lambda: is_running(pod), lambda: cluster.delete(pod, force=True))


# -- the driver's control plane ---------------------------------------------------------------------------------------


@fault("F30", "F03", "F04", "F05", "F15", "F16", "F17", "F19", "F33", "F35", "F36")
def driver_away(cluster: Cluster, name: str) -> str:
    if cluster.sidecars["csi-attacher"].is_running:
        cluster.stop_controller()
        cluster.at(cluster.simulation.spread(60.0, 150.0), cluster.start_controller)
    return ""


@fault("F30", "F03")
def lease_lost(cluster: Cluster, name: str) -> str:
    provisioner = cluster.sidecars["csi-provisioner"]
    if provisioner.is_running:
        provisioner.lose_lease()
        cluster.at(60.0, lambda: provisioner.is_running or provisioner.start())
    return ""


@fault("F30", "F03", "F33")
def leader_that_hangs(cluster: Cluster, name: str) -> str:
    provisioner = cluster.sidecars["csi-provisioner"]
    provisioner.is_hung = True

    def wake() -> None:
        provisioner.is_hung = False
        for claim in cluster.api.all("PersistentVolumeClaim"):
            provisioner.enqueue(claim)

    cluster.claim(name)
    cluster.at(150.0, wake)
    return ""


@fault("F30", "F20", "F28", "F37")
def plugin_restarts(cluster: Cluster, name: str) -> str:
    machine = cluster.machine(dedicated=True)
    machine.stop_plugin()
    cluster.at(60.0, machine.start_plugin)
    return ""


@look_alike("F30")
def leader_that_hands_over(cluster: Cluster, name: str) -> None:
    cluster.sidecars["csi-provisioner"].hand_over("another-replica")
    cluster.claim(name)


# -- deleting and losing ----------------------------------------------------------------------------------------------


@fault("F31")
def claim_in_use_deleted(cluster: Cluster, name: str) -> None:
    claim, pod = used(cluster, name)
    cluster.when(lambda: is_running(pod), lambda: cluster.delete(claim))


@fault("F31")
def finalizer_of_nobody(cluster: Cluster, name: str) -> None:
    claim = cluster.claim(name)
    claim["metadata"]["finalizers"].append("backup.example.com/keep")
    cluster.api.update(claim)
    cluster.when(lambda: is_bound(claim), lambda: cluster.delete(claim))


@look_alike("F34")
@look_alike("F33")
@look_alike("F31")
def claim_and_pod_deleted(cluster: Cluster, name: str) -> None:
    claim, pod = used(cluster, name)
    cluster.when(lambda: is_running(pod), lambda: (cluster.delete(pod), cluster.delete(claim)))


@fault("F32")
def kept(cluster: Cluster, name: str) -> None:
    cluster.storage_class(f"{cluster.name}-{name}", policy="Retain")
    claim = cluster.claim(name, name)
    cluster.when(lambda: is_bound(claim), lambda: cluster.delete(claim))


@look_alike("F32")
def not_kept(cluster: Cluster, name: str) -> None:
    claim = cluster.claim(name)
    cluster.when(lambda: is_bound(claim), lambda: cluster.delete(claim))


@fault("F33")
def delete_that_fails(cluster: Cluster, name: str) -> None:
    claim = cluster.claim(name)

    def delete() -> None:
        cluster.driver.trouble("DeleteVolume", "FailedPrecondition", "it has snapshots", of=handle(cluster, claim))
        cluster.delete(claim)

    cluster.when(lambda: is_bound(claim), delete)


@fault("F33", "F19")
def delete_while_attached(cluster: Cluster, name: str) -> None:
    claim, pod = troubled(cluster, name, "ControllerUnpublishVolume", "Internal", "no such instance")
    cluster.when(lambda: is_running(pod), lambda: (cluster.delete(pod), cluster.delete(claim)))


@fault("F34", "F19")
def volume_pulled_away(cluster: Cluster, name: str) -> None:
    claim, pod = used(cluster, name)

    def pull() -> None:
        volume = cluster.api.get("PersistentVolume", claim["spec"]["volumeName"])
        assert volume is not None
        cluster.delete(volume)
        for finalizer in list(volume["metadata"]["finalizers"]):
            cluster.api.release(volume, finalizer)

    cluster.when(lambda: is_running(pod), pull)


@fault("F34")
def volume_without_a_deleter(cluster: Cluster, name: str) -> None:
    policy = {"persistentVolumeReclaimPolicy": "Delete"}
    cluster.volume(f"{cluster.name}-{name}", server=f"{name}.nfs.example.com", **policy)
    claim = statically(cluster, name, name)
    cluster.when(lambda: is_bound(claim), lambda: cluster.delete(claim))


# -- expanding, cutting -----------------------------------------------------------------------------------------------


@fault("F35")
def expansion_that_is_refused(cluster: Cluster, name: str) -> None:
    claim, _ = troubled(cluster, name, "ControllerExpandVolume", "OutOfRange", "too large")
    cluster.when(lambda: is_bound(claim), lambda: cluster.expand(claim, "500Gi"))


@fault("F35")
def expansion_that_the_node_refuses(cluster: Cluster, name: str) -> None:
    claim, pod = troubled(cluster, name, "NodeExpandVolume", "Internal", "resize2fs: exit status 1")
    cluster.when(lambda: is_running(pod), lambda: cluster.expand(claim, "2Gi"))


@look_alike("F35")
def expansion(cluster: Cluster, name: str) -> None:
    claim, pod = used(cluster, name)
    cluster.when(lambda: is_running(pod), lambda: cluster.expand(claim, "2Gi"))


@fault("F36")
def cut_that_fails(cluster: Cluster, name: str) -> None:
    _, pod = troubled(cluster, name, "CreateSnapshot", "Internal", "no room for snapshots")
    cluster.when(lambda: is_running(pod), lambda: cluster.snapshot(name, name))


@fault("F36")
def cut_of_nothing(cluster: Cluster, name: str) -> str:
    cluster.snapshot(name, f"{name}-that-never-was")
    return ""


@look_alike("F36")
def slow_cut(cluster: Cluster, name: str) -> None:
    _, pod = troubled(cluster, name, "CreateSnapshot", "", "", takes=10.0)
    cluster.when(lambda: is_running(pod), lambda: cluster.snapshot(name, name))


# -- modes that FAILURES.md does not number ---------------------------------------------------------------------------


@fault("F37", "F17")
def mount_that_is_refused(cluster: Cluster, name: str) -> None:
    troubled(cluster, name, "NodePublishVolume", "Internal", "target path is not a folder")


@look_alike("F37")
def mount_that_fails_once(cluster: Cluster, name: str) -> None:
    troubled(cluster, name, "NodePublishVolume", "Internal", "target path is not there yet", times=1)


@fault("F38")
def pod_without_its_claim(cluster: Cluster, name: str) -> str:
    cluster.pod(name, [name])
    return ""


@look_alike("F38")
def claim_that_comes_after_its_pod(cluster: Cluster, name: str) -> None:
    cluster.pod(name, [name])
    cluster.at(2.0, lambda: cluster.claim(name))


@fault("F39")
def attributes_that_are_refused(cluster: Cluster, name: str) -> None:
    claim, _ = troubled(cluster, name, "ControllerModifyVolume", "InvalidArgument", "invalid parameters: [iops]")
    cluster.attributes_class(f"{cluster.name}-{name}")
    cluster.when(lambda: is_bound(claim), lambda: cluster.modify(claim, f"{cluster.name}-{name}"))


@look_alike("F39")
def attributes_that_are_set(cluster: Cluster, name: str) -> None:
    claim, _ = used(cluster, name)
    cluster.attributes_class(f"{cluster.name}-{name}")
    cluster.when(lambda: is_bound(claim), lambda: cluster.modify(claim, f"{cluster.name}-{name}"))
