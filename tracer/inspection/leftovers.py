"""Files in a trace's folder that no reader needs: what a crash left, and what does not belong there."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tracer.inspection.finding import Finding
from tracer.trace import Trace
from tracer.trace.journal import FOLDER as JOURNAL
from tracer.trace.journal import journal_numbers
from tracer.trace.lock import LOCK
from tracer.trace.manifest import MANIFEST
from tracer.trace.schema import TABLES
from tracer.trace.segments import segment_path

_JOURNAL_FILE = re.compile(r"\d{8}\.(?:commits|(?:objects|logs|streams)\.arrows)")
_TIDIES = "the next `volreel record --resume` removes it"


def find(trace: Trace) -> tuple[list[Finding], list[Finding]]:
    """Faults, and notes. While a recorder is at work, what it has half done is neither."""
    notes = [] if trace.is_being_recorded else [*_torn(trace), *_half_done(trace)]
    named = {str(segment_path(Path(), table, each.number)) for each in trace.manifest.segments for table in each.files}
    named |= {str(segment_path(Path(), table, each.number)) for each in trace.segments for table in each.files}
    faults = []
    for path in sorted(trace.path.rglob("*")):
        name = str(path.relative_to(trace.path))
        if path.is_dir() or name in named or _is_ours(trace, path, name):
            continue
        if path.suffix == ".parquet" and path.parent.name in TABLES:
            why = _stranger(trace, path)
            faults.append(
                Finding(name, why, None, f"remove it: other tools that read {path.parent.name}/*.parquet see it")
            )
        else:
            notes.append(Finding(name, "does not belong to the trace; readers ignore it"))
    return faults, notes


def _is_ours(trace: Trace, path: Path, name: str) -> bool:
    if name in (MANIFEST, LOCK, f"{MANIFEST}.tmp"):
        return True
    if path.parent.name == JOURNAL and _JOURNAL_FILE.fullmatch(path.name):
        return True
    if path.parent.name not in TABLES:
        return False
    # A number that has a journal, or a file that is being written: the journal is the truth, see _half_done.
    number = path.name.split(".", 1)[0]
    return path.name.endswith(".tmp") or (number.isdigit() and int(number) in journal_numbers(trace.path))


def _torn(trace: Trace) -> list[Finding]:
    return [
        Finding(
            f"{JOURNAL}/{journal.number:08d}",
            f"has a torn tail of {journal.torn_bytes} bytes: a flush that a crash cut short, never promised",
            None,
            "nothing to do; the next `volreel record --resume` cuts it off",
        )
        for journal in trace.journals
        if journal.torn_bytes
    ]


def _half_done(trace: Trace) -> list[Finding]:
    found = [
        Finding(str(temporary.relative_to(trace.path)), "was being written when it was cut off", None, _TIDIES)
        for temporary in sorted(trace.path.rglob("*.tmp"))
    ]
    sealed = {segment.number for segment in trace.manifest.segments}
    for number in journal_numbers(trace.path):
        if number in sealed:
            why = "is sealed already: the seal was cut off before its last step; its rows are counted once"
            found.append(Finding(f"{JOURNAL}/{number:08d}", why, None, _TIDIES))
            continue
        for table in TABLES:
            path = segment_path(trace.path, table, number)
            if path.exists():
                why = f"is a half-done seal: {MANIFEST} does not name it, its rows are read from the journal"
                found.append(Finding(str(path.relative_to(trace.path)), why, None, _TIDIES))
    if trace.manifest.sessions and not trace.manifest.is_ended:
        found.append(
            Finding(MANIFEST, "says no end: the recorder was killed", None, "go on with --resume, or leave it")
        )
    return found


def _stranger(trace: Trace, path: Path) -> str:
    try:
        keys = pq.read_metadata(path).metadata or {}
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        return "does not belong to the trace and is no Parquet"
    trace_id = keys.get(b"volreel.trace_id", b"").decode("utf-8", "replace")
    number, table = (
        keys.get(f"volreel.{key}".encode(), b"?").decode("utf-8", "replace") for key in ("segment", "table")
    )
    if trace_id != trace.manifest.trace_id:
        return f"belongs to another trace ({trace_id or 'it names none'}); its rows are not read"
    return f"is not in {MANIFEST}: it was sealed as {table} of segment {number}; its rows are not read"
