"""One writer at a time: a lock file that the kernel frees when its holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path

from tracer.errors import TraceLocked

LOCK = "lock"
_TRIES = 5
_PAUSE_S = 0.02


def take_lock(trace: Path) -> int:
    """Become the trace's writer until the descriptor that this returns is closed. Raises TraceLocked."""
    descriptor = os.open(trace / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        if not _is_taken(descriptor):
            owner = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            holder = f"process {owner}" if owner.isdigit() else "another process"
            raise TraceLocked(
                f"{trace} is being recorded by {holder}. Stop that recorder, or record into another trace."
            )
        with contextlib.suppress(OSError):  # a full disk: the lock holds without the name of its owner
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _is_taken(descriptor: int) -> bool:
    for attempt in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            # A reader that asks `is_locked` holds a shared lock for a moment; that is no other writer.
            if attempt + 1 < _TRIES:
                time.sleep(_PAUSE_S)
        else:
            return True
    return False


def is_locked(trace: Path) -> bool:
    """Whether a writer holds the trace's lock."""
    try:
        descriptor = os.open(trace / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
