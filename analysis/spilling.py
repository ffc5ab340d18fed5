"""Where DuckDB puts what outgrows the memory."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import uuid
from pathlib import Path

_NAME = re.compile(r"volreel-spill-(\d+)-[0-9a-f]{32}")


def spill_folder() -> Path:
    """A new name among the temporary files: DuckDB makes the folder when it needs it, and removes it at its end.

    What a process that was killed has left there, often gigabytes, is removed.
    """
    folder = Path(tempfile.gettempdir())
    for left in folder.glob("volreel-spill-*"):
        if (match := _NAME.fullmatch(left.name)) and not _is_running(int(match[1])):
            shutil.rmtree(left, ignore_errors=True)
    return folder / f"volreel-spill-{os.getpid()}-{uuid.uuid4().hex}"


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass  # another user's, or no number of ours
    return True
