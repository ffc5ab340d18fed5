from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile_cluster import write_hostile
from small_trace import SmallTrace

from analysis import Trace, open_trace
from tracer.trace.manifest import Cluster

SAMPLES = Path(__file__).parents[2] / "sample_traces"


@pytest.fixture(scope="session")
def stuck_attach(keeping_folder: str) -> Iterator[Trace]:
    """A recorded sample, opened once: to build its models takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", keeping_folder)
        trace = open_trace(SAMPLES / "stuck-attach.trace")
    with trace:
        yield trace


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trace]:
    """A cluster in which every text obeys somebody else, opened once."""
    with open_trace(write_hostile(SmallTrace(tmp_path_factory.mktemp("hostile") / "h.trace"))) as trace:
        yield trace


@pytest.fixture
def small(tmp_path: Path) -> SmallTrace:
    return SmallTrace(tmp_path / "small.trace", Cluster(server="https://10.0.0.1:6443", version="v1.36.0"))
