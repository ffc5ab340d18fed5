"""Bookmarks: places in a trace with a note, kept beside it, or with the user where that folder cannot be written to."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from analysis.landmarks import Spot
from analysis.trace import Trace
from tracer.errors import VolreelError


class Bookmark(NamedTuple):
    """A place and what somebody has to say about it."""

    spot: Spot
    note: str
    """As it was typed: show it through `visible`."""


class Bookmarks:
    """The bookmarks of a trace: `NAME.trace.bookmarks`, a JSON object a line with `at`, `seq` and `note`.

    Lines are only ever added, so that several people can have the trace open.
    """

    def __init__(self, trace: Trace) -> None:
        path = trace.path.absolute()
        name = hashlib.sha256(trace.id.encode()).hexdigest()[:32]
        self._files = (path.with_name(f"{path.name}.bookmarks"), _own_folder() / f"{name}.bookmarks")

    def all(self) -> list[Bookmark]:
        """The bookmarks in the trace's order; lines that are none are passed over."""
        return sorted((each for file in self._files for each in _read(file)), key=lambda bookmark: bookmark.spot.at)

    def add(self, bookmark: Bookmark) -> Path:
        """Keep a bookmark; the file that it is in now. Raises VolreelError where there is no place for it."""
        (at, seq), note = bookmark
        line = json.dumps({"at": at.isoformat(), "seq": seq, "note": note}) + "\n"
        for file in self._files:
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                with file.open("a", encoding="utf-8") as lines:
                    lines.write(line)
            except OSError:
                continue
            return file
        raise VolreelError(f"a bookmark cannot be kept: neither {self._files[0]} nor {self._files[1]} can be written.")


def _own_folder() -> Path:
    """`$XDG_DATA_HOME/volreel`."""
    base = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (base if base.is_absolute() else Path("~/.local/share").expanduser()) / "volreel"


def _read(file: Path) -> Iterator[Bookmark]:
    try:
        lines = file.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            told = json.loads(line)
            at, seq = datetime.fromisoformat(told["at"]), told["seq"]
            if at.tzinfo is not None and isinstance(seq, int | None):
                yield Bookmark(Spot(at, seq), str(told["note"]))
        except (ValueError, TypeError, KeyError):
            continue
