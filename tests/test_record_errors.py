"""What can go wrong before a recording begins: one line that says what and what to do, and an exit code."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from shutil import which

import pytest
from aiohttp import web
from certificates import self_made_certificate
from fake_api import CLAIMS, FakeApi, status_answer, write_kubeconfig
from volreel_process import Ended, run

from tracer.trace.writer import TraceWriter


async def refused(folder: Path, kubeconfig: str | None, *more: str, resume: bool = False) -> Ended:
    """`volreel record`, which must fail at once."""
    given = ["--kubeconfig", kubeconfig] if kubeconfig else []
    how = ["--resume"] if resume else []
    answer = await run("record", *given, "-o", str(folder / "t.trace"), *how, *more, home=folder)
    assert answer.out == ""
    assert answer.line.startswith("volreel: ")
    return answer


async def test_no_kubeconfig(tmp_path: Path) -> None:
    answer = await refused(tmp_path, None)
    assert answer.code == 2
    assert "There is no kubeconfig at ~/.kube/config. Name one with --kubeconfig" in answer.line


async def test_a_context_that_is_not_there(tmp_path: Path) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "k", "http://127.0.0.1:1")
    answer = await refused(tmp_path, kubeconfig, "--context", "prod")
    assert answer.code == 2
    assert f"context prod of {kubeconfig} cannot be used" in answer.line
    assert "`kubectl config get-contexts`" in answer.line


@pytest.mark.parametrize("content", ["", "{", "[]", "just words", '{"contexts": 3}'])
async def test_a_file_that_is_no_kubeconfig(tmp_path: Path, content: str) -> None:
    kubeconfig = tmp_path / "k"
    kubeconfig.write_text(content)
    answer = await refused(tmp_path, str(kubeconfig))
    assert answer.code == 2
    assert f"{kubeconfig} cannot be used" in answer.line


async def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = f"http://127.0.0.1:{taken.getsockname()[1]}"
        answer = await refused(tmp_path, write_kubeconfig(tmp_path / "k", server))
    assert answer.code == 3
    assert f"{server} cannot be reached" in answer.line
    assert "connection refused" in answer.line


async def test_a_name_that_nobody_knows(tmp_path: Path) -> None:
    answer = await refused(tmp_path, write_kubeconfig(tmp_path / "k", "https://cluster.invalid:6443"))
    assert answer.code == 3
    assert "https://cluster.invalid:6443 cannot be reached: cluster.invalid: " in answer.line


async def test_a_token_that_has_expired(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS) as api:
        api.token = "new"
        answer = await refused(tmp_path, api.kubeconfig(tmp_path, user={"token": "old"}))
        assert answer.code == 3
        assert f"{api.url} does not accept the credentials (401)" in answer.line
        assert "Log in again" in answer.line


async def test_permission_for_nothing_at_all(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS) as api:
        api.answer(lambda request: None if request.path == "/version" else status_answer(403, "user x cannot list"))
        answer = await refused(tmp_path, api.kubeconfig(tmp_path))
    assert answer.code == 3
    assert "(403): user x cannot list. `volreel rbac` prints what is needed." in answer.line


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (web.Response(text="<html>It works!</html>"), "no JSON"),
        (web.Response(status=404, text="<html>Not found</html>"), "answered HTTP 404"),
        (web.json_response({"hello": "world"}), "is no Kubernetes API server"),
        (web.json_response(["hello"]), "is no Kubernetes API server"),
        (web.Response(status=503, text="no backend"), "is not well (HTTP 503): no backend. Try again later."),
    ],
)
async def test_something_that_is_no_api_server(tmp_path: Path, said: web.Response, expected: str) -> None:
    async with FakeApi(CLAIMS) as api:
        api.answer(lambda _: said)
        answer = await refused(tmp_path, api.kubeconfig(tmp_path))
    assert answer.code == 3
    assert expected in answer.line


async def test_words_of_a_server_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS) as api:
        api.answer(lambda _: status_answer(403, "\x1b[2Jno\r\n[red]way[/red]\u202e"))
        answer = await refused(tmp_path, api.kubeconfig(tmp_path))
    assert "\\x1b[2Jno [red]way[/red]\\u202e" in answer.line


@pytest.mark.skipif(which("openssl") is None, reason="openssl makes the certificate")
async def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS, ssl_context=self_made_certificate(tmp_path)) as api:
        answer = await refused(tmp_path, api.kubeconfig(tmp_path))
        trusted = api.kubeconfig(tmp_path, cluster={"certificate-authority": str(tmp_path / "cert.pem")})
        well = await run("record", "--kubeconfig", trusted, "--duration", "1ms", home=tmp_path)
    assert answer.code == 3
    assert "the server's certificate is not trusted" in answer.line
    assert well.code == 0, well.err


@pytest.mark.parametrize(
    ("script", "said"),
    [("echo no ticket >&2; exit 7", "no ticket"), ("echo '{}'", "missing key"), ("echo words", "failed to decode")],
)
async def test_a_credential_plugin_that_fails(tmp_path: Path, script: str, said: str) -> None:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script]}
    answer = await refused(tmp_path, write_kubeconfig(tmp_path / "k", "http://127.0.0.1:1", user={"exec": plugin}))
    assert answer.code == 3
    assert "The credentials in" in answer.line
    assert said in answer.line


async def test_a_trace_that_exists(tmp_path: Path) -> None:
    TraceWriter.create(tmp_path / "t.trace", "test").close()
    async with FakeApi(CLAIMS) as api:
        answer = await refused(tmp_path, api.kubeconfig(tmp_path))
    assert answer.code == 2
    assert "exists already. Choose another name with -o, or go on recording into it with --resume." in answer.line


async def test_a_trace_that_another_recorder_writes(tmp_path: Path) -> None:
    writer = TraceWriter.create(tmp_path / "t.trace", "test")
    async with FakeApi(CLAIMS) as api:
        answer = await refused(tmp_path, api.kubeconfig(tmp_path), resume=True)
    writer.close()
    assert answer.code == 2
    assert "is being recorded by process" in answer.line


async def test_a_folder_that_is_no_trace(tmp_path: Path) -> None:
    (tmp_path / "t.trace").mkdir()
    (tmp_path / "t.trace" / "letters.txt").write_text("not yours")
    async with FakeApi(CLAIMS) as api:
        answer = await refused(tmp_path, api.kubeconfig(tmp_path), resume=True)
    assert answer.code == 2
    assert "is not a trace" in answer.line


async def test_a_trace_of_a_later_format(tmp_path: Path) -> None:
    TraceWriter.create(tmp_path / "t.trace", "test").close()
    manifest = tmp_path / "t.trace" / "trace.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": 99}))
    async with FakeApi(CLAIMS) as api:
        answer = await refused(tmp_path, api.kubeconfig(tmp_path), resume=True)
    assert answer.code == 2
    assert "has trace format 99" in answer.line
    assert "Use a newer volreel." in answer.line


async def test_a_trace_of_another_cluster(tmp_path: Path) -> None:
    async with FakeApi(CLAIMS) as first, FakeApi(CLAIMS) as second:
        second.uid = "uid-of-another"
        for_first = ("record", "--kubeconfig", first.kubeconfig(tmp_path), "-o", str(tmp_path / "t.trace"))
        assert (await run(*for_first, "--duration", "1ms", home=tmp_path)).code == 0
        answer = await refused(tmp_path, second.kubeconfig(tmp_path), resume=True)
    assert answer.code == 2
    assert "holds cluster uid-of-kube-system" in answer.line


@pytest.mark.parametrize("option", [("--duration", "soon"), ("--max-size", "big"), ("--keep", "5 parrots")])
async def test_options_that_make_no_sense(tmp_path: Path, option: tuple[str, str]) -> None:
    answer = await refused(tmp_path, None, *option)
    assert answer.code == 2
    assert repr(option[1]) in answer.line
