from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from small_trace import SmallTrace
from volume_story import Story

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


@pytest.fixture
def rows(tmp_path: Path, ask: Callable[[Path], Trace]) -> Callable[[Story, str], list[tuple[Any, ...]]]:
    """The rows that a query finds in the trace of a story, as far as it is told."""

    def found(story: Story, query: str) -> list[tuple[Any, ...]]:
        path = tmp_path / f"{len(story.told)}.trace"
        return ask(path if path.exists() else story.write(path)).sql(query).rows()

    return found
