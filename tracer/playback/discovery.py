"""Discovery: which groups, versions and resources a world serves, so that clients find `pvc` without being told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from tracer import __version__
from tracer.playback.resource import Resource

VERBS = ["get", "list", "watch"]
_SHORT: dict[str, list[str]] = {
    "customresourcedefinitions": ["crd", "crds"],
    "events": ["ev"],
    "namespaces": ["ns"],
    "nodes": ["no"],
    "persistentvolumeclaims": ["pvc"],
    "persistentvolumes": ["pv"],
    "pods": ["po"],
    "statefulsets": ["sts"],
    "storageclasses": ["sc"],
    "volumeattributesclasses": ["vac"],
    "volumegroupsnapshotclasses": ["vgsclass", "vgsclasses"],
    "volumegroupsnapshotcontents": ["vgsc", "vgscs"],
    "volumegroupsnapshots": ["vgs"],
    "volumesnapshotclasses": ["vsclass", "vsclasses"],
    "volumesnapshotcontents": ["vsc", "vscs"],
    "volumesnapshots": ["vs"],
}
_CATEGORIES = {"pods": ["all"], "statefulsets": ["all"], "customresourcedefinitions": ["api-extensions"]}


def version(recorded: str | None) -> bytes:
    """/version: the recorded server's; where it is not known, one that says so."""
    git = recorded or f"v1.36.0+volreel-{__version__}-recorded-version-unknown"
    major, _, rest = git.lstrip("v").partition(".")
    minor = rest.partition(".")[0]
    return msgspec.json.encode({"major": major, "minor": minor, "gitVersion": git, "platform": "volreel/trace"})


def api_versions() -> bytes:
    """/api"""
    return msgspec.json.encode({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})


def group_list(resources: Iterable[Resource]) -> bytes:
    """/apis"""
    groups = [_group(name, versions) for name, versions in _versions(resources).items() if name]
    return msgspec.json.encode({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})


def group(resources: Iterable[Resource], name: str) -> bytes | None:
    """/apis/GROUP; None when it is not served."""
    versions = _versions(resources).get(name)
    return msgspec.json.encode({"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)}) if versions else None


def resource_list(resources: Iterable[Resource], group_name: str, version_name: str) -> bytes | None:
    """/api/v1 and /apis/GROUP/VERSION; None when it is not served."""
    found = [each for each in resources if (each.kind.group, each.version) == (group_name, version_name)]
    if not found:
        return None
    items = [
        {
            "name": each.kind.plural,
            "singularName": each.kind.kind.lower(),
            "namespaced": each.kind.namespaced,
            "kind": each.kind.kind,
            **_described(each),
        }
        for each in found
    ]
    body = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": found[0].api_version, "resources": items}
    return msgspec.json.encode(body)


def aggregated(resources: Iterable[Resource], form: str, *, core: bool) -> bytes:
    """/api or /apis in one answer; `form` is the version of apidiscovery.k8s.io that was asked for."""
    listed = list(resources)
    items = [
        {"metadata": {"name": name} if name else {}, "versions": [_aggregated(listed, name, each) for each in versions]}
        for name, versions in _versions(listed).items()
        if (not name) is core
    ]
    body = {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{form}",
        "metadata": {},
        "items": items,
    }
    return msgspec.json.encode(body)


def _aggregated(resources: list[Resource], group_name: str, version_name: str) -> dict[str, Any]:
    found = [each for each in resources if (each.kind.group, each.version) == (group_name, version_name)]
    items = [
        {
            "resource": each.kind.plural,
            "responseKind": {"group": group_name, "version": version_name, "kind": each.kind.kind},
            "scope": "Namespaced" if each.kind.namespaced else "Cluster",
            "singularResource": each.kind.kind.lower(),
            **_described(each),
        }
        for each in found
    ]
    return {"version": version_name, "resources": items, "freshness": "Current"}


def _described(resource: Resource) -> dict[str, Any]:
    described: dict[str, Any] = {"verbs": VERBS}
    if resource.kind.plural in _SHORT:
        described["shortNames"] = _SHORT[resource.kind.plural]
    if resource.kind.plural in _CATEGORIES:
        described["categories"] = _CATEGORIES[resource.kind.plural]
    return described


def _versions(resources: Iterable[Resource]) -> dict[str, list[str]]:
    """Group -> its versions, the preferred one first."""
    found: dict[str, dict[str, int]] = {}
    for each in resources:
        known = each.kind.versions
        order = known.index(each.version) if each.version in known else len(known)
        versions = found.setdefault(each.kind.group, {})
        versions[each.version] = min(order, versions.get(each.version, order))
    return {name: sorted(versions, key=lambda each: versions[each]) for name, versions in found.items()}


def _group(name: str, versions: list[str]) -> dict[str, Any]:
    named = [{"groupVersion": f"{name}/{each}", "version": each} for each in versions]
    return {"name": name, "versions": named, "preferredVersion": named[0]}
