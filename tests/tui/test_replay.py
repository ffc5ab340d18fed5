"""The replay driven by keys, as a person would drive it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest
import replay_driver
from replay_driver import HOSTILE, SHOWN_HOSTILE
from small_trace import SmallTrace, claim, instant
from textual.widgets import Input

from tracer.trace.manifest import Cluster
from tui.dialogs import AskDialog, TextDialog
from tui.history_screen import HistoryScreen
from tui.history_view import HistoryView

SAMPLES = Path(__file__).parents[2] / "sample_traces"


class Driver(replay_driver.Driver):
    """With the words for what History shows."""

    @property
    def history_screen(self) -> HistoryScreen:
        screen = self.app.get_screen_stack("history")[0]
        assert isinstance(screen, HistoryScreen)
        return screen

    @property
    def row(self) -> str:
        row = self.history_screen.cursor.row
        assert row
        return f"{row.type} {row.name}"

    def text(self, name: str) -> str:
        return "\n".join(line.rstrip() for line in self.drawn(f"#{name}"))

    def history(self) -> list[str]:
        return [line.rstrip() for line in self.drawn(HistoryView)]


@asynccontextmanager
async def replay(path: Path, size: tuple[int, int] = (80, 24), start: datetime | None = None) -> AsyncIterator[Driver]:
    """The app in History."""
    async with replay_driver.replay(path, size, start=start, view="history") as driver:
        yield Driver(driver.app, driver.pilot)


@pytest.fixture
def shop(small: SmallTrace) -> Path:
    """A claim that is bound after a while, a gap, and one that vanished in it."""
    small.note(0, "synced").observe(1, "LISTED", claim("old")).observe(2, "ADDED", claim("data"))
    small.observe(4, "MODIFIED", claim("data", 2, "Bound")).note(60, "gap", "410 Gone").vanish(61, claim("old"))
    small.note(61, "relisted").observe(120, "DELETED", claim("data", 3, "Bound"))
    return small.ended()


async def test_it_opens_at_the_beginning_and_says_what_is_missing(shop):
    async with replay(shop) as driver:
        assert driver.text("headline").startswith("1 gap ·")
        assert driver.row == "LISTED old"
        assert driver.history()[0].startswith("> 07:00:01.000")
        assert driver.text("position").startswith("2026-11-23 07:00:00.000 UTC  0%  paused 1x")


async def test_steps_go_from_row_to_row_and_show_what_changed(shop):
    async with replay(shop) as driver:
        await driver.press("right", "right")
        assert driver.row == "MODIFIED data"
        assert "MODIFIED PersistentVolumeClaim shop/data" in driver.text("change")
        assert '~ status.phase: "Pending" → "Bound"' in driver.text("change")
        await driver.press("left", "left", "left", "left")
        assert driver.row == "LISTED old"
        assert "the first version of it in this trace" in driver.text("change")
        await driver.press("end", "right")
        assert driver.row == "DELETED data"


async def test_the_rows_around_the_cursor_say_how_far_they_are(shop):
    async with replay(shop) as driver:
        await driver.press("right")
        lines = driver.history()
        assert "-1.0s LISTED    persistentvolumeclaims shop/old" in lines[0]
        assert "+58.0s GAP       persistentvolumeclaims 410 Gone" in lines[3]


async def test_it_plays_faster_and_slower_and_stops_at_the_end(shop):
    async with replay(shop) as driver:
        await driver.press("plus", "plus", "plus", "plus", "space")
        assert "playing 30x" in driver.text("position")
        await driver.until(lambda: driver.row == "MODIFIED data")
        await driver.press("space", "minus")
        assert "paused 10x" in driver.text("position")
        await driver.press(*["plus"] * 9, "space")
        await driver.until(lambda: not driver.app.replay.pace.is_playing)
        await driver.settled()
        assert driver.row == "DELETED data"
        assert "100%  paused 1000x" in driver.text("position")


async def test_brackets_go_from_gap_to_gap(shop):
    async with replay(shop) as driver:
        await driver.press("right_square_bracket")
        assert driver.row == "GAP None"
        assert "gap in v1/persistentvolumeclaims: 410 Gone" in driver.text("change")
        await driver.press("right_square_bracket")
        assert "no gap after this" in driver.text("position")
        await driver.press("left")
        assert driver.row == "MODIFIED data"
        await driver.press("left_square_bracket")
        assert "no gap before this" in driver.text("position")


async def test_the_palette_knows_every_view_and_every_key(shop):
    async with replay(shop) as driver:
        await driver.press("ctrl+p")
        await driver.press(*"next gap")
        await driver.until(lambda: "Next gap" in driver.screen())
        await driver.press("enter")
        await driver.until(lambda: driver.row == "GAP None")


async def test_g_goes_to_a_time_and_refuses_what_is_none(shop):
    async with replay(shop) as driver:
        await driver.press("g")
        assert isinstance(driver.app.screen, AskDialog)
        await driver.press(*"noon", "enter")
        assert isinstance(driver.app.screen, AskDialog)
        driver.app.screen.query_one(Input).value = "+1m1s"
        await driver.press("enter")
        assert driver.row == "VANISHED old"
        assert "when it was deleted is not known" in driver.text("change")
        await driver.press("g", *"50%", "enter")
        assert "07:01:00.000 UTC  50%" in driver.text("position")
        await driver.press("g", "escape")
        assert driver.app.screen is driver.history_screen


async def test_it_opens_where_it_is_asked_to(shop):
    async with replay(shop, start=instant(5)) as driver:
        assert driver.row == "MODIFIED data"


async def test_question_mark_lists_the_keys_and_q_quits(shop):
    async with replay(shop) as driver:
        await driver.press("question_mark")
        assert isinstance(driver.app.screen, TextDialog)
        await driver.press("escape", "q")
        assert driver.app.return_code == 0


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (160, 50), (20, 5)])
async def test_every_size_of_terminal_has_a_view(shop, size):
    async with replay(shop, size) as driver:
        await driver.press("right", "question_mark", "escape", "g", "escape")
        lines = driver.history()
        assert any(line.startswith("> 07:00:02") for line in lines)
        assert all(len(line) <= size[0] for line in lines)


async def test_a_narrow_terminal_keeps_time_type_and_name(shop):
    async with replay(shop, (40, 12)) as driver:
        assert driver.history()[0].startswith("> 07:00:01 LIS persiste shop/old")


async def test_hostile_text_is_shown_and_never_obeyed(tmp_path):
    small = SmallTrace(tmp_path / "h.trace", Cluster(server=HOSTILE))
    small.observe(1, "ADDED", claim(HOSTILE, labels={HOSTILE: HOSTILE})).note(2, "gap", HOSTILE)
    async with replay(small.ended(), (160, 50)) as driver:
        for _ in range(2):
            shown = [driver.text("headline"), driver.text("change"), driver.text("position"), *driver.history()]
            assert not any(control in text for text in shown for control in "\x1b\x07")
            assert SHOWN_HOSTILE in driver.text("change")
            await driver.press("right")
        assert r"\x1b[2J[red]x[/red]" in driver.text("headline")


async def test_an_empty_trace_has_a_clear_view_and_no_key_breaks_it(small):
    async with replay(small.ended(), (40, 12)) as driver:
        assert " ".join(driver.history()).startswith("This trace is empty: nothing was recorded.")
        assert driver.text("headline").startswith("no gaps · no observations")
        keys = ("right", "left", "space", "plus", "end", "home", "pagedown")
        await driver.press(*keys, "left_square_bracket", "g", "5", "0", "%", "enter", "question_mark", "escape")
        assert driver.app.screen is driver.history_screen


async def test_a_trace_of_log_lines_alone_has_a_clear_view(small):
    async with replay(small.log(1, "hello").ended()) as driver:
        assert driver.history()[0] == "This trace holds no observations."
        await driver.press("right", "space", "end")


async def test_a_damaged_segment_is_told_and_the_rest_is_shown(small):
    small.observe(1, "ADDED", claim("a")).writer.seal()
    small.observe(2, "ADDED", claim("b"))
    path = small.ended()
    (path / "objects/00000001.parquet").write_bytes(b"not Parquet")
    async with replay(path) as driver:
        assert "1 fault (volreel check)" in driver.text("headline")
        assert driver.row == "ADDED b"


async def test_an_object_with_thousands_of_fields_is_shown_in_part(small):
    small.observe(1, "ADDED", claim(labels={f"label-{number}": "x" * 2000 for number in range(3000)}))
    async with replay(small.ended()) as driver:
        assert "fields more" in driver.text("change")
        await driver.press("pagedown", "pageup")


async def test_a_long_trace_is_walked_without_being_held(small):
    for number in range(900):
        small.observe(number, "ADDED", claim(f"claim-{number}"))
    async with replay(small.ended()) as driver:
        for _ in range(500):
            driver.history_screen.action_step(1)
        await driver.settled()
        await driver.until(lambda: driver.row == "ADDED claim-500")
        assert len(driver.history_screen.cursor.rows) <= 400
        await driver.press("end", "left")
        assert driver.row == "ADDED claim-898"


@pytest.mark.parametrize("sample", [SAMPLES / "failing-mounts.trace"], ids=lambda path: path.stem)
async def test_a_recorded_sample_opens_steps_and_plays_to_its_end(sample):
    async with replay(sample) as driver:
        await driver.press("right", "right", "right")
        assert "changes" in driver.text("change") or "first version" in driver.text("change")
        await driver.press(*["plus"] * 9, "space")
        await driver.until(lambda: not driver.app.replay.pace.is_playing)
        assert "100%" in driver.text("position")


async def test_a_trace_that_does_not_know_its_gaps_says_so(small):
    async with replay(small.observe(1, "ADDED", claim()).ended()) as driver:
        assert driver.text("headline").startswith("gaps not known · 1 observation ·")
