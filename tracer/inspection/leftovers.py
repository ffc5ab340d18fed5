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
    is_recording = trace.is_being_recorded
    notes = [] if is_recording else [*_torn(trace), *_half_done(trace)]
    named = {str(segment_path(Path(), table, each.number)) for each in trace.manifest.segments for table in each.files}
    named |= {str(segment_path(Path(), table, each.number)) for each in trace.segments for table in each.files}
    faults = []
    for path in sorted(trace.path.rglob("*")):
        name = str(path.relative_to(trace.path))
        if path.is_dir() or name in named or _is_ours(trace, path, name):
            continue
        if is_recording and _is_own(trace, path):
            continue  # sealed since the trace was opened
        if _is_folded(trace, path):
            notes.append(
                Finding(name, "is left over from a ring's fold that was cut off; readers ignore it", None, _TIDIES)
            )
        elif path.suffix == ".parquet" and path.parent.name in TABLES:
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


def _is_folded(trace: Trace, path: Path) -> bool:
    """A state that was never named, or a segment that a state has replaced."""
    if not _is_own(trace, path):
        return False
    first_kept = min((each.number for each in trace.manifest.segments if not each.state), default=0)
    return "state" in _keys(path) or (trace.manifest.kept_from is not None and int(path.stem) < first_kept)


def _is_own(trace: Trace, path: Path) -> bool:
    """Whether the file was sealed for this trace, under this name."""
    keys = _keys(path)
    own = {"trace_id": trace.manifest.trace_id, "table": path.parent.name, "segment": path.stem.lstrip("0") or "0"}
    return all(keys.get(name) == value for name, value in own.items())


def _stranger(trace: Trace, path: Path) -> str:
    keys = _keys(path)
    if not keys:
        return "does not belong to the trace; its rows are not read"
    if keys.get("trace_id") != trace.manifest.trace_id:
        return f"belongs to another trace ({keys.get('trace_id')}); its rows are not read"
    sealed_as = f"it was sealed as {keys.get('table')} of segment {keys.get('segment')}"
    return f"is not in {MANIFEST}: {sealed_as}; its rows are not read"


def _keys(path: Path) -> dict[str, str]:
    """What a sealed file says of itself; nothing where it is none."""
    try:
        keys = pq.read_metadata(path).metadata or {}
    except (pa.ArrowException, OSError):
        return {}
    texts = {key.decode("utf-8", "replace"): value.decode("utf-8", "replace") for key, value in keys.items()}
    return {key.removeprefix("volreel."): value for key, value in texts.items() if key.startswith("volreel.")}
