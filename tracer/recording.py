"""`volreel record` as a process: signals, the status, and the words at its end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from tracer.errors import ExitCode
from tracer.recorder import Recorder, Recording
from tracer.status import Status, show_status
from tracer.trace.visible import visible


def run_recording(recording: Recording, *, verbose: bool = False) -> None:
    """Record until stopped, and end the trace well. Raises VolreelError when recording cannot begin."""
    asyncio.run(_record(recording, verbose=verbose))


async def _record(recording: Recording, *, verbose: bool) -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    recorder = Recorder(recording)
    if not await _started(recorder, stop):
        sys.exit(ExitCode.INTERRUPTED)
    _say(f"Recording {recorder.cluster.server} into {recording.out}. Ctrl-C ends it well.")
    showing = asyncio.create_task(show_status(recorder, verbose=verbose))
    try:
        await recorder.wait(stop)
    finally:
        stop.set()  # from here on a signal leaves at once
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
        if recorder.sink.trouble:
            _say(f"volreel: {recorder.sink.trouble}. Ctrl-C again leaves it as it is.")
        await recorder.stop()
    _say(Status(recorder).line())
    _say(f"Next:  volreel info {recording.out}")


async def _started(recorder: Recorder, stop: asyncio.Event) -> bool:
    """Start the recorder; False when a signal comes first: then nothing was recorded."""
    starting, stopped = asyncio.create_task(recorder.start()), asyncio.create_task(stop.wait())
    await asyncio.wait([starting, stopped], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if starting.done():
        starting.result()
        return True
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    return False


def _say(words: str) -> None:
    print(visible(words), file=sys.stderr, flush=True)


def _stop_on_signals(stop: asyncio.Event) -> None:
    """The first signal ends the recording well; the second leaves at once what the journal holds anyway."""

    def handle() -> None:
        if stop.is_set():
            os._exit(ExitCode.INTERRUPTED)
        stop.set()

    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, handle)
