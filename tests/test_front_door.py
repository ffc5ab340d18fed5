"""The program as a shell starts it: one line for each error, and an exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small_trace import SmallTrace, claim

from tracer import __version__
from tracer.errors import ExitCode

VOLREEL = [sys.executable, "-m", "volreel"]


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [*VOLREEL, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=False)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    small = SmallTrace(tmp_path / "small.trace").note(0, "synced")
    for number in range(50):
        small.observe(number, "ADDED", claim(f"claim-{number}"))
    return small.ended()


def test_the_version():
    told = run("--version")
    assert (told.returncode, told.stdout) == (0, f"volreel {__version__}\n")


def test_help_lists_the_commands_of_all_three_packages():
    words = run("--help").stdout
    assert all(f"\n  {command} " in words for command in ("record", "sql", "replay"))


def test_an_answer_ends_well(trace):
    told = run("sql", trace, "select count(*) as n from objects", "--csv")
    assert (told.returncode, told.stdout, told.stderr) == (ExitCode.OK, "n\n50\n", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sql", "{trace}/objects", "select 1"], "is not a trace"),
        (["sql", "{trace}", "selec"], "the query failed"),
        (["sql", "{trace}", 'from "\x1b[2J"'], r"\x1b"),
        (["replay", "{trace}", "--at", "noon"], "'noon' is no time"),
        (["replay", "/nowhere"], "is not a trace"),
    ],
)
def test_a_mistake_is_one_line(trace, arguments, words):
    told = run(*(each.format(trace=trace) for each in arguments))
    assert told.returncode == ExitCode.USAGE
    assert told.stdout == ""
    assert told.stderr.startswith("volreel: ")
    assert told.stderr.count("\n") == 1
    assert words in told.stderr


def test_an_unknown_command_is_wrong_use():
    assert run("fly").returncode == ExitCode.USAGE


BUG = "import sys, volreel; sys.modules['analysis.trace'] = None; sys.argv[1:] = ['sql', 'x', 'y']; volreel.main()"


def test_a_bug_is_one_line_that_asks_for_a_report():
    told = subprocess.run([sys.executable, "-c", BUG], capture_output=True, text=True, check=False)
    assert told.returncode == ExitCode.BUG
    assert told.stderr.count("\n") == 1
    assert "VOLREEL_DEBUG=1" in told.stderr


def test_a_bug_shows_its_traceback_on_request():
    environment = {**os.environ, "VOLREEL_DEBUG": "1"}
    told = subprocess.run([sys.executable, "-c", BUG], capture_output=True, text=True, env=environment, check=False)
    assert "Traceback" in told.stderr


@pytest.mark.parametrize("rows", [10, 100_000])
def test_a_reader_that_has_enough_ends_it_without_a_word(trace, rows):
    query = f"select range, repeat('x', 40) as text from range({rows})"
    process = subprocess.Popen(
        [*VOLREEL, "sql", trace, query, "--csv"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stderr
    process.stdout.close()
    assert process.wait() == ExitCode.PIPE_CLOSED
    assert process.stderr.read() == ""
    process.stderr.close()


def test_ctrl_c_ends_a_query(trace):
    endless = "select count(*) from range(100000000) as a, range(100000) as b where a.range % 7 = b.range % 11"
    process = subprocess.Popen([*VOLREEL, "sql", trace, endless], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        wait_until_busy(process.pid)
        process.send_signal(signal.SIGINT)
        _, words = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, words) == (ExitCode.INTERRUPTED, b"")


def wait_until_busy(pid: int) -> None:
    """Return when a process has used more CPU time than its start needs: its query runs."""
    ticks = os.sysconf("SC_CLK_TCK")
    while True:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        if (int(fields[11]) + int(fields[12])) / ticks > 4:
            return
        os.sched_yield()
