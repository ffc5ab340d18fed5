"""WATCH, as an API server serves it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from served import CLAIMS, FIRST, TABLE, rows, served
from small_trace import NODES, SmallTrace, claim

from tracer.playback import watching
from tracer.playback.resource import WINDOW_CHANGES

PENDING, BOUND = "Pending", "Bound"


@pytest.fixture
def life(small: SmallTrace) -> SmallTrace:
    """a is there from the beginning; b comes, both change, a goes."""
    small.observe(0, "LISTED", claim("a", 10, labels={"app": "x"}))
    small.observe(1, "ADDED", claim("b", 11))
    small.observe(2, "MODIFIED", claim("b", 12, BOUND))
    small.observe(3, "MODIFIED", claim("a", 13, BOUND, labels={"app": "y"}))
    small.observe(4, "DELETED", claim("a", 14, BOUND, labels={"app": "y"}))
    return small


def brief(events: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, str, str]]:
    return [(kind, item["metadata"].get("name", ""), item["metadata"]["resourceVersion"]) for kind, item in events]


async def test_a_watch_resumes_behind_its_revision(life):
    async with served(life.ended()) as api, api.watch(CLAIMS, resourceVersion=11, timeoutSeconds=1) as events:
        assert brief(await events.rest()) == [("MODIFIED", "b", "12"), ("MODIFIED", "a", "13"), ("DELETED", "a", "14")]


async def test_lines_are_exactly_the_recorded_bytes(life):
    trace = life.ended()
    async with served(trace) as api, api.watch(CLAIMS, resourceVersion=10) as events:
        lines = await events.lines(4)
    recorded = [row for row in rows(trace) if row["type"] != "LISTED"]
    assert lines == [f'{{"type":"{row["type"]}","object":{row["object"]}}}\n'.encode() for row in recorded]


async def test_a_revision_that_is_too_old_ends_in_an_error_event(life):
    async with served(life.ended()) as api, api.watch(CLAIMS, resourceVersion=9) as events:
        [(kind, status)] = await events.rest()
    assert (kind, status["code"], status["reason"]) == ("ERROR", 410, "Expired")
    assert status["message"] == "too old resource version: 9 (10)"


async def test_a_revision_from_the_future_is_accepted_and_silent(life):
    async with served(life.ended()) as api, api.watch(CLAIMS, resourceVersion=99, timeoutSeconds=1) as events:
        assert await events.rest() == []


@pytest.mark.parametrize("query", [{}, {"resourceVersion": 0}])
async def test_without_a_revision_what_there_is_comes_first(life, query):
    async with served(life.ended(), at="+3s") as api, api.watch(CLAIMS, timeoutSeconds=1, **query) as events:
        assert brief(await events.rest()) == [("ADDED", "a", "13"), ("ADDED", "b", "12")]


async def test_a_streaming_list_ends_with_a_bookmark_that_says_so(life):
    query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    async with served(life.ended()) as api, api.watch(CLAIMS, **query) as events:
        (kind, item), (end, bookmark) = await events.take(2)
    assert (kind, item["metadata"]["name"], end) == ("ADDED", "b", "BOOKMARK")
    assert (bookmark["kind"], bookmark["apiVersion"]) == ("PersistentVolumeClaim", "v1")
    assert bookmark["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert bookmark["metadata"]["resourceVersion"] == "14"


async def test_a_streaming_list_needs_its_match(life):
    async with served(life.ended()) as api:
        refusal = await api.refused(f"{CLAIMS}?watch=1&sendInitialEvents=true")
        assert refusal[:2] == (422, "Invalid")
        assert (await api.refused(f"{CLAIMS}?watch=1&resourceVersion=x"))[0] == 400


async def test_bookmarks_come_now_and_then_and_at_the_end(life, monkeypatch):
    monkeypatch.setattr(watching, "BOOKMARK_S", 0.2)
    query = {"resourceVersion": 14, "allowWatchBookmarks": "true", "timeoutSeconds": 1}
    async with served(life.ended()) as api, api.watch(CLAIMS, **query) as events:
        bookmarks = await events.rest()
    assert len(bookmarks) >= 4
    assert set(brief(bookmarks)) == {("BOOKMARK", "", "14")}


async def test_events_carry_no_bookmarks_but_the_first(monkeypatch):
    monkeypatch.setattr(watching, "BOOKMARK_S", 0.2)
    initial = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
    async with (
        served(FIRST) as api,
        api.watch("/api/v1/events", allowWatchBookmarks="true", timeoutSeconds=1, **initial) as events,
    ):
        kinds = [kind for kind, _ in await events.rest()]
    assert kinds[-1] == "BOOKMARK"
    assert kinds.count("BOOKMARK") == 1


async def test_to_a_selector_an_object_comes_and_goes(life):
    async with (
        served(life.ended()) as api,
        api.watch(CLAIMS, resourceVersion=10, labelSelector="app=y", timeoutSeconds=1) as entering,
        api.watch(CLAIMS, resourceVersion=10, labelSelector="app=x", timeoutSeconds=1) as leaving,
        api.watch(CLAIMS, resourceVersion=10, fieldSelector="metadata.name=b", timeoutSeconds=1) as named,
    ):
        assert brief(await entering.rest()) == [("ADDED", "a", "13"), ("DELETED", "a", "14")]
        [(kind, item)] = await leaving.rest()
        assert (kind, item["metadata"]["labels"], item["metadata"]["resourceVersion"]) == (
            "DELETED",
            {"app": "x"},
            "13",
        )
        assert brief(await named.rest()) == [("ADDED", "b", "11"), ("MODIFIED", "b", "12")]


async def test_one_namespace_or_one_object_is_watched_alone(life):
    life.observe(5, "ADDED", claim("c", 15, namespace="ware"))
    async with (
        served(life.ended()) as api,
        api.watch("/api/v1/namespaces/ware/persistentvolumeclaims", resourceVersion=10, timeoutSeconds=1) as ware,
        api.watch("/api/v1/namespaces/shop/persistentvolumeclaims/b", resourceVersion=11, timeoutSeconds=1) as one,
    ):
        assert brief(await ware.rest()) == [("ADDED", "c", "15")]
        assert brief(await one.rest()) == [("MODIFIED", "b", "12")]


async def test_what_a_relist_found_comes_as_a_change_in_the_order_of_revisions(life):
    life.note(5, "gap")
    life.observe(6, "LISTED", claim("d", 30)).observe(6, "LISTED", claim("b", 20, "Lost"))
    life.observe(7, "MODIFIED", claim("d", 31, BOUND))
    async with served(life.ended(), speed="max") as api, api.watch(CLAIMS, resourceVersion=10) as events:
        found = brief(await events.take(7))
    assert found[4:] == [("MODIFIED", "b", "20"), ("ADDED", "d", "30"), ("MODIFIED", "d", "31")]


async def test_nobody_resumes_from_inside_a_gap(life):
    life.observe(6, "LISTED", claim("d", 30))
    async with served(life.ended()) as api:
        async with api.watch(CLAIMS, resourceVersion=14) as before:
            assert (await before.take(1))[0][1]["code"] == 410
        async with api.watch(CLAIMS, resourceVersion=30, timeoutSeconds=1) as after:
            assert await after.rest() == []


async def test_what_vanished_is_deleted_as_it_was_last_known(life):
    life.vanish(6, claim("b", 12, BOUND))
    async with served(life.ended(), speed="max") as api:
        async with api.watch(CLAIMS, resourceVersion=10) as events:
            kind, item = (await events.take(5))[-1]
        assert (kind, item["metadata"]["name"], item["status"]) == ("DELETED", "b", {"phase": BOUND})
        assert await api.names(CLAIMS) == []


@pytest.mark.parametrize("noted", [True, False])
async def test_a_rewound_history_ends_its_watches_and_goes_on(life, noted):
    if noted:
        life.writer.note("v1/persistentvolumeclaims", "rewound", at_us=life._us(5), revision_from=14, revision_to=3)
    life.observe(6, "ADDED", claim("z", 4))
    async with served(life.ended(), speed="max") as api:
        async with api.watch(CLAIMS, resourceVersion=10) as events:
            assert brief(await events.rest())[-1:] == [("DELETED", "a", "14")]
        assert await api.revision(CLAIMS) == "4"
        async with api.watch(CLAIMS, resourceVersion=3, timeoutSeconds=1) as again:
            assert brief(await again.rest()) == [("ADDED", "z", "4")]


async def test_a_heartbeat_is_watched_as_a_whole_object(small):
    node = {"kind": "Node", "apiVersion": "v1", "metadata": {"name": "n", "uid": "u", "resourceVersion": "5"}, "a": 1}
    small.observe(0, "LISTED", node, NODES)
    small.observe(1, "MODIFIED", {**node, "metadata": {**node["metadata"], "resourceVersion": "6"}}, NODES, object=None)
    async with served(small.ended()) as api, api.watch("/api/v1/nodes", resourceVersion=5) as events:
        [(kind, item)] = await events.take(1)
    assert (kind, item["a"], item["metadata"]["resourceVersion"]) == ("MODIFIED", 1, "6")


async def test_streams_of_several_namespaces_are_one_resource(small):
    for number, namespace in enumerate(("shop", "ware")):
        stream = f"v1/namespaces/{namespace}/persistentvolumeclaims"
        small.observe(0, "LISTED", claim("a", 5 + number, namespace=namespace), stream)
        small.observe(1, "MODIFIED", claim("a", 9 - number, namespace=namespace), stream)
    async with served(small.ended()) as api:
        assert await api.names(CLAIMS) == ["a", "a"]
        assert await api.revision(CLAIMS) == "9"


async def test_a_table_is_watched_with_its_headers_once(life):
    async with served(life.ended()) as api, api.watch(CLAIMS, TABLE, resourceVersion=10) as events:
        (first, table), (_, second) = await events.take(2)
    assert first == "ADDED"
    assert table["kind"] == "Table"
    assert [column["name"] for column in table["columnDefinitions"]][:2] == ["Name", "Status"]
    assert table["rows"][0]["cells"][:2] == ["b", "Pending"]
    assert second["columnDefinitions"] is None
    assert second["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


async def test_a_slow_watch_of_a_moving_world_is_ended_and_must_list_again(small):
    for number in range(3 * WINDOW_CHANGES):
        small.writer.observe(1, 100, _row(number), small._us(1))
    async with served(small.ended()) as api:
        async with api.watch(CLAIMS, resourceVersion=10) as events:
            assert (await events.take(1))[0][1]["code"] == 410
        assert int(await api.revision(CLAIMS)) == 9 + 3 * WINDOW_CHANGES


def _row(number: int) -> dict[str, list[Any]]:
    value = claim("a", 10 + number)
    return {
        "stream": ["v1/persistentvolumeclaims"],
        "type": ["MODIFIED" if number else "ADDED"],
        "namespace": ["shop"],
        "name": ["a"],
        "resource_version": [str(10 + number)],
        "revision": [10 + number],
        "object": [json.dumps(value)],
    }
