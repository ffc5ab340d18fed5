"""Between the streams and the disk: commits in the background, seals behind it, and holds the streams back in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from tracer.errors import TraceDamaged
from tracer.trace.ring import fold_oldest, segments_to_fold
from tracer.trace.writer import ROTATE_BYTES, TraceWriter
from tracer.watch.pace import Pace

BATCH_ROWS = 4096
BATCH_BYTES = 8 << 20
_MANIFEST_S = 60.0
_PAUSED = "recording pauses until it can be written"
_UNSEALED = "a segment cannot be sealed yet"
_UNFOLDED = "the oldest segments cannot go yet"
T = TypeVar("T")


class Sink:
    """Takes rows from every stream and makes them durable, in order, within a bounded amount of memory."""

    def __init__(
        self,
        writer: TraceWriter,
        pace: Pace,
        *,
        keep_s: float | None = None,
        max_bytes: int | None = None,
        before_manifest: Callable[[], None] = lambda: None,
    ) -> None:
        """`before_manifest` brings the manifest up to date; it is called before each time that it is written."""
        self.before_rotation: Callable[[], None] | None = None
        """Adds the rows that are to stand at the end of each journal."""
        self.writer = writer
        self._pace = pace
        self._keep_s = keep_s
        self._max_bytes = max_bytes
        self._before_manifest = before_manifest
        self._due = asyncio.Event()
        self._is_ending = False
        self._drained = asyncio.Event()
        self._rotated_at = self._manifest_at = time.monotonic()
        self._sealing: asyncio.Task[None] | None = None
        self._to_seal: list[int] = []
        self._refused: dict[str, str] = {}
        """What the disk does not take at the moment: what that means -> the words for the user."""

    @property
    def trouble(self) -> str | None:
        """What cannot be written at the moment, and why; None when all is well."""
        return ". ".join(self._refused.values()) or None

    def observe(self, rows: int, size: int, columns: Mapping[str, Sequence[Any]], at_us: int) -> None:
        """Add observations (see TraceWriter.observe); follow with `await room()`."""
        self.writer.observe(rows, size, columns, at_us)
        self._wake()

    def log(self, rows: int, size: int, columns: Mapping[str, Sequence[Any]], at_us: int) -> None:
        """Add log lines (see TraceWriter.log); follow with `await room()`."""
        self.writer.log(rows, size, columns, at_us)
        self._wake()

    def note(self, stream: str, what: str, **about: Any) -> None:
        """Add a row to `streams` (see TraceWriter.note)."""
        self.writer.note(stream, what, **about)

    def _wake(self) -> None:
        if self._is_full():
            self._due.set()

    def _is_full(self, batches: int = 1) -> bool:
        pending = self.writer.pending_rows, self.writer.pending_bytes
        return pending[0] >= batches * BATCH_ROWS or pending[1] >= batches * BATCH_BYTES

    async def room(self) -> None:
        """Return when there is room for more; until then the caller reads nothing and TCP holds the server back."""
        while self._is_full(batches=2):
            self._due.set()
            self._drained.clear()
            await self._drained.wait()

    async def run(self) -> None:
        """Commit every `flush_s`, or sooner when a batch is full, until `close`."""
        while not self._is_ending:
            try:
                async with asyncio.timeout(self._pace.flush_s):
                    await self._due.wait()
            except TimeoutError:
                pass
            self._due.clear()
            await self._commit()
            await self._rotate_if_due()

    async def _commit(self) -> None:
        # Uncommitted rows of a flush that the disk refused come first; only then are new ones taken.
        if not self.writer.owes_commit and not self.writer.stage():
            return
        self._drained.set()
        await self._done(self.writer.commit, _PAUSED)

    async def _done(self, action: Callable[[], T], while_refused: str) -> T:
        """Do it in a thread, again and again until the disk takes it."""
        while True:
            try:
                done = await asyncio.to_thread(action)
            except OSError as error:
                self._refused[while_refused] = f"{self.writer.path}: {error.strerror or error}; {while_refused}"
                await asyncio.sleep(self._pace.disk_retry_s)
            else:
                self._refused.pop(while_refused, None)
                return done

    async def _rotate_if_due(self) -> None:
        now = time.monotonic()
        if self.writer.journal_bytes >= ROTATE_BYTES or now - self._rotated_at >= self._pace.rotate_s:
            self._rotated_at = now
            if self.before_rotation is not None:
                self.before_rotation()
                await self._commit()
            if (number := await self._done(self.writer.rotate, _PAUSED)) is not None:
                self._to_seal.append(number)
        is_idle = self._sealing is None or self._sealing.done()
        if self._to_seal and is_idle:
            self._sealing = asyncio.create_task(self._seal())
        elif is_idle and now - self._manifest_at >= _MANIFEST_S:
            self._manifest_at = now
            self._before_manifest()
            await self._done(self.writer.save_manifest, _PAUSED)

    async def _seal(self) -> None:
        """Seal the rotated journals; on a full disk they stay as they are until the next try."""
        while self._to_seal:
            number = self._to_seal[0]
            segment = await self._done(partial(self.writer.write_sealed, number), _UNSEALED)
            self._before_manifest()
            await self._done(partial(self.writer.adopt, number, segment), _UNSEALED)
            self._to_seal.pop(0)
            await self._fold()

    async def _fold(self) -> None:
        """In ring mode: let the oldest segments go. What cannot go now is tried again after the next seal."""
        manifest = self.writer.manifest
        upto = segments_to_fold(manifest, self.writer.clock.now_us(), self._keep_s, self._max_bytes)
        if upto is None:
            return
        try:
            await asyncio.to_thread(fold_oldest, self.writer.path, manifest, upto, self.writer.disk)
        except (OSError, TraceDamaged) as error:
            self._refused[_UNFOLDED] = f"{self.writer.path}: {_UNFOLDED} ({error})"
        else:
            self._refused.pop(_UNFOLDED, None)

    async def close(self, running: asyncio.Task[None]) -> None:
        """Make everything durable and sealed, and end the trace well. `running` is the task of `run`."""
        self._is_ending = True
        self._due.set()
        await running  # never cancelled: a commit in its thread would go on beside ours
        if self._sealing is not None:
            await self._sealing
        self._before_manifest()
        await self._done(self.writer.close, _PAUSED)
