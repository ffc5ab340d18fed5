"""A disk that crashes, or is full, at any operation: nothing that was flushed is lost, and nothing is doubled."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from crashing_disk import CrashingDisk, PowerLoss
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from ledger import Ledger

from tracer.errors import NotATrace, TraceExists
from tracer.trace import open_trace
from tracer.trace.ring import fold_oldest
from tracer.trace.writer import TraceWriter

TYPES = ("LISTED", "ADDED", "MODIFIED", "MODIFIED", "DELETED", "VANISHED")
observations = st.lists(st.tuples(st.sampled_from(TYPES), st.sampled_from("abcd"), st.booleans()), max_size=4)


def has_object(rows: list[tuple[str, str, bool]]) -> list[tuple[str, str, bool]]:
    """As a server sends them: what vanished has no object, what was added or deleted has one."""
    return [(kind, uid, kind != "VANISHED" and (has or kind != "MODIFIED")) for kind, uid, has in rows]


class Story:
    """A writer on a crashing disk, and the ledger of what it was told."""

    def __init__(self, root: Path, seed: int) -> None:
        self.disk = CrashingDisk(root, seed)
        self.path = root / "a.trace"
        self.ledger = Ledger()
        self.writer: TraceWriter | None = None

    def flush(self) -> None:
        rows = len(self.ledger.rows)
        self.writer.flush()
        self.ledger.promised = rows

    def fold(self, upto: int) -> None:
        folded = [each for each in self.writer.manifest.segments if each.number <= upto]
        self.ledger.folds |= {each.last_seq for each in folded if not each.state and each.number == upto}
        fold_oldest(self.path, self.writer.manifest, upto, self.disk)

    def restart(self, power_lost: bool) -> None:
        """The process is gone; look at what it left, without touching it."""
        if self.writer is not None:
            self.writer.release()
        self.writer = None
        self.disk.restart(power_lost)
        self.look_after_crash()

    def look_after_crash(self) -> None:
        try:
            trace = open_trace(self.path)
        except NotATrace:
            assert self.ledger.promised == 0
            self.ledger.forget_unwritten(0)
        else:
            self.ledger.forget_unwritten(self.ledger.check(trace))

    def resume(self) -> None:
        try:
            self.writer = TraceWriter.resume(self.path, "test", disk=self.disk)
        except NotATrace:  # it died before the first manifest
            self.writer = TraceWriter.create(self.path, "test", disk=self.disk)
        assert self.ledger.check(open_trace(self.path)) == len(self.ledger.rows)
        self.ledger.promised = len(self.ledger.rows)
        assert not self.writer.damage
        named = {f"{each.number:08d}.parquet" for each in self.writer.manifest.segments}
        assert {path.name for path in self.path.glob("*/*.parquet*")} == named, "no leftovers"


def record(story: Story) -> None:
    """A short recording that does everything once."""
    ledger = story.ledger
    story.writer = writer = TraceWriter.create(story.path, "test", disk=story.disk)
    ledger.note(writer, "opened")
    ledger.observe(writer, [("LISTED", "a", True), ("LISTED", "b", True)])
    ledger.note(writer, "synced")
    story.flush()
    ledger.observe(writer, [("MODIFIED", "a", False), ("DELETED", "b", True)])
    ledger.log(writer, 2)
    story.flush()
    writer.seal()
    ledger.observe(writer, [("ADDED", "c", True), ("MODIFIED", "a", True)])
    story.flush()
    number = writer.rotate()
    ledger.log(writer, 1)
    story.flush()
    segment = writer.write_sealed(number)
    ledger.note(writer, "bookmark")
    story.flush()
    writer.adopt(number, segment)
    story.fold(1)
    ledger.observe(writer, [("MODIFIED", "c", True)])
    story.flush()
    writer.seal()
    writer.save_manifest()
    story.fold(2)
    ledger.note(writer, "closed")
    story.flush()
    writer.close()


def operations_of(tmp_path: Path) -> int:
    """How many operations `record` takes."""
    (root := tmp_path / "whole").mkdir()
    story = Story(root, 0)
    record(story)
    assert story.ledger.check(open_trace(story.path)) == len(story.ledger.rows)
    assert {"write", "sync", "open", "rename", "sync folder", "remove"} <= set(story.disk.operations)
    return story.disk.count


@pytest.mark.parametrize("power_lost", [True, False], ids=["power loss", "kill"])
def test_a_crash_at_every_single_operation_loses_nothing_that_was_flushed(tmp_path, power_lost):
    for crash_at in range(1, operations_of(tmp_path) + 1):
        (root := tmp_path / f"{crash_at}").mkdir()
        story = Story(root, seed=crash_at)
        story.disk.crash_at = crash_at
        with pytest.raises(PowerLoss):
            record(story)
        story.restart(power_lost)
        story.resume()
        story.ledger.note(story.writer, "resumed")
        story.flush()
        story.writer.close()
        assert story.ledger.check(open_trace(story.path)) == len(story.ledger.rows)


def test_a_second_crash_in_the_middle_of_the_recovery_loses_nothing_either(tmp_path):
    whole = operations_of(tmp_path)
    for crash_at in range(3, whole, 24):
        for second in range(1, 60, 6):
            (root := tmp_path / f"{crash_at}-{second}").mkdir()
            story = Story(root, crash_at * second)
            story.disk.crash_at = crash_at
            with pytest.raises(PowerLoss):
                record(story)
            story.restart(power_lost=second % 12 == 1)
            story.disk.crash_at = story.disk.count + second
            try:
                story.resume()
            except PowerLoss:
                story.restart(power_lost=True)
                story.resume()
            else:
                story.writer.release()


@pytest.mark.parametrize("refused", [1, 4])
def test_a_disk_that_is_full_at_any_operation_costs_nothing_but_time(tmp_path, refused):
    for full_at in range(1, operations_of(tmp_path) + 1, 2 if refused == 1 else 5):
        (root := tmp_path / f"{full_at}").mkdir()
        story = Story(root, full_at)
        story.disk.full_at = range(full_at, full_at + refused)
        retry_each_step(story)
        assert story.ledger.check(open_trace(story.path)) == len(story.ledger.rows)


def retry_each_step(story: Story) -> None:
    """`record`, by a recorder that tries again what the disk refused, and reads the trace each time."""
    ledger = story.ledger

    def until_it_works(step: Callable[[], Any]) -> Any:
        while True:
            try:
                return step()
            except OSError:
                if story.writer is not None:
                    ledger.check(open_trace(story.path))

    def begin() -> None:
        try:
            story.writer = TraceWriter.create(story.path, "test", disk=story.disk)
        except TraceExists:  # the disk was full just after the first manifest
            story.writer = TraceWriter.resume(story.path, "test", disk=story.disk)

    until_it_works(begin)
    for round_ in range(3):
        ledger.note(story.writer, "synced")
        ledger.observe(story.writer, [("ADDED", f"u{round_}", True), ("MODIFIED", "u0", True)])
        until_it_works(story.flush)
        ledger.log(story.writer, 2)
        until_it_works(story.flush)
        number = until_it_works(story.writer.rotate)
        segment = until_it_works(lambda number=number: story.writer.write_sealed(number))
        until_it_works(lambda number=number, segment=segment: story.writer.adopt(number, segment))
        if round_:
            until_it_works(lambda upto=round_: story.fold(upto))
    until_it_works(story.writer.close)


class Recording(RuleBasedStateMachine):
    """Any order of everything that a recorder does, with crashes and a full disk at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="volreel-crash-")
        self.rotated: list[int] = []
        self.sealed: dict[int, Any] = {}

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        (root := Path(self.folder.name) / "disk").mkdir()
        self.dice = random.Random(seed)
        self.story = Story(root, seed)
        self.start()

    def start(self) -> None:
        self.rotated, self.sealed = [], {}
        while self.story.writer is None:
            self.attempt(self.story.resume)

    def attempt(self, step: Callable[[], Any]) -> Any:
        """Do a step that the disk may refuse, or that may be the last of this process."""
        try:
            return step()
        except PowerLoss:
            self.story.restart(power_lost=self.dice.random() < 0.7)
            if self.dice.random() < 0.5:
                self.story.disk.crash_at = self.story.disk.count + self.dice.randint(1, 40)
            self.start()
        except OSError:
            if self.story.writer is not None:
                self.story.ledger.check(open_trace(self.story.path))
        return None

    @rule(rows=observations)
    def observe(self, rows: list[tuple[str, str, bool]]) -> None:
        self.story.ledger.observe(self.story.writer, has_object(rows))

    @rule(rows=st.integers(1, 3))
    def log(self, rows: int) -> None:
        self.story.ledger.log(self.story.writer, rows)

    @rule(what=st.sampled_from(["opened", "synced", "bookmark", "gap"]))
    def note(self, what: str) -> None:
        self.story.ledger.note(self.story.writer, what)

    @rule()
    def flush(self) -> None:
        self.attempt(self.story.flush)

    @rule()
    def stage_and_commit(self) -> None:
        def step() -> None:
            if not self.story.writer.owes_commit:
                self.story.writer.stage()
            staged = len(self.story.ledger.rows) - self.story.writer.pending_rows
            self.story.writer.commit()
            self.story.ledger.promised = staged

        self.attempt(step)

    @rule()
    def stage(self) -> None:
        self.story.writer.stage()

    @precondition(lambda self: not self.story.writer.owes_commit)
    @rule()
    def rotate(self) -> None:
        number = self.attempt(self.story.writer.rotate)
        if number is not None:
            self.rotated.append(number)

    @precondition(lambda self: self.rotated)
    @rule(which=st.integers(0, 9))
    def write_sealed(self, which: int) -> None:
        number = self.rotated[which % len(self.rotated)]
        writer = self.story.writer
        segment = self.attempt(lambda: writer.write_sealed(number))
        if segment is not None and self.story.writer is writer:
            self.sealed[number] = segment

    @precondition(lambda self: self.sealed)
    @rule()
    def adopt(self) -> None:
        number = min(self.sealed)
        writer = self.story.writer

        def step() -> None:
            writer.adopt(number, self.sealed[number])
            del self.sealed[number]
            self.rotated.remove(number)

        self.attempt(step)

    @rule()
    def save_manifest(self) -> None:
        self.attempt(self.story.writer.save_manifest)

    @precondition(lambda self: self.foldable())
    @rule(which=st.integers(0, 9))
    def fold(self, which: int) -> None:
        numbers = self.foldable()
        self.attempt(lambda: self.story.fold(numbers[which % len(numbers)]))

    def foldable(self) -> list[int]:
        """Sealed numbers but the newest, with no older journal waiting behind them."""
        oldest = min(self.rotated, default=1 << 30)
        numbers = sorted(each.number for each in self.story.writer.manifest.segments)[:-1]
        state = {each.number for each in self.story.writer.manifest.segments if each.state}
        return [number for number in numbers if number < oldest and number not in state]

    @rule()
    def close_and_resume(self) -> None:
        def step() -> None:
            self.story.flush()
            while self.story.writer is not None:
                try:
                    self.story.writer.close()
                    self.story.writer = None
                except OSError:
                    self.story.ledger.check(open_trace(self.story.path))

        self.attempt(step)
        if self.story.writer is None:
            self.start()

    @rule(after=st.integers(1, 40))
    def crash_soon(self, after: int) -> None:
        self.story.disk.crash_at = self.story.disk.count + after

    @rule(after=st.integers(1, 15), refused=st.integers(1, 4))
    def full_soon(self, after: int, refused: int) -> None:
        first = self.story.disk.count + after
        self.story.disk.full_at = range(first, first + refused)

    @rule(power_lost=st.booleans())
    def crash_now(self, power_lost: bool) -> None:
        self.story.restart(power_lost)
        self.start()

    @invariant()
    def readers_find_what_was_promised(self) -> None:
        if hasattr(self, "story"):
            self.story.ledger.check(open_trace(self.story.path))

    def teardown(self) -> None:
        if hasattr(self, "story") and self.story.writer is not None:
            self.story.writer.release()
        self.folder.cleanup()


Recording.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking crashes takes longer than reading them
)
TestRecording = Recording.TestCase
