"""A watch ends in many ways; each is taken up again where it was, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web
from fake_api import CLAIMS, EVENTS, VOLUMES, FakeApi, OpenWatch, error_line
from recording_run import FAST, Run, detail, notes, observations, recording

HALF_A_LINE = b'{"type":"MODIFIED","object":{"kind":"PersistentVolumeClaim","metadata":{"name":"a"'


def history(api: FakeApi, path: str) -> list[tuple[str, int]]:
    """What the server sent to its watchers, all in all."""
    return [(each.type, each.revision) for each in api.collections[path].history]


def recorded(trace: Path, path: str) -> list[tuple[str, int]]:
    return [(kind, revision) for kind, _, revision in observations(trace, path)]


async def interrupted(api: FakeApi, run: Run, interrupt: Callable[[OpenWatch], None]) -> None:
    """Some changes, then the interruption, then some more that the next watch must bring."""
    await run.synced(CLAIMS)
    await run.certain(CLAIMS, api.put(CLAIMS, "a", "shop"))
    watch = await api.watched(CLAIMS)
    interrupt(watch)
    await run.until(lambda: watch not in api.watches)
    api.put(CLAIMS, "a", "shop")
    await run.certain(CLAIMS, api.put(CLAIMS, "b", "shop"))


@pytest.mark.parametrize(
    ("interrupt", "why"),
    [
        (lambda watch: watch.end(), "the server ended the watch"),
        (lambda watch: watch.reset(), "the connection was reset"),
        (lambda watch: (watch.send(HALF_A_LINE), watch.reset()), "the connection was reset"),
        (lambda watch: (watch.send(HALF_A_LINE), watch.end()), "the server ended the watch"),
    ],
    ids=["ended", "reset", "reset in a line", "ended in a line"],
)
async def test_a_watch_that_ends_goes_on_where_it_was(
    tmp_path: Path, interrupt: Callable[[OpenWatch], None], why: str
) -> None:
    async with FakeApi(CLAIMS) as api, recording(api, tmp_path / "t.trace") as run:
        await interrupted(api, run, interrupt)
    first = history(api, CLAIMS)[0][1]
    assert recorded(run.trace, CLAIMS) == history(api, CLAIMS)
    assert notes(run.trace, CLAIMS, "resumed", "gap") == [("resumed", first, first)]
    assert detail(run.trace, CLAIMS, "resumed") == why


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"this is no JSON\n", "JSON is malformed"),
        (b'["nor", "this"]\n', "Expected `object`"),
        (b'{"type":"SURPRISE","object":{}}\n', "unknown type 'SURPRISE'"),
        (error_line(500, "etcdserver: leader changed"), "HTTP 500: etcdserver: leader changed"),
        (b'{"type":"ERROR","object":17}\n', "Expected `object`"),
        (b'{"type":"ERROR","object":{"code":"x"}}\n', "cannot be read"),
    ],
)
async def test_what_cannot_be_read_is_said_and_read_again(tmp_path: Path, line: bytes, said: str) -> None:
    async with FakeApi(CLAIMS) as api, recording(api, tmp_path / "t.trace") as run:
        await interrupted(api, run, lambda watch: watch.send(line))
    assert recorded(run.trace, CLAIMS) == history(api, CLAIMS)
    assert notes(run.trace, CLAIMS, "gap") == []
    words = [row for row in ("failed", "resumed") if notes(run.trace, CLAIMS, row)]
    assert any(said in detail(run.trace, CLAIMS, what) for what in words)


@pytest.mark.parametrize("status", [500, 503, 504])
async def test_server_errors_are_waited_out(tmp_path: Path, status: int) -> None:
    async with FakeApi(CLAIMS) as api, recording(api, tmp_path / "t.trace") as run:
        await run.synced(CLAIMS)
        api.refuse(status, CLAIMS, times=3)
        await interrupted(api, run, lambda watch: watch.end())
        assert dict(run.recorder.warnings()) == {}
    assert recorded(run.trace, CLAIMS) == history(api, CLAIMS)
    assert len(notes(run.trace, CLAIMS, "failed")) == 1  # said once, not with each try
    assert detail(run.trace, CLAIMS, "failed") == f"HTTP {status}: scripted {status}"


async def test_a_busy_server_is_given_the_time_that_it_asks_for(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS) as api, recording(api, tmp_path / "t.trace") as run:
        await run.synced(CLAIMS)
        api.refuse(429, CLAIMS, headers={"Retry-After": "0.4"})
        watch = await api.watched(CLAIMS)
        before = len(api.requests)
        watch.end()
        await run.until(lambda: any(seen.is_watch for seen in api.requests[before:]))
        asked = [seen.at for seen in api.requests[before:] if seen.path == CLAIMS]
    assert asked[1] - asked[0] >= 0.4


async def test_a_silent_connection_is_replaced(tmp_path: Path) -> None:
    pace = dataclasses.replace(FAST, silence_s=0.3)
    async with FakeApi(CLAIMS) as api, recording(api, tmp_path / "t.trace", pace=pace) as run:
        await run.synced(CLAIMS)
        half_open = await api.watched(CLAIMS)
        half_open.path = "nowhere"  # it hears of nothing any more
        await run.certain(CLAIMS, api.put(CLAIMS, "a", "shop"))
    assert recorded(run.trace, CLAIMS) == history(api, CLAIMS)
    assert detail(run.trace, CLAIMS, "resumed") == "no byte for 0 s"


async def test_a_server_that_accepts_and_says_nothing_at_all_is_given_up(tmp_path: Path) -> None:
    pace = dataclasses.replace(FAST, silence_s=0.2)
    async with FakeApi(CLAIMS) as api, recording(api, tmp_path / "t.trace", pace=pace) as run:
        await run.synced(CLAIMS)
        deaf = [True]

        async def hang(request: web.Request) -> None:
            if deaf[0] and request.query.get("watch"):
                deaf[0] = False
                await asyncio.Event().wait()

        api.answer(hang)
        await interrupted(api, run, lambda watch: watch.end())
    assert recorded(run.trace, CLAIMS) == history(api, CLAIMS)


async def test_a_server_that_ends_every_watch_at_once_is_not_hammered(tmp_path: Path) -> None:
    pace = dataclasses.replace(FAST, backoff_s=0.05, longest_backoff_s=10.0, settled_s=5.0)
    async with FakeApi(CLAIMS) as api, recording(api, tmp_path / "t.trace", pace=pace) as run:
        await run.synced(CLAIMS)

        async def end_at_once(request: web.Request) -> web.Response | None:
            return web.Response() if request.query.get("watch") else None

        api.answer(end_at_once)
        began = time.monotonic()
        (await api.watched(CLAIMS)).end()
        asked = await api.seen(lambda seen: seen.is_watch and seen.at > began, 5)
    waits = [later.at - sooner.at for sooner, later in itertools.pairwise(asked)]
    assert waits[-1] >= 0.4  # 50 ms doubled three times, and half of it is jitter
    assert sum(waits) >= 0.7


def expire(api: FakeApi) -> None:
    """From now on only the new token is good; open watches end, as when a proxy is restarted."""
    api.token = "new"
    for watch in api.watches:
        watch.end()


async def test_an_expired_token_is_read_again_from_its_file(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old\n")
    async with FakeApi(CLAIMS, VOLUMES) as api:
        api.token = "old"
        kubeconfig = api.kubeconfig(tmp_path, user={"tokenFile": str(token)})
        async with recording(api, tmp_path / "t.trace", kubeconfig=kubeconfig) as run:
            await run.synced(CLAIMS)
            await run.synced(VOLUMES)
            token.write_text("new\n")
            expire(api)
            await run.certain(CLAIMS, api.put(CLAIMS, "a", "shop"))
            await run.certain(VOLUMES, api.put(VOLUMES, "pv"))
        assert {seen.token for seen in api.requests} == {"old", "new"}
    assert recorded(run.trace, CLAIMS) == history(api, CLAIMS)
    assert notes(run.trace, CLAIMS, "failed", "gap") == []


async def test_a_credential_plugin_is_run_again(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    plugin = exec_plugin(tmp_path, f"echo run >> {runs}; token=old; [ $(wc -l < {runs}) -gt 1 ] && token=new")
    async with FakeApi(CLAIMS) as api:
        api.token = "old"
        kubeconfig = api.kubeconfig(tmp_path, user=plugin)
        async with recording(api, tmp_path / "t.trace", kubeconfig=kubeconfig) as run:
            await run.synced(CLAIMS)
            expire(api)
            await run.certain(CLAIMS, api.put(CLAIMS, "a", "shop"))
    assert runs.read_text().count("run") == 2
    assert recorded(run.trace, CLAIMS) == history(api, CLAIMS)


async def test_credentials_that_stay_refused_are_a_warning_until_they_work(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    async with FakeApi(CLAIMS) as api:
        api.token = "old"
        kubeconfig = api.kubeconfig(tmp_path, user={"tokenFile": str(token)})
        async with recording(api, tmp_path / "t.trace", kubeconfig=kubeconfig) as run:
            await run.synced(CLAIMS)
            expire(api)
            await run.state(CLAIMS, "failed")
            assert "401" in dict(run.recorder.warnings())["v1/persistentvolumeclaims"]
            token.write_text("new")
            await run.certain(CLAIMS, api.put(CLAIMS, "a", "shop"))
            assert dict(run.recorder.warnings()) == {}
    assert recorded(run.trace, CLAIMS) == history(api, CLAIMS)


async def test_renewed_credentials_do_not_cut_the_watches_that_work(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    async with FakeApi(CLAIMS, VOLUMES) as api:
        api.token = "old"
        kubeconfig = api.kubeconfig(tmp_path, user={"tokenFile": str(token)})
        async with recording(api, tmp_path / "t.trace", kubeconfig=kubeconfig) as run:
            await run.synced(CLAIMS)
            await run.synced(VOLUMES)
            kept = await api.watched(VOLUMES)
            token.write_text("new")
            api.token = "new"
            (await api.watched(CLAIMS)).end()
            await run.certain(CLAIMS, api.put(CLAIMS, "a", "shop"))
            assert kept in api.watches
            await run.certain(VOLUMES, api.put(VOLUMES, "pv"))
    assert notes(run.trace, VOLUMES, "resumed") == []


async def test_quiet_events_survive_a_server_that_forgets_everything(tmp_path: Path) -> None:
    pace = dataclasses.replace(FAST, silence_s=2.0)  # so the server is asked to end the watch after one second
    async with FakeApi(EVENTS, CLAIMS) as api:
        kubeconfig = api.kubeconfig(tmp_path)
        async with recording(api, tmp_path / "t.trace", pace=pace, kubeconfig=kubeconfig) as run:
            await run.synced(EVENTS)
            for number in range(4):
                opened = await api.seen(lambda seen: seen.path == EVENTS and seen.is_watch, number + 1)
                # Others write, and the server forgets all that was before this watch was opened: 5 minutes in a second.
                api.put(CLAIMS, "busy", "shop")
                api.compacted = int(opened[-1].query.get("resourceVersion", api.revision - 1))
            await run.certain(EVENTS, api.put(EVENTS, "e1", "shop", reason="FailedMount"))
        asked = [seen for seen in api.requests if seen.path == EVENTS and seen.is_watch]
        assert all(seen.query["timeoutSeconds"] == "1" for seen in asked)
    assert notes(run.trace, EVENTS, "gap", "failed") == []
    assert len(notes(run.trace, EVENTS, "bookmark")) >= 2
    assert [row[1] for row in observations(run.trace, EVENTS)] == ["e1"]


async def test_a_watch_that_is_cut_short_proves_nothing(tmp_path: Path) -> None:
    async with FakeApi(EVENTS, CLAIMS) as api, recording(api, tmp_path / "t.trace") as run:
        await run.synced(EVENTS)
        api.put(CLAIMS, "busy", "shop")
        for count in range(2, 5):
            (await api.watched(EVENTS)).end()
            await api.seen(lambda seen: seen.path == EVENTS and seen.is_watch, count)
    assert notes(run.trace, EVENTS, "bookmark") == []


def exec_plugin(folder: Path, script: str) -> dict[str, object]:
    """A kubeconfig user whose token comes from a script that sets `token`."""
    path = folder / "plugin.sh"
    answer = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}'
    path.write_text(f"#!/bin/sh\n{script}\nprintf '{answer}' \"$token\"\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    api_version = "client.authentication.k8s.io/v1"
    return {"exec": {"apiVersion": api_version, "command": str(path), "interactiveMode": "Never"}}
