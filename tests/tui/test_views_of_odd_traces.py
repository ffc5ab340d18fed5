"""Every view of a trace of which next to nothing is known: a clear screen of any size, whatever key is pressed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from replay_driver import replay
from small_trace import SmallTrace, claim

from analysis import Trace, open_trace
from tui.views import VIEWS

EVENTS = "v1/events"


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trace]:
    """A segment that is damaged, a gap over all that is left, and one Event in it."""
    small = SmallTrace(tmp_path_factory.mktemp("odd") / "odd.trace").observe(0, "ADDED", claim())
    small.writer.seal()
    small.note(1, "gap", "410 Gone", EVENTS)
    event = {"kind": "Event", "apiVersion": "v1", "metadata": {"name": "e", "namespace": "n", "uid": "e"}}
    small.observe(2, "ADDED", {**event, "reason": "FailedMount", "type": "Warning"}, EVENTS)
    path = small.ended()
    (path / "objects/00000001.parquet").write_bytes(b"not Parquet")
    with open_trace(path) as trace:
        yield trace


async def test_every_view_of_it_says_something_at_any_size(odd):
    async with replay(odd) as driver:
        for view in VIEWS:
            await driver.app.action_view(view.name)
            for size in ((40, 12), (160, 50), (80, 24)):
                await driver.pilot.resize_terminal(*size)
                await driver.press("down", "enter", "f")
                lines = driver.screen().split("\n")
                assert any(line.strip() for line in lines)
                assert all(len(line) <= size[0] for line in lines), (view.name, size)
