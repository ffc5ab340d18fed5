"""What a client learns about a served trace before it asks for objects."""

from __future__ import annotations

from served import FIRST, served
from small_trace import SmallTrace, claim

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


async def test_groups_versions_and_resources_are_found():
    async with served(FIRST) as api:
        assert (await api.get("/api"))["versions"] == ["v1"]
        groups = {group["name"]: group["preferredVersion"]["version"] for group in (await api.get("/apis"))["groups"]}
        assert groups["storage.k8s.io"] == "v1"
        assert (await api.get("/apis/storage.k8s.io"))["preferredVersion"]["groupVersion"] == "storage.k8s.io/v1"
        core = {each["name"]: each for each in (await api.get("/api/v1"))["resources"]}
        assert core["persistentvolumeclaims"] == {
            "name": "persistentvolumeclaims",
            "singularName": "persistentvolumeclaim",
            "namespaced": True,
            "kind": "PersistentVolumeClaim",
            "verbs": ["get", "list", "watch"],
            "shortNames": ["pvc"],
        }
        assert core["pods"]["categories"] == ["all"]
        storage = await api.get("/apis/storage.k8s.io/v1")
        assert "csinodes" in [each["name"] for each in storage["resources"]]


async def test_two_answers_tell_everything_to_a_client_that_asks_so():
    async with served(FIRST) as api:
        core, groups = await api.get("/api", AGGREGATED), await api.get("/apis", AGGREGATED)
        assert (core["kind"], core["apiVersion"]) == ("APIGroupDiscoveryList", "apidiscovery.k8s.io/v2")
        [only] = core["items"][0]["versions"]
        claims = next(each for each in only["resources"] if each["resource"] == "persistentvolumeclaims")
        assert claims["scope"] == "Namespaced"
        assert claims["responseKind"] == {"group": "", "version": "v1", "kind": "PersistentVolumeClaim"}
        assert "storage.k8s.io" in [item["metadata"]["name"] for item in groups["items"]]


async def test_only_what_the_trace_has_a_stream_for_is_served(small: SmallTrace):
    async with served(small.observe(0, "LISTED", claim()).ended()) as api:
        names = [each["name"] for each in (await api.get("/api/v1"))["resources"]]
        assert names == ["persistentvolumeclaims", "namespaces"]
        assert (await api.get("/apis"))["groups"] == []
        assert (await api.refused("/apis/storage.k8s.io/v1"))[0] == 404


async def test_an_unknown_server_version_says_so(small: SmallTrace):
    async with served(small.observe(0, "LISTED", claim()).ended()) as api:
        assert (await api.get("/version"))["gitVersion"].startswith("v1.36.0+volreel-")


async def test_health_is_ok():
    async with served(FIRST) as api:
        for path in ("/healthz", "/readyz", "/livez"):
            assert await api.raw(path) == (200, b"ok")


async def test_a_trace_without_objects_is_refused(small: SmallTrace):
    import pytest

    from tracer.errors import TraceError

    with pytest.raises(TraceError, match="holds no objects"):
        async with served(small.ended()):
            pass
