"""`volreel record` as a process: how it ends, what it shows, what it never imports."""

from __future__ import annotations

import asyncio
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest
import yaml
from certificates import self_made_certificate
from fake_api import CLAIMS, VOLUMES, FakeApi, status_answer
from kubernetes.aio.config import incluster_config
from recording_run import FAST, Run, notes, observations
from volreel_process import ended, on_terminal, run, start

from tracer.kinds import KINDS
from tracer.recorder import Recorder, Recording
from tracer.trace import open_trace


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_well(tmp_path: Path, how: signal.Signals) -> None:
    trace = tmp_path / "t.trace"
    async with FakeApi(CLAIMS) as api:
        api.put(CLAIMS, "a", "shop")
        process = await start("record", "--kubeconfig", api.kubeconfig(tmp_path), "-o", str(trace), home=tmp_path)
        await api.watched(CLAIMS, within_s=30)
        assert process.stderr is not None
        said = await process.stderr.readline()
        process.send_signal(how)
        answer = await ended(process)
    assert answer.code == 0
    assert answer.out == ""
    assert said.decode() == f"Recording {api.url} into {trace}. Ctrl-C ends it well.\n"
    assert answer.err.splitlines()[-1] == f"Next:  volreel info {trace}"
    opened = open_trace(trace)
    assert opened.manifest.is_ended
    assert opened.journals == []
    assert notes(trace, CLAIMS)[-1][0] == "closed"
    assert (await run("check", str(trace), home=tmp_path)).code == 0


async def test_a_second_signal_leaves_at_once(tmp_path: Path) -> None:
    trace = tmp_path / "t.trace"
    async with FakeApi(CLAIMS) as api:
        process = await start("record", "--kubeconfig", api.kubeconfig(tmp_path), "-o", str(trace), home=tmp_path)
        await api.watched(CLAIMS, within_s=30)
        assert process.stderr is not None
        await process.stderr.readline()
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, 0))  # no file may grow any more
        api.put(CLAIMS, "a", "shop")
        said = await process.stderr.readline()
        assert said.startswith(b"! disk: ")
        assert b"File too large; recording pauses until it can be written" in said
        process.send_signal(signal.SIGTERM)
        assert b"Ctrl-C again leaves it as it is." in await process.stderr.readline()
        process.send_signal(signal.SIGINT)
        answer = await ended(process)
    assert answer.code == 130
    assert open_trace(trace).faults == []


async def test_a_signal_before_it_began_leaves_no_trace(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def hang(_: object) -> None:
        asked.set()
        await asyncio.Event().wait()

    async with FakeApi(CLAIMS) as api:
        api.answer(hang)
        kubeconfig = api.kubeconfig(tmp_path)
        process = await start("record", "--kubeconfig", kubeconfig, "-o", str(tmp_path / "t.trace"), home=tmp_path)
        await asked.wait()
        process.send_signal(signal.SIGINT)
        answer = await ended(process)
    assert answer.code == 130
    assert not (tmp_path / "t.trace").exists()


async def test_a_duration_ends_it_and_troubles_are_said(tmp_path: Path) -> None:
    trace = tmp_path / "t.trace"
    async with FakeApi(CLAIMS, VOLUMES) as api:
        api.answer(lambda request: status_answer(403, "\x1b[31mno\x07") if request.path == VOLUMES else None)
        kubeconfig = api.kubeconfig(tmp_path)
        answer = await run(
            "record", "--kubeconfig", kubeconfig, "-o", str(trace), "--duration", "1500ms", home=tmp_path
        )
    assert answer.code == 0
    troubles = [line for line in answer.err.splitlines() if line.startswith("!")]
    assert troubles == [
        "! v1/persistentvolumes: persistentvolumes: get, list and watch are needed (`volreel rbac` prints the rule). "
        "\\x1b[31mno\\x07"
    ]
    assert re.search(r"t\.trace: .* 0 objects, 0 observations, 0 gaps, .* on disk", answer.err)


async def test_killed_for_real_it_goes_on(tmp_path: Path) -> None:
    trace = tmp_path / "t.trace"
    async with FakeApi(CLAIMS) as api:
        record = ("record", "--kubeconfig", api.kubeconfig(tmp_path), "-o", str(trace), "--resume")
        for _ in range(3):
            process = await start(*record, home=tmp_path)
            before = len(api.requests)
            await api.seen(lambda seen, since=before: seen.is_watch and api.requests.index(seen) >= since, 1, 30)
            api.put(CLAIMS, f"at-{before}", "shop")
            process.kill()
            await ended(process)
        answer = await run(*record, "--duration", "500ms", home=tmp_path)
    assert answer.code == 0
    assert len(observations(trace, CLAIMS)) == len(set(observations(trace, CLAIMS))) == 3
    assert notes(trace, CLAIMS, "gap") == []


async def test_the_status_fits_a_terminal_of_80_columns(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS, VOLUMES) as api:
        api.answer(lambda request: status_answer(403, "\x1b[2Jno") if request.path == VOLUMES else None)
        api.put(CLAIMS, "a", "shop")
        screen = await asyncio.to_thread(
            on_terminal,
            ["record", "--kubeconfig", api.kubeconfig(tmp_path), "-o", str(tmp_path / "t.trace"), "--duration", "1s"],
            tmp_path,
        )
    assert "\x1b[2Jno" not in screen
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen).replace("\r", "").splitlines()
    [header] = [line for line in lines if line.startswith("kind")][:1]
    assert header.split() == ["kind", "objects", "observed", "per", "s", "lag", "≤", "gaps"]
    assert any(re.match(r"persistentvolumeclaims +1 +1 +\d+ +.*s +0", line) for line in lines), lines
    assert any("forbidden" in line for line in lines)
    assert any("\\x1b[2Jno" in line for line in lines)
    assert all(len(line) <= 80 for line in lines if line.startswith(("kind", "persistent", "!")))


async def test_the_permissions_are_exactly_what_is_watched(tmp_path: Path) -> None:
    answer = await run("rbac", "--name", "recorder", "--namespace", "tools", home=tmp_path)
    documents = {each["kind"]: each for each in yaml.safe_load_all(answer.out)}
    assert list(documents) == ["Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding"]
    rules = documents["ClusterRole"]["rules"]
    granted = {
        (group, each): set(rule["verbs"]) for rule in rules for group in rule["apiGroups"] for each in rule["resources"]
    }
    uid, logs = granted.pop(("", "namespaces")), granted.pop(("", "pods/log"))
    assert uid == logs == {"get"}
    assert [rule.get("resourceNames") for rule in rules if "namespaces" in rule["resources"]] == [["kube-system"]]
    assert granted == {(kind.group, kind.plural): {"get", "list", "watch"} for kind in KINDS}
    assert documents["ClusterRoleBinding"]["subjects"] == [
        {"kind": "ServiceAccount", "name": "recorder", "namespace": "tools"}
    ]
    assert documents["ClusterRoleBinding"]["roleRef"]["name"] == documents["ClusterRole"]["metadata"]["name"]


@pytest.mark.parametrize("option", ["--name", "--namespace"])
async def test_names_that_would_break_the_manifest_are_refused(tmp_path: Path, option: str) -> None:
    answer = await run("rbac", option, "x\nkind: Secret", home=tmp_path)
    assert answer.code == 2
    assert answer.out == ""


def test_recording_imports_no_analysis_and_no_screen() -> None:
    code = "import sys, tracer.recording; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert not {"duckdb", "polars", "textual"} & set(loaded)


async def test_rbac_grants_the_kubelets_api_only_when_asked(tmp_path: Path) -> None:
    plain, more = await run("rbac", home=tmp_path), await run("rbac", "--kubelet-logs", home=tmp_path)
    assert "nodes/proxy" not in plain.out
    (role,) = [each for each in yaml.safe_load_all(more.out) if each["kind"] == "ClusterRole"]
    assert {"apiGroups": [""], "resources": ["nodes/proxy"], "verbs": ["get"]} in role["rules"]
    assert len(more.out.splitlines()) == len(plain.out.splitlines()) + 5


@pytest.mark.skipif(which("openssl") is None, reason="openssl makes the certificate")
async def test_in_a_pod_it_uses_the_service_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeApi(CLAIMS, ssl_context=self_made_certificate(tmp_path)) as api:
        token = tmp_path / "token"
        token.write_text("old")
        api.token = "old"
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.delenv("KUBECONFIG", raising=False)
        monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
        monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "cert.pem"))
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(api.port))
        recorder = Recorder(Recording(out=tmp_path / "t.trace"), FAST)
        await recorder.start()
        recording = Run(recorder)
        await recording.synced(CLAIMS)
        token.write_text("new")  # the kubelet rotates it
        api.token = "new"
        (await api.watched(CLAIMS)).end()
        await recording.certain(CLAIMS, api.put(CLAIMS, "a", "shop"))
        await recorder.stop()
    assert [row[:2] for row in observations(tmp_path / "t.trace", CLAIMS)] == [("ADDED", "a")]
