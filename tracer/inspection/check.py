"""Whether a trace is whole: every file against its checksum, its schema and the order that a trace promises."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tracer.errors import NotATrace, TraceDamaged
from tracer.inspection import leftovers
from tracer.inspection.finding import Finding, Lost
from tracer.inspection.order import Order
from tracer.inspection.sealed import check_sealed
from tracer.trace import Trace, open_trace
from tracer.trace.journal import JournalReader
from tracer.trace.manifest import MANIFEST, Segment, read_manifest
from tracer.trace.progress import Advance
from tracer.trace.schema import TABLES
from tracer.trace.segments import segment_path


@dataclass
class Checked:
    """What a check has found; with --json, these are the keys (`ok` among them)."""

    trace: str
    ok: bool = True
    """No faults; there may be notes."""
    faults: list[Finding] = field(default_factory=list)
    """What is not as it should be."""
    notes: list[Finding] = field(default_factory=list)
    """What a crash leaves and the next writer puts in order, and what does no harm."""
    files: int = 0
    """Sealed files that were read."""
    readable: dict[str, int] = field(default_factory=dict)
    """Table -> rows that can be read."""


def check_trace(path: Path, progress: Advance = lambda done, total: None) -> Checked:
    """Read a trace from end to end and say what is wrong with it. Nothing is changed.

    Raises NotATrace, TraceTooNew, TraceDamaged (a damaged manifest, and nothing else there).
    """
    trace = open_trace(path)
    checked = Checked(str(path))
    checked.faults += _manifest_faults(trace)
    order = Order()
    lost_rows = dict.fromkeys(TABLES, 0)
    total = sum(file.bytes for segment in trace.manifest.segments for file in segment.files.values())
    done = 0
    parts: list[Segment | JournalReader] = [*_all_segments(trace), *trace.journals]
    for part in sorted(parts, key=lambda each: each.number):
        if isinstance(part, JournalReader):
            checked.faults += [_journal_fault(trace, part, index) for index in range(len(part.damage))]
            checked.faults += order.take(f"journal/{part.number:08d}", [part.batches(table) for table in TABLES])
            continue
        clocks = []
        for table, file in part.files.items():
            result = check_sealed(trace, part, table)
            checked.faults += result.faults
            checked.files += 1
            lost_rows[table] += result.unreadable
            clocks.append(iter(result.clocks))
            done += file.bytes
            progress(done, total)
        checked.faults += order.take(f"segment {part.number:08d}", clocks)
    faults, notes = leftovers.find(trace)
    checked.faults += faults
    checked.notes += notes
    checked.readable = {table: trace.rows(table) - lost_rows[table] for table in TABLES}
    checked.ok = not checked.faults
    return checked


def _all_segments(trace: Trace) -> list[Segment]:
    """Those that the manifest names, also where their files cannot be opened; and those that it should name."""
    named = {segment.number for segment in trace.manifest.segments}
    return [*trace.manifest.segments, *(each for each in trace.segments if each.number not in named)]


def _manifest_faults(trace: Trace) -> list[Finding]:
    named = {segment.number for segment in trace.manifest.segments}
    overlooked = [] if trace.is_being_recorded else [each for each in trace.segments if each.number not in named]
    found = [
        Finding(
            MANIFEST,
            f"is stale: it does not name {segment_path(Path(), table, each.number)}, whose rows are read all the same",
            advice="`volreel record --resume` writes it anew",
        )
        for each in overlooked
        for table in each.files
    ]
    try:
        read_manifest(trace.path)
    except (NotATrace, TraceDamaged) as error:
        what = "is missing" if isinstance(error, NotATrace) else "is damaged"
        why = f"{what}; the segments were found by themselves, what only it knew (cluster, recorder) is lost"
        found.append(Finding(MANIFEST, why, advice="keep a copy of the trace before you repair it"))
    return found


def _journal_fault(trace: Trace, journal: JournalReader, index: int) -> Finding:
    damage = journal.damage[index]
    rows = None if damage.last_seq is None else damage.last_seq - damage.first_seq + 1
    return Finding(
        f"journal/{damage.file.name}",
        damage.why,
        lost=Lost(damage.first_seq, damage.last_seq, rows, None, None),
        advice="the rest of the journal is read without it",
    )
