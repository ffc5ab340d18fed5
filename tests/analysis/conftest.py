from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_trace import SmallTrace

from analysis import Trace, open_trace


@pytest.fixture
def small(tmp_path: Path) -> SmallTrace:
    return SmallTrace(tmp_path / "small.trace")


@pytest.fixture
def ask() -> Iterator[Callable[[Path], Trace]]:
    """Opens traces, and closes them after the test."""
    opened: list[Trace] = []

    def opening(path: Path) -> Trace:
        opened.append(open_trace(path))
        return opened[-1]

    yield opening
    for trace in opened:
        trace.close()
