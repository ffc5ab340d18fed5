"""`volreel serve` as a process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from served import FIRST

COMMAND = [sys.executable, "-m", "volreel", "serve"]


def start(*arguments: str) -> tuple[subprocess.Popen[str], Path]:
    """A served trace, and the kubeconfig that it names."""
    process = subprocess.Popen([*COMMAND, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("export KUBECONFIG="), process.communicate()
    return process, Path(line.strip().removeprefix("export KUBECONFIG="))


def test_it_serves_until_it_is_interrupted_and_leaves_nothing_behind():
    process, kubeconfig = start(str(FIRST), "--at", "+20s")
    url = json.loads(kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
    with urllib.request.urlopen(f"{url}/version") as answer:
        assert json.load(answer)["gitVersion"]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    assert "stands still at 2026-11-23T07:09:22.000000Z" in err
    assert "kubectl get pvc,pv,volumeattachments -A -o wide" in err
    assert not kubeconfig.exists()


def test_a_kubeconfig_that_was_asked_for_stays(tmp_path):
    process, kubeconfig = start(str(FIRST), "--kubeconfig-out", str(tmp_path / "config"))
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert kubeconfig == tmp_path / "config"
    assert kubeconfig.stat().st_mode & 0o777 == 0o600


def refused(*arguments: str) -> str:
    done = subprocess.run([*COMMAND, *arguments], check=False, text=True, capture_output=True, timeout=20)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_a_mistake_is_one_line_that_says_what_to_do(tmp_path):
    assert "is not a trace" in refused(str(tmp_path))
    assert "lies outside the trace" in refused(str(FIRST), "--at", "+9h")
    assert "is no speed" in refused(str(FIRST), "--speed", "fast")


def test_a_port_that_is_taken_is_named():
    process, kubeconfig = start(str(FIRST))
    try:
        port = json.loads(kubeconfig.read_text())["clusters"][0]["cluster"]["server"].rsplit(":", 1)[1]
        assert "cannot be taken" in refused(str(FIRST), "--port", port)
    finally:
        process.terminate()
        process.communicate(timeout=20)
