"""What a recording holds of a server that behaves."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from fake_api import CLAIMS, PODS, VOLUMES, FakeApi, bookmark, status_answer
from recording_run import FAST, notes, observations, recording


@pytest.mark.parametrize("version", ["v1.36.0", "v1.28.0"])
async def test_what_is_there_is_listed_and_what_happens_is_observed_once(tmp_path: Path, version: str) -> None:
    async with FakeApi(CLAIMS, version=version) as api:
        first, second = api.put(CLAIMS, "a", "shop"), api.put(CLAIMS, "b", "shop")
        async with recording(api, tmp_path / "t.trace") as run:
            await run.synced(CLAIMS)
            changed = api.put(CLAIMS, "a", "shop", status={"phase": "Bound"})
            added = api.put(CLAIMS, "c", "shop")
            deleted = api.delete(CLAIMS, "b", "shop")
            await run.certain(CLAIMS, deleted)
    assert observations(run.trace, CLAIMS, "phase") == [
        ("LISTED", "a", first, None),
        ("LISTED", "b", second, None),
        ("MODIFIED", "a", changed, "Bound"),
        ("ADDED", "c", added, None),
        ("DELETED", "b", deleted, None),
    ]
    assert notes(run.trace, CLAIMS) == [("opened", None, None), ("synced", None, second), ("closed", deleted, None)]


async def test_a_new_server_streams_its_list_and_an_old_one_is_read_in_pages(tmp_path: Path) -> None:
    for version, streams in (("v1.36.0", True), ("v1.31.4", False)):
        async with FakeApi(CLAIMS, version=version) as api:
            async with recording(api, tmp_path / f"{version}.trace") as run:
                await run.synced(CLAIMS)
            asked = [seen for seen in api.requests if seen.query.get("sendInitialEvents")]
            assert bool(asked) == streams


@pytest.mark.parametrize("status", [400, 422])
async def test_a_server_that_refuses_to_stream_lists_is_read_in_pages(tmp_path: Path, status: int) -> None:
    async with FakeApi(CLAIMS) as api:
        revision = api.put(CLAIMS, "a", "shop")
        api.refuse(status, CLAIMS, times=99, when=lambda request: "sendInitialEvents" in request.query)
        async with recording(api, tmp_path / "t.trace") as run:
            await run.synced(CLAIMS)
    assert observations(run.trace, CLAIMS) == [("LISTED", "a", revision)]
    assert notes(run.trace, CLAIMS, "failed") == []


async def test_a_list_is_read_page_by_page_while_it_grows(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS, version="v1.28.0") as api:
        for number in range(25):
            api.put(CLAIMS, f"c{number:02d}", "shop")
        listed = api.revision

        def grow(request: object) -> None:
            if "continue" in getattr(request, "query", {}):
                api.put(CLAIMS, "c00", "shop", status={"phase": "Bound"})
                api.put(CLAIMS, f"late-{api.revision}", "shop")

        api.answer(grow)
        async with recording(api, tmp_path / "t.trace", pace=dataclasses.replace(FAST, page=10)) as run:
            await run.synced(CLAIMS)
            await run.certain(CLAIMS, api.revision)
        history = [(each.type, each.revision) for each in api.collections[CLAIMS].history]
    rows = observations(run.trace, CLAIMS)
    assert [(kind, revision) for kind, _, revision in rows] == [
        ("LISTED" if revision <= listed else kind, revision) for kind, revision in history
    ]
    assert notes(run.trace, CLAIMS, "synced") == [("synced", None, listed)]


async def test_what_changes_while_a_list_is_streamed_is_not_taken_for_listed(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS) as api:
        api.put(CLAIMS, "a", "shop")
        api.put(CLAIMS, "b", "shop")
        api.ends_lists = False
        async with recording(api, tmp_path / "t.trace") as run:
            watch = await api.watched(CLAIMS)
            changed, gone = api.put(CLAIMS, "a", "shop"), api.delete(CLAIMS, "b", "shop")
            watch.send(bookmark(CLAIMS, api.revision, ends_list=True))
            await run.synced(CLAIMS)
            assert len(run.follower(CLAIMS).intake.known) == 1
    assert [row[:2] for row in observations(run.trace, CLAIMS)[2:]] == [("MODIFIED", "a"), ("DELETED", "b")]
    assert notes(run.trace, CLAIMS, "synced") == [("synced", None, gone)]
    assert changed < gone


@pytest.mark.parametrize("cut", [1, 7, 4096])
async def test_lines_may_be_cut_anywhere(tmp_path: Path, cut: int) -> None:
    async with FakeApi(CLAIMS) as api:
        api.cut = cut
        api.put(CLAIMS, "a", "shop", status={"phase": "Größe"})
        async with recording(api, tmp_path / "t.trace") as run:
            await run.synced(CLAIMS)
            last = [api.put(CLAIMS, f"n{number}", "shop") for number in range(5)][-1]
            await run.certain(CLAIMS, last)
    rows = observations(run.trace, CLAIMS, "phase")
    assert rows[0][3] == "Größe"
    assert [row[1] for row in rows] == ["a", "n0", "n1", "n2", "n3", "n4"]


async def test_an_object_of_a_megabyte_and_a_half_comes_through_whole(tmp_path: Path) -> None:
    big = "x" * 1_500_000
    async with FakeApi(CLAIMS) as api, recording(api, tmp_path / "t.trace") as run:
        await run.synced(CLAIMS)
        await run.certain(CLAIMS, api.put(CLAIMS, "big", "shop", metadata={"annotations": {"big": big}}))
    assert big in observations(run.trace, CLAIMS, "object")[0][3]


async def test_bookmarks_are_written_down(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS, VOLUMES) as api, recording(api, tmp_path / "t.trace") as run:
        await run.synced(CLAIMS)
        await run.synced(VOLUMES)
        api.put(VOLUMES, "pv")  # the shared revision moves on
        marked = api.bookmark(CLAIMS)
        await run.certain(CLAIMS, marked)
    assert notes(run.trace, CLAIMS)[2:] == [("bookmark", None, marked), ("closed", marked, None)]


async def test_an_old_cluster_is_followed_in_its_old_versions(tmp_path: Path) -> None:
    attachments = "/apis/storage.k8s.io/v1beta1/volumeattachments"
    nodes = "/apis/storage.k8s.io/v1beta1/csinodes"
    pace = dataclasses.replace(FAST, silence_s=1.2)
    async with FakeApi(CLAIMS, attachments, nodes, version="v1.14.10") as api:
        api.put(attachments, "csi-1", status={"attached": True})
        async with recording(api, tmp_path / "t.trace", pace=pace) as run:
            await run.synced(attachments)
            await run.synced(nodes)
            # No bookmarks: silence is normal there, and after the first the server is asked to end the watch in time.
            await api.seen(lambda seen: seen.path == attachments and "timeoutSeconds" in seen.query)
            await run.certain(attachments, api.put(attachments, "csi-1", status={"attached": False}))
    assert [row[3:] for row in observations(run.trace, attachments, "attached")] == [(True,), (False,)]
    assert notes(run.trace, attachments, "gap") == []


async def test_a_kind_that_appears_later_is_followed_from_then_on(tmp_path: Path) -> None:
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    snapshots = "/apis/snapshot.storage.k8s.io/v1/volumesnapshots"
    slow = dataclasses.replace(FAST, retry_s=3600.0)  # only the definition can tell
    async with FakeApi(crds, CLAIMS) as api, recording(api, tmp_path / "t.trace", pace=slow) as run:
        await run.synced(crds)
        api.serve(snapshots)
        api.put(crds, "volumesnapshots.snapshot.storage.k8s.io")
        await run.synced(snapshots)
        await run.certain(snapshots, api.put(snapshots, "snap", "shop"))
    assert [what for what, *_ in notes(run.trace, snapshots)] == ["absent", "opened", "synced", "closed"]
    assert observations(run.trace, snapshots)[0][:2] == ("ADDED", "snap")


async def test_a_kind_that_is_no_longer_served_comes_back_with_a_gap(tmp_path: Path) -> None:
    snapshots = "/apis/snapshot.storage.k8s.io/v1/volumesnapshots"
    async with FakeApi(snapshots) as api, recording(api, tmp_path / "t.trace") as run:
        await run.synced(snapshots)
        lost = api.put(snapshots, "snap", "shop")
        await run.certain(snapshots, lost)
        removed = api.collections.pop(snapshots)
        for watch in api.watches_of(snapshots):
            watch.end()
        await run.state(snapshots, "absent")
        removed.objects.clear()
        api.revision += 10
        api.compact()
        api.collections[snapshots] = removed
        await run.state(snapshots, "following")
        await run.until(lambda: not run.follower(snapshots).intake.known)
    assert [row[:2] for row in observations(run.trace, snapshots)] == [("ADDED", "snap"), ("VANISHED", "snap")]
    assert [what for what, *_ in notes(run.trace, snapshots)][-5:] == ["absent", "opened", "gap", "relisted", "closed"]


async def test_only_the_given_namespaces_are_asked_for(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS, PODS, VOLUMES) as api:
        api.answer(lambda request: status_answer(403, "no") if request.path.startswith((CLAIMS, VOLUMES)) else None)
        for namespace in ("shop", "bank", "other"):
            api.put(CLAIMS, "data", namespace)
        async with recording(api, tmp_path / "t.trace", namespaces=("shop", "bank")) as run:
            shop, bank = (f"/api/v1/namespaces/{each}/persistentvolumeclaims" for each in ("shop", "bank"))
            await run.synced(shop)
            await run.synced(bank)
            await run.state(VOLUMES, "forbidden")
            warnings = dict(run.recorder.warnings())
            await run.certain(shop, api.put(CLAIMS, "data", "shop"))
        assert list(warnings) == ["v1/persistentvolumes"]
        assert "persistentvolumes: get, list and watch are needed (`volreel rbac`" in warnings["v1/persistentvolumes"]
    assert [row[0] for row in observations(run.trace, shop)] == ["LISTED", "MODIFIED"]
    assert [row[0] for row in observations(run.trace, bank)] == ["LISTED"]
    assert len(notes(run.trace, VOLUMES, "forbidden")) == 1
