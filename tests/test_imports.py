"""Who imports what: by contract, and at run time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"duckdb", "polars", "textual"}


def modules_after(statements: str) -> set[str]:
    """The top-level modules in memory after these statements, in an interpreter of its own."""
    code = (
        f"import sys\ntry:\n    {statements}\nexcept SystemExit: pass\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in run.stderr.splitlines()}


@pytest.mark.parametrize("module", ["tracer.cli", "analysis.cli", "tui.cli"])
def test_the_commands_of_a_package_import_nothing_heavy(module):
    loaded = modules_after(f"import {module}")
    assert not loaded & (HEAVY | {"kubernetes", "aiohttp", "pyarrow"})


@pytest.mark.parametrize("command", ["--help", "record --help", "serve --help", "info --help", "info nothing.trace"])
def test_the_front_door_opens_no_analysis_engine_and_no_screen(command):
    loaded = modules_after(f"sys.argv[1:] = {command.split()}; import volreel; volreel.main()")
    assert not loaded & HEAVY


def test_recording_needs_no_analysis_engine_and_no_screen():
    loaded = modules_after("import tracer.recorder, tracer.recording, tracer.trace.writer")
    assert not loaded & HEAVY


def test_analysis_needs_no_cluster_and_no_screen():
    loaded = modules_after("import analysis.trace, analysis.history, analysis.report")
    assert not loaded & {"kubernetes", "aiohttp", "textual"}


def test_the_screen_needs_no_cluster():
    assert not modules_after("import tui.app") & {"kubernetes", "aiohttp"}


def test_the_version_is_told_without_importing_a_command():
    loaded = modules_after("sys.argv[1:] = ['--version']; import volreel; volreel.main()")
    assert not loaded & (HEAVY | {"typer", "pyarrow", "kubernetes"})


def test_the_import_contracts_hold():
    linter = Path(sys.executable).with_name("lint-imports")
    if not linter.exists():
        pytest.skip("import-linter is not installed")
    run = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
