from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial

import pytest

# No test writes to the cache folder of who runs it, and most traces are opened only once: nothing is kept.
os.environ["XDG_CACHE_HOME"] = os.devnull

_KEPT = "VOLREEL_TESTS_KEEP_IN"
"""The variable that tells the processes of one run where the models of the sample traces are kept."""


def pytest_configure(config: pytest.Config) -> None:
    if _KEPT not in os.environ:
        folder = os.environ[_KEPT] = tempfile.mkdtemp(prefix="volreel-tests-")
        config.add_cleanup(partial(shutil.rmtree, folder, ignore_errors=True))


@pytest.fixture(scope="session")
def keeping_folder() -> str:
    """Where models of sample traces are kept: they are built once in a run, by the process that needs them first."""
    return os.environ[_KEPT]


@pytest.fixture(scope="module")
def kept_models(keeping_folder: str) -> Iterator[None]:
    """For tests that open sample traces and no others: their models are kept in `keeping_folder`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", keeping_folder)
        yield
