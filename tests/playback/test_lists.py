"""LIST and GET, as an API server answers them."""

from __future__ import annotations

import json

import pytest
from served import CLAIMS, FIRST, rows, served
from small_trace import SmallTrace, claim

PODS = "/api/v1/pods"


@pytest.fixture
def five(small: SmallTrace) -> SmallTrace:
    for number, name in enumerate("ebdca"):
        labels = {"app": name, "tier": "db" if name in "ab" else "web", "rank": str(number)}
        small.observe(number, "ADDED", claim(name, 10 + number, labels=labels))
    return small


async def test_items_come_by_namespace_and_name_as_they_were_recorded(five):
    trace = five.ended()
    async with served(trace) as api:
        _, body = await api.raw(CLAIMS)
    recorded = {row["name"]: row["object"].encode() for row in rows(trace)}
    joined = b",".join(recorded[name] for name in "abcde")
    head = b'{"kind":"PersistentVolumeClaimList","apiVersion":"v1","metadata":{"resourceVersion":"14"},"items":['
    assert body == head + joined + b"]}"


async def test_pages_join_to_the_whole_list_of_the_first_ones_instant(five):
    async with served(five.ended()) as api:
        page = await api.get(f"{CLAIMS}?limit=2")
        assert page["metadata"]["remainingItemCount"] == 3
        names = [item["metadata"]["name"] for item in page["items"]]
        while token := page["metadata"].get("continue"):
            page = await api.get(f"{CLAIMS}?limit=2&continue={token}")
            names += [item["metadata"]["name"] for item in page["items"]]
        assert names == list("abcde")
        assert "remainingItemCount" not in page["metadata"]


async def test_a_token_that_is_too_old_is_gone(five):
    async with served(five.ended()) as api:
        token = (await api.get(f"{CLAIMS}?limit=2"))["metadata"]["continue"]
        resource = api.server.world.resources["v1/persistentvolumeclaims"]
        resource.rewind(resource.revision + 1)  # the world moves on past everything that it remembers
        code, reason, message = await api.refused(f"{CLAIMS}?limit=2&continue={token}")
        assert (code, reason) == (410, "Expired")
        assert message.startswith("The provided continue parameter is too old")
        assert (await api.refused(f"{CLAIMS}?limit=2&continue=nonsense"))[:2] == (400, "BadRequest")


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("app=a", "a"),
        ("app==a", "a"),
        ("app!=a", "bcde"),
        ("tier in (db, cache),app!=b", "a"),
        ("tier notin (db)", "cde"),
        ("tier", "abcde"),
        ("!tier", ""),
        ("rank>2", "ac"),
        ("rank<1", "e"),
        ("other!=x", "abcde"),
    ],
)
async def test_label_selectors_choose(five, selector, names):
    async with served(five.ended()) as api:
        escaped = selector.replace(" ", "%20").replace(">", "%3E").replace("<", "%3C")
        assert await api.names(f"{CLAIMS}?labelSelector={escaped}") == list(names)


@pytest.mark.parametrize("selector", ["app===x", "app in x", "(", "a b", "rank>x", ",", "!app=x"])
async def test_a_label_selector_that_cannot_be_read_is_refused(five, selector):
    async with served(five.ended()) as api:
        escaped = selector.replace(" ", "%20").replace(">", "%3E")
        assert (await api.refused(f"{CLAIMS}?labelSelector={escaped}"))[0] == 400


async def test_field_selectors_choose_what_clients_ask_for():
    async with served(FIRST, at="50%") as api:
        pods = (await api.get(PODS))["items"]
        running = [pod["metadata"]["name"] for pod in pods if pod["status"]["phase"] == "Running"]
        assert running
        assert await api.names(f"{PODS}?fieldSelector=status.phase%3DRunning,spec.nodeName%3Dlab-node-1") == running
        assert await api.names(f"{PODS}?fieldSelector=status.phase!=Running,metadata.name={running[0]}") == []
        events = (await api.get("/api/v1/events"))["items"]
        about = events[0]["involvedObject"]
        found = await api.get(f"/api/v1/events?fieldSelector=involvedObject.uid={about['uid']},type=Normal")
        assert [item for item in events if item["involvedObject"].get("uid") == about["uid"]] == found["items"]


async def test_an_unknown_field_is_refused_as_by_a_real_server(five):
    async with served(five.ended()) as api:
        refusal = await api.refused(f"{CLAIMS}?fieldSelector=spec.color=red")
        assert refusal == (400, "BadRequest", "field label not supported: spec.color")


async def test_one_namespace_is_listed_alone(five):
    trace = five.observe(9, "ADDED", claim("other", 30, namespace="ware")).ended()
    async with served(trace) as api:
        assert await api.names("/api/v1/namespaces/ware/persistentvolumeclaims") == ["other"]
        assert await api.names("/api/v1/namespaces/shop/persistentvolumeclaims") == list("abcde")
        assert await api.names("/api/v1/namespaces/nowhere/persistentvolumeclaims") == []


async def test_a_list_from_the_future_or_the_past_is_refused(five):
    async with served(five.ended()) as api:
        assert (await api.refused(f"{CLAIMS}?resourceVersion=99"))[:2] == (504, "Timeout")
        old = f"{CLAIMS}?resourceVersion=11&resourceVersionMatch=Exact"
        assert (await api.refused(old))[:2] == (410, "Expired")
        assert (await api.get(f"{CLAIMS}?resourceVersion=14&resourceVersionMatch=Exact"))["items"]
        assert (await api.get(f"{CLAIMS}?resourceVersion=0"))["items"]
        assert (await api.refused(f"{CLAIMS}?resourceVersion=x"))[0] == 400
        assert (await api.refused(f"{CLAIMS}?sendInitialEvents=true"))[0] == 422


async def test_an_object_is_served_as_it_was_recorded(five):
    trace = five.ended()
    async with served(trace) as api:
        code, body = await api.raw("/api/v1/namespaces/shop/persistentvolumeclaims/b")
    assert (code, body.decode()) == (200, next(row["object"] for row in rows(trace) if row["name"] == "b"))


async def test_what_is_not_there_is_not_found_in_the_servers_words(five):
    async with served(five.ended()) as api:
        missing = await api.refused("/api/v1/namespaces/shop/persistentvolumeclaims/x")
        assert missing == (404, "NotFound", 'persistentvolumeclaims "x" not found')
        for path in ("/api/v1/foos", "/apis/none/v1/x", "/openapi/v2", "/x", "/api/v1/namespaces/shop/pods/p/log"):
            assert (await api.refused(path))[:2] == (404, "NotFound")
    async with served(FIRST) as api:
        group = await api.refused("/apis/storage.k8s.io/v1/volumeattachments/x")
        assert group[2] == 'volumeattachments.storage.k8s.io "x" not found'


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_writes_are_refused(five, method):
    async with served(five.ended()) as api:
        for path in (CLAIMS, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "/anything"):
            code, reason, message = await api.refused(path, method)
            assert (code, reason) == (405, "MethodNotAllowed")
            assert "read-only" in message


async def test_only_loopback_names_are_answered(five):
    async with served(five.ended()) as api:
        assert (await api.refused(CLAIMS, Host="rebound.example"))[:2] == (403, "Forbidden")
        assert (await api.raw(CLAIMS, Host="localhost:1"))[0] == 200


@pytest.mark.parametrize("name", ["a/b", "ü-\u202e", "a%2Fb", "\x1b[31mred", '"},{"', "..", "a b?c#d", "x" * 5000])
async def test_a_hostile_name_is_just_a_name(small, name):
    from urllib.parse import quote

    trace = small.observe(0, "ADDED", claim(name, 3)).ended()
    async with served(trace) as api:
        assert await api.names(CLAIMS) == [name]
        path = f"/api/v1/namespaces/shop/persistentvolumeclaims/{quote(name, safe='')}"
        if name != "..":  # which every HTTP client resolves before it asks
            assert (await api.get(path))["metadata"]["name"] == name
        table = await api.get(CLAIMS, "application/json;as=Table;v=v1;g=meta.k8s.io")
        assert table["rows"][0]["cells"][0] == name


async def test_namespaces_are_those_that_occur(five):
    async with served(five.ended()) as api:
        assert await api.names("/api/v1/namespaces") == ["shop"]
        assert (await api.refused("/api/v1/namespaces/kube-system"))[0] == 404


async def test_the_clusters_identity_is_its_kube_system(tmp_path):
    from tracer.trace.manifest import Cluster

    trace = SmallTrace(tmp_path / "t.trace", Cluster(version="v1.33.7", uid="the-cluster")).observe(
        0, "LISTED", claim()
    )
    async with served(trace.ended()) as api:
        assert (await api.get("/api/v1/namespaces/kube-system"))["metadata"]["uid"] == "the-cluster"
        version = await api.get("/version")
        assert (version["gitVersion"], version["major"], version["minor"]) == ("v1.33.7", "1", "33")


async def test_the_kubeconfig_is_private_and_goes_with_the_server(five, tmp_path):
    kept = tmp_path / "kept"
    kept.symlink_to(tmp_path / "elsewhere")
    async with served(five.ended()) as api:
        config = api.server.kubeconfig
        assert config.stat().st_mode & 0o777 == 0o600
        assert json.loads(config.read_text())["clusters"][0]["cluster"]["server"] == api.server.url
        api.server.write_kubeconfig(kept)
    assert not config.exists()
    assert kept.is_file() and not kept.is_symlink() and not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    "request_head",
    [
        "GET /api/v1/pods HTTP/1.1\r\nHost: [::bad",
        "GET http://[bad/api/v1/pods HTTP/1.1\r\nHost: 127.0.0.1",
        "GET http://evil.example/api/v1/pods HTTP/1.1\r\nHost: 127.0.0.1",
        "GET /api/v1/namespaces/%zz/pods/%ff%00 HTTP/1.1\r\nHost: 127.0.0.1",
        "GET /api/v1/pods?continue=%F0%9F HTTP/1.1\r\nHost: 127.0.0.1",
        "GET /api/v1/pods?limit=9999999999999999999999 HTTP/1.1\r\nHost: 127.0.0.1",
        "GET /api/v1/pods?fieldSelector=%5C HTTP/1.1\r\nHost: 127.0.0.1",
        "GET /api/v1/pods?labelSelector=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%2B HTTP/1.1\r\nHost: 127.0.0.1",
    ],
)
async def test_a_hostile_request_is_refused_and_nothing_else_happens(request_head, capfd):
    import asyncio

    async with served(FIRST) as api:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(api.server.url.rsplit(":", 1)[1]))
        writer.write(f"{request_head}\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readline()
        writer.close()
        await writer.wait_closed()
        assert line.split()[1] in (b"400", b"403", b"404")
        assert await api.get("/version")
    assert capfd.readouterr() == ("", "")
