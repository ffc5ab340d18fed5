"""`volreel record` as a process: signals, the status, and the words at its end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from tracer.errors import ExitCode
from tracer.recorder import Recorder, Recording
from tracer.status import Status, show_status


def run_recording(recording: Recording, *, verbose: bool = False) -> None:
    """Record until stopped, and end the trace well. Raises VolreelError when recording cannot begin."""
    asyncio.run(_record(recording, verbose=verbose))


async def _record(recording: Recording, *, verbose: bool) -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    recorder = Recorder(recording)
    await recorder.start()
    print(
        f"Recording {recorder.cluster.server} into {recording.out}. Ctrl-C ends it well.", file=sys.stderr, flush=True
    )
    showing = asyncio.create_task(show_status(recorder, verbose=verbose))
    try:
        await recorder.wait(stop)
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
        if recorder.sink.trouble:
            print(f"volreel: {recorder.sink.trouble}. Ctrl-C again leaves it as it is.", file=sys.stderr, flush=True)
        await recorder.stop()
    print(Status(recorder).line(), file=sys.stderr)
    print(f"Next:  volreel info {recording.out}", file=sys.stderr)


def _stop_on_signals(stop: asyncio.Event) -> None:
    """The first signal ends the recording well; the second leaves at once what the journal holds anyway."""

    def handle() -> None:
        if stop.is_set():
            os._exit(ExitCode.INTERRUPTED)
        stop.set()

    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, handle)
