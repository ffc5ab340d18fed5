"""The volume plugin of a PersistentVolume, told by which source its spec has."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.facts import Fact

_Value = str | int | None

_SOURCES = {
    "kubernetes.io/csi": ("csi.driver",),
    "kubernetes.io/aws-ebs": ("awsElasticBlockStore.volumeID",),
    "kubernetes.io/azure-disk": ("azureDisk.diskURI",),
    "kubernetes.io/azure-file": ("azureFile.secretName", "azureFile.shareName"),
    "kubernetes.io/cinder": ("cinder.volumeID",),
    "kubernetes.io/fc": ("fc.lun",),
    "kubernetes.io/flexvolume": ("flexVolume.driver",),
    "kubernetes.io/gce-pd": ("gcePersistentDisk.pdName",),
    "kubernetes.io/glusterfs": ("glusterfs.endpoints", "glusterfs.path"),
    "kubernetes.io/host-path": ("hostPath.path",),
    "kubernetes.io/iscsi": ("iscsi.targetPortal", "iscsi.iqn", "iscsi.lun"),
    "kubernetes.io/local-volume": ("local.path",),
    "kubernetes.io/nfs": ("nfs.server", "nfs.path"),
    "kubernetes.io/portworx-volume": ("portworxVolume.volumeID",),
    "kubernetes.io/rbd": ("rbd.pool", "rbd.image"),
    "kubernetes.io/vsphere-volume": ("vsphereVolume.volumePath",),
}
"""Plugin -> what the spec of its volumes has, and but for those below tells them apart."""
_WITHOUT_ID = frozenset({"kubernetes.io/csi", "kubernetes.io/fc", "kubernetes.io/flexvolume"})
_PATHS = tuple(f"spec.{path}" for paths in _SOURCES.values() for path in paths)


def volume_plugin() -> Fact:
    """The plugin's name: `kubernetes.io/csi`, `kubernetes.io/nfs`."""
    return Fact(_PATHS, _plugin, _Value)


def in_tree_id() -> Fact:
    """What tells the volumes of an in-tree plugin apart, joined by colons: `server:/path` for NFS."""
    return Fact(_PATHS, _in_tree_id, _Value)


def _plugin(*found: _Value) -> str | None:
    return next((plugin for plugin, _ in _present(found)), None)


def _in_tree_id(*found: _Value) -> str | None:
    for plugin, parts in _present(found):
        return None if plugin in _WITHOUT_ID or None in parts else ":".join(map(str, parts))
    return None


def _present(found: tuple[_Value, ...]) -> Iterator[tuple[str, list[_Value]]]:
    """The plugins whose source is there, each with the values of its paths."""
    values = iter(found)
    for plugin, paths in _SOURCES.items():
        parts = [next(values) for _ in paths]
        if any(part is not None for part in parts):
            yield plugin, parts
