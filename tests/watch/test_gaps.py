"""What cannot be known is written down: gaps, lists after them, what vanished, histories that went back."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from aiohttp import web
from fake_api import CLAIMS, EVENTS, VOLUMES, FakeApi
from recording_run import FAST, Run, detail, notes, observations, recording


async def forgetful(api: FakeApi, run: Run) -> tuple[int, int]:
    """While nobody watches a changes, b goes, c comes, d stays; then that is forgotten. What was certain, and now."""
    await run.synced(CLAIMS)
    for name in ("a", "b", "d"):
        certain = api.put(CLAIMS, name, "shop")
    await run.certain(CLAIMS, certain)
    watch = await api.watched(CLAIMS)
    api.watches.remove(watch)  # it hears of nothing any more
    api.put(CLAIMS, "a", "shop", status={"phase": "Bound"})
    api.put(CLAIMS, "c", "shop")
    now = api.delete(CLAIMS, "b", "shop")
    api.compact()
    api.watches.append(watch)
    watch.end()
    await run.until(lambda: run.follower(CLAIMS).intake.counts.gaps)
    await run.state(CLAIMS, "following")
    await run.certain(CLAIMS, api.put(CLAIMS, "d", "shop"))
    return certain, now


@pytest.mark.parametrize("as_status", [True, False], ids=["as a status", "as an ERROR event"])
async def test_history_that_is_gone_is_a_gap_with_a_list_of_what_changed(tmp_path: Path, as_status: bool) -> None:
    async with FakeApi(CLAIMS) as api, recording(api, tmp_path / "t.trace") as run:
        api.gone_as_status = as_status
        certain, now = await forgetful(api, run)
    assert [row[:2] for row in observations(run.trace, CLAIMS)[3:]] == [
        ("LISTED", "a"),
        ("LISTED", "c"),
        ("VANISHED", "b"),
        ("MODIFIED", "d"),
    ]
    assert notes(run.trace, CLAIMS, "gap", "relisted", "resumed") == [("gap", certain, now), ("relisted", None, now)]
    assert f"no longer has the history after revision {certain}" in detail(run.trace, CLAIMS, "gap")
    assert detail(run.trace, CLAIMS, "relisted") == "3 objects listed, 2 of them new or changed, 1 vanished"


async def test_what_vanished_is_told_by_its_last_known_version(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS) as api, recording(api, tmp_path / "t.trace") as run:
        await forgetful(api, run)
    rows = observations(run.trace, CLAIMS, "uid", "namespace", "object")
    last = next(row for row in rows if row[1] == "b")
    vanished = next(row for row in rows if row[0] == "VANISHED")
    assert vanished[1:5] == last[1:5]
    assert vanished[5] is None


async def test_a_list_that_the_server_forgets_half_way_is_begun_again(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS, version="v1.28.0") as api:
        for number in range(30):
            api.put(CLAIMS, f"c{number:02d}", "shop")
        forgets = [True]

        def forget(request: web.Request) -> None:
            if "continue" in request.query and forgets[0]:
                forgets[0] = False
                api.put(CLAIMS, "c00", "shop")
                api.compact()

        api.answer(forget)
        async with recording(api, tmp_path / "t.trace", pace=dataclasses.replace(FAST, page=10)) as run:
            await run.synced(CLAIMS)
        asked = [seen.query["limit"] for seen in api.requests if seen.path == CLAIMS and "limit" in seen.query]
    rows = [row[1] for row in observations(run.trace, CLAIMS)]
    assert sorted(set(rows)) == [f"c{number:02d}" for number in range(30)]
    assert rows.count("c00") == 2  # it did change
    assert len(rows) == 31
    assert asked[0] == "10"
    assert asked[-1] != "10"  # fewer, larger pages give it less time to forget
    assert notes(run.trace, CLAIMS, "gap") == []  # nothing was promised yet


async def test_a_restored_backup_is_noticed_and_everything_is_listed_again(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS) as api, recording(api, tmp_path / "t.trace") as run:
        await run.synced(CLAIMS)
        api.put(CLAIMS, "old", "shop")
        backup = api.put(CLAIMS, "kept", "shop")
        certain = api.put(CLAIMS, "after", "shop")
        await run.certain(CLAIMS, certain)
        api.rewind(backup)
        (await api.watched(CLAIMS)).end()
        await run.until(lambda: run.follower(CLAIMS).intake.counts.gaps)
        await run.state(CLAIMS, "following")
        new = api.put(CLAIMS, "new", "shop")
        await run.until(lambda: run.follower(CLAIMS).standing.certain == new)
    assert new == certain  # the same number, and another history
    assert [row[:2] for row in observations(run.trace, CLAIMS)[3:]] == [
        ("LISTED", "kept"),
        ("LISTED", "old"),
        ("VANISHED", "after"),
        ("ADDED", "new"),
    ]
    assert notes(run.trace, CLAIMS)[2:] == [
        ("rewound", certain, backup),
        ("gap", certain, backup),
        ("relisted", None, backup),
        ("closed", new, None),
    ]


async def test_another_cluster_under_the_same_address_is_noticed(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS) as api:
        api.put(CLAIMS, "a", "shop")
        async with recording(api, tmp_path / "t.trace") as run:
            await run.synced(CLAIMS)
        api.uid = "another"
        api.delete(CLAIMS, "a", "shop")
        api.put(CLAIMS, "a", "shop")
        async with recording(api, run.trace, resume=True) as run:
            await run.until(lambda: run.follower(CLAIMS).intake.counts.gaps)
            await run.state(CLAIMS, "following")
    assert [row[:2] for row in observations(run.trace, CLAIMS)] == [
        ("LISTED", "a"),
        ("LISTED", "a"),
        ("VANISHED", "a"),
    ]
    assert [what for what, *_ in notes(run.trace, CLAIMS, "rewound", "gap", "relisted")] == [
        "rewound",
        "gap",
        "relisted",
    ]
    assert "another cluster answers" in detail(run.trace, CLAIMS, "gap")


async def test_a_recorder_that_was_killed_goes_on_without_a_gap(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS, VOLUMES) as api:
        async with recording(api, tmp_path / "t.trace", crash=True) as run:
            await run.synced(CLAIMS)
            await run.certain(CLAIMS, api.put(CLAIMS, "a", "shop"))
            await run.until(lambda: len(observations(run.trace, CLAIMS)) == 1)  # durable
        api.put(CLAIMS, "a", "shop")
        last = api.delete(CLAIMS, "a", "shop")
        async with recording(api, run.trace, resume=True) as run:
            await run.certain(CLAIMS, last)
        sent = [(each.type, each.revision) for each in api.collections[CLAIMS].history]
    assert [(kind, revision) for kind, _, revision in observations(run.trace, CLAIMS)] == sent
    assert notes(run.trace, CLAIMS, "gap", "relisted") == []
    assert detail(run.trace, CLAIMS, "resumed") == "the recorder was started again"


async def test_a_recorder_that_was_away_too_long_writes_the_gap(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS) as api:
        async with recording(api, tmp_path / "t.trace") as run:
            await run.synced(CLAIMS)
            for name in ("gone", "stays", "changes"):
                certain = api.put(CLAIMS, name, "shop")
            await run.certain(CLAIMS, certain)
        api.put(CLAIMS, "changes", "shop")
        now = api.delete(CLAIMS, "gone", "shop")
        api.compact()
        async with recording(api, run.trace, resume=True) as run:
            await run.until(lambda: run.follower(CLAIMS).intake.counts.gaps)
            await run.certain(CLAIMS, now)
    assert [row[:2] for row in observations(run.trace, CLAIMS)[3:]] == [("LISTED", "changes"), ("VANISHED", "gone")]
    assert notes(run.trace, CLAIMS, "gap", "relisted") == [("gap", certain, now), ("relisted", None, now)]


async def test_killed_in_the_list_after_a_gap_it_lists_again_and_doubles_nothing(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS) as api:
        for number in range(20):
            api.put(CLAIMS, f"c{number:02d}", "shop")
        async with recording(api, tmp_path / "t.trace") as run:
            await run.synced(CLAIMS)
        for number in range(20):
            api.put(CLAIMS, f"c{number:02d}", "shop")
        api.compact()
        stuck = [True]
        api.answer(lambda request: web.Response(status=503) if stuck[0] and "continue" in request.query else None)
        pace = dataclasses.replace(FAST, page=8)
        async with recording(api, run.trace, resume=True, crash=True, pace=pace) as run:
            await run.until(lambda: len(observations(run.trace, CLAIMS)) == 28)
        stuck[0] = False
        async with recording(api, run.trace, resume=True, pace=pace) as run:
            await run.synced(CLAIMS)
    rows = observations(run.trace, CLAIMS)
    assert len(rows) == len(set(rows)) == 40
    assert [what for what, *_ in notes(run.trace, CLAIMS, "gap", "relisted")] == ["gap", "gap", "relisted"]


async def test_a_rewind_that_was_not_listed_to_its_end_is_not_forgotten(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS) as api:
        backup = api.put(CLAIMS, "a", "shop")
        async with recording(api, tmp_path / "t.trace") as run:
            await run.synced(CLAIMS)
            await run.certain(CLAIMS, api.put(CLAIMS, "a", "shop", status={"phase": "Bound"}))
        api.rewind(backup)
        stuck = [True]
        api.answer(
            lambda request: web.Response(status=503) if stuck[0] and request.query.get("limit") == "500" else None
        )
        async with recording(api, run.trace, resume=True, crash=True) as run:
            await run.until(lambda: notes(run.trace, CLAIMS, "rewound"))
        other = api.put(CLAIMS, "a", "shop", status={"phase": "Lost"})  # the same revision as the one we know
        stuck[0] = False
        async with recording(api, run.trace, resume=True) as run:
            await run.synced(CLAIMS)
    assert observations(run.trace, CLAIMS, "phase")[-1] == ("LISTED", "a", other, "Lost")


async def test_events_that_were_missed_are_a_gap_too(tmp_path: Path) -> None:
    async with FakeApi(EVENTS) as api:
        async with recording(api, tmp_path / "t.trace") as run:
            await run.synced(EVENTS)
            certain = api.put(EVENTS, "e1", "shop", reason="FailedMount")
            await run.certain(EVENTS, certain)
        api.delete(EVENTS, "e1", "shop")
        now = api.put(EVENTS, "e2", "shop", reason="FailedMount")
        api.compact()
        async with recording(api, run.trace, resume=True) as run:
            await run.certain(EVENTS, now)
    assert [row[:2] for row in observations(run.trace, EVENTS)] == [
        ("ADDED", "e1"),
        ("LISTED", "e2"),
        ("VANISHED", "e1"),
    ]
    assert notes(run.trace, EVENTS, "gap") == [("gap", certain, now)]


async def test_a_kind_that_is_forbidden_is_said_once_and_followed_once_it_is_allowed(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS, VOLUMES) as api:
        api.refuse(403, VOLUMES, times=5)
        async with recording(api, tmp_path / "t.trace") as run:
            await run.synced(CLAIMS)
            await run.synced(VOLUMES)
            await run.certain(VOLUMES, api.put(VOLUMES, "pv"))
            assert dict(run.recorder.warnings()) == {}
    assert [what for what, *_ in notes(run.trace, VOLUMES)] == ["opened", "forbidden", "synced", "closed"]
    assert "`volreel rbac` prints the rule" in detail(run.trace, VOLUMES, "forbidden")


async def test_permission_that_is_taken_away_and_given_back_loses_nothing(tmp_path: Path) -> None:
    async with FakeApi(VOLUMES) as api, recording(api, tmp_path / "t.trace") as run:
        await run.synced(VOLUMES)
        first = api.put(VOLUMES, "pv")
        await run.certain(VOLUMES, first)
        api.refuse(403, VOLUMES, times=3)
        (await api.watched(VOLUMES)).end()
        await run.state(VOLUMES, "forbidden")
        await run.certain(VOLUMES, api.put(VOLUMES, "pv"))
    assert [row[0] for row in observations(run.trace, VOLUMES)] == ["ADDED", "MODIFIED"]
    assert notes(run.trace, VOLUMES)[2:4] == [("forbidden", first, None), ("resumed", first, first)]
