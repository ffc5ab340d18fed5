"""The views of all volumes and of one, driven by keys."""

from __future__ import annotations

import pytest
from replay_driver import HOSTILE, SHOWN_HOSTILE, Driver, replay
from small_trace import claim

from tui.history_screen import HistoryScreen
from tui.row_table import RowTable
from tui.volume_chart import VolumeChart

EVENTS = "v1/events"
SIZES = [(40, 12), (80, 24), (160, 50)]


def rows(driver: Driver) -> list[str]:
    return [line.rstrip() for line in driver.drawn(RowTable)[1:] if line.strip()]


def text(driver: Driver, name: str) -> str:
    return " ".join(" ".join(driver.drawn(f"#{name}")).split())


async def opened(driver: Driver, volume: str) -> None:
    await driver.press("slash")
    await driver.type(volume)
    await driver.press("enter")


@pytest.mark.parametrize("size", SIZES)
async def test_a_volume_is_found_opened_and_its_evidence_shown_in_history(stuck_attach, size):
    async with replay(stuck_attach, size) as driver:
        assert any("s10/d2" in row for row in rows(driver))
        await driver.press("slash")
        await driver.type("s10/d2")
        assert text(driver, "listed").startswith("1 of 12 volumes")
        await driver.press("enter")
        assert text(driver, "volume").startswith("s10/d2 · deleted")
        assert driver.drawn(VolumeChart)[1].startswith("> hand_over")
        assert "began: claim_created" in text(driver, "evidence")
        assert "seq 1901" in text(driver, "evidence")
        await driver.press("enter")
        assert isinstance(driver.app.screen, HistoryScreen)
        assert driver.app.screen.cursor.row is not None
        assert driver.app.screen.cursor.row.seq == 1901
        await driver.press("2")
        assert any("│" in line for line in driver.drawn(VolumeChart))


async def test_what_is_typed_narrows_at_once_and_escape_shows_all_again(stuck_attach):
    async with replay(stuck_attach) as driver:
        await driver.press("slash", *"slowest>2m")
        assert [row[4:11].strip() for row in rows(driver)] == ["s10/d1", "s10/d2", "s10/d3"]
        await driver.press("x")
        assert "is no length of time" in text(driver, "listed")
        await driver.press("escape", "s")
        assert text(driver, "listed").startswith("12 of 12 volumes, 0 waiting · sorted by volume")


async def test_the_table_tells_what_went_on_at_the_cursor(stuck_attach):
    async with replay(stuck_attach, (120, 24)) as driver:
        for when, doing in (("07:41:00", "not yet"), ("07:42:30", "attach_queue"), ("07:44:25", "gone")):
            await driver.press("g", *when, "enter")
            row = next(row for row in rows(driver) if "s10/d2" in row)
            assert row.split("s10/d2")[1].strip().startswith(doing)


async def test_letters_in_their_order_find_a_volume(stuck_attach):
    async with replay(stuck_attach) as driver:
        await driver.press("slash", *"1nfs")
        assert len(rows(driver)) == 1
        assert "s11-nfs" in rows(driver)[0]


async def test_a_volume_shows_its_uses_milestones_calls_and_who_had_the_turn(stuck_attach):
    async with replay(stuck_attach, (120, 80)) as driver:
        await opened(driver, "s10/d2")
        chart = driver.drawn(VolumeChart)
        assert any("pod s10/d2 on lab-node-1" in line for line in chart)
        assert sum("milestones" in line and "◆" in line for line in chart) == 2
        assert any("ControllerPublishVolume 1" in line and "●" in line for line in chart)
        attach_queue = next(line for line in chart if "attach_queue" in line)
        assert attach_queue.count("▓") > 40
        await driver.press(*["down"] * 12)
        assert "3 tries, last error" in text(driver, "evidence")
        assert "attacher queue 2m03s 90%" in text(driver, "blame")


async def test_arrows_step_through_what_was_observed_of_the_selected_volume(stuck_attach):
    async with replay(stuck_attach) as driver:
        await opened(driver, "s10/d2")
        seen = []
        for _ in range(3):
            await driver.press("right")
            seen.append(driver.app.replay.place.seq)
        assert seen[:2] == [1901, 1902]
        await driver.press("left")
        assert driver.app.replay.place.seq == seen[1]
        await driver.press("shift+left")
        assert driver.app.replay.place.seq == 1901
        assert any("│" in line for line in driver.drawn(VolumeChart))


async def test_keys_pressed_faster_than_the_trace_answers_all_count(stuck_attach):
    async with replay(stuck_attach, view="volume") as driver:
        for _ in range(20):
            driver.app.screen.action_step_row(1)
        await driver.settled()
        driver.app.screen.action_step_row(-20)
        driver.app.screen.action_step_row(20)
        await driver.settled()
        once = driver.app.replay.place.seq
        await driver.press("home")
        await driver.press("g", *"0%", "enter")
        for _ in range(20):
            await driver.press("shift+right")
        assert driver.app.replay.place.seq == once


@pytest.mark.parametrize("key", ["e", "o", "f"])
async def test_errors_operations_and_findings_are_jumped_to_and_back(stuck_attach, key):
    async with replay(stuck_attach, view="volume") as driver:
        place = driver.app.replay.place
        await driver.press(key)
        first = place.spot
        await driver.press(key)
        assert place.spot > first
        await driver.press(key.upper())
        assert place.spot == first
        await driver.press(key.upper())
        assert "before this" in text(driver, "position")


async def test_playing_moves_the_cursor_of_every_view_and_stops_at_the_end(stuck_attach):
    async with replay(stuck_attach, view="volume") as driver:
        await driver.press(*["plus"] * 9, "space")
        assert "playing 1000x" in text(driver, "position")
        await driver.until(lambda: not driver.app.replay.pace.is_playing)
        assert "100% paused 1000x" in text(driver, "position")


async def test_the_first_lines_tell_gaps_findings_and_volumes(stuck_attach):
    async with replay(stuck_attach, (160, 50)) as driver:
        await driver.learnt()
        assert text(driver, "headline").startswith("no gaps · 3 findings · 12 volumes · 989 observations · 3m31s")
        marks, activity = driver.drawn("ActivityStrip")
        assert marks.strip().startswith("▼")
        assert "✖" in marks
        assert "█" in activity
        await driver.pilot.click("ActivityStrip", offset=(159, 1))
        assert "100%" in text(driver, "position")


async def test_why_a_volume_stands_as_it_does_and_the_same_command_are_shown(stuck_attach):
    async with replay(stuck_attach) as driver:
        await opened(driver, "s10/d2")
        await driver.press("g", *"07:42:30", "enter", "x")
        assert "PersistentVolumeClaim s10/d2 at 2026-11-23 07:42:30" in text(driver, "text")
        assert "bound" in text(driver, "text")
        await driver.press("escape", "y")
        assert text(driver, "text").endswith("stuck-attach.trace s10/d2")
        assert driver.app.clipboard.startswith("volreel timeline ")
        await driver.press("escape", "question_mark")
        assert "next error" in driver.screen()


async def test_hostile_names_are_shown_and_never_obeyed(small):
    path = small.observe(1, "ADDED", claim(HOSTILE, labels={HOSTILE: HOSTILE})).ended()
    async with replay(path) as driver:
        for size, keys in zip(
            SIZES, (["1", "2", "3"], ["1", "2"], ["1", "x", "y", "2", "question_mark", "3", "m"]), strict=True
        ):
            await driver.pilot.resize_terminal(*size)
            shown = []
            for key in keys:
                await driver.press(key)
                shown.append(driver.screen())
                if key in ("x", "y", "question_mark", "m"):
                    await driver.press("escape")
            assert not any(control in text for text in shown for control in "\x1b\x07")
            assert SHOWN_HOSTILE[: 30 if size[0] == 160 else 4] in shown[0]
        await driver.press("q")
        assert driver.app.return_code == 0


async def test_a_trace_without_volumes_says_so_and_no_key_breaks_it(small):
    async with replay(small.ended()) as driver:
        for view in "21":
            await driver.press(view, *"eofEOF", "left", "right", "shift+left", "space", "m", "apostrophe", "x", "y")
            await driver.press("escape", "enter", "down", "s", "escape", "g", *"50%", "enter", "escape")
        for size in SIZES:
            await driver.pilot.resize_terminal(*size)
            await driver.press("1")
            assert driver.drawn(RowTable)[0].startswith("This trace knows of no volume.")
            await driver.press("2")
            assert driver.drawn(VolumeChart)[0].startswith("No volume is open")


async def test_a_trace_of_a_gap_an_event_and_a_damaged_segment_tells_all_three_first(small):
    small.note(0, "gap", HOSTILE, EVENTS).observe(1, "ADDED", claim("lost"))
    small.writer.seal()
    event = {"kind": "Event", "apiVersion": "v1", "metadata": {"name": "e", "namespace": "shop", "uid": "e"}}
    small.observe(5, "ADDED", {**event, "type": "Warning", "reason": HOSTILE, "message": HOSTILE}, EVENTS)
    path = small.ended()
    (path / "objects/00000001.parquet").write_bytes(b"not Parquet")
    async with replay(path) as driver:
        await driver.learnt()
        for size in SIZES:
            await driver.pilot.resize_terminal(*size)
            for view in "123":
                await driver.press(view, "e", "right_square_bracket")
                assert text(driver, "headline").startswith("1 gap · 1 fault (volreel check)"[: size[0]])
                assert set(driver.drawn("ActivityStrip")[-1]) <= {"/", "┃"}
                assert "\x1b" not in driver.screen()
