"""Turning a journal into a sealed segment, and finishing or undoing what a crash left half done.

The order is what makes it safe: Parquet under a temporary name, sync, rename, sync the folder, the manifest the same
way, and only then the journal goes. Until the manifest names the segment, the journal is the truth.
"""

from __future__ import annotations

from pathlib import Path

from tracer.trace.disk import Disk
from tracer.trace.journal import Damage, JournalReader, journal_numbers, read_journal, remove_journal
from tracer.trace.manifest import Manifest, Segment, write_manifest
from tracer.trace.schema import TABLES
from tracer.trace.segments import describe_segment, file_span, segment_path, write_segment_file


def write_segment(trace: Path, manifest: Manifest, journal: JournalReader, disk: Disk) -> Segment | None:
    """Write a journal's rows as Parquet. None when it holds none. May run in a thread: it changes no manifest."""
    files = {}
    for table in TABLES:
        file = write_segment_file(trace, manifest.trace_id, table, journal.number, journal.batches(table), disk)
        if file is not None:
            files[table] = file
    if not files:
        return None
    spans = [file_span(segment_path(trace, table, journal.number)) for table in files]
    return describe_segment(journal.number, files, spans)


def adopt_segment(trace: Path, manifest: Manifest, number: int, segment: Segment | None, disk: Disk) -> None:
    """Name a written segment in the manifest, then remove its journal."""
    if segment is not None:
        manifest.segments.append(segment)
        manifest.segments.sort(key=lambda each: each.number)
        write_manifest(trace, manifest, disk)
    remove_journal(trace, number, disk)


def recover(trace: Path, manifest: Manifest, disk: Disk) -> list[Damage]:
    """Bring a trace that nobody is writing into order: every journal is sealed, nothing half done is left.

    Returns the rows that a damaged journal lost. Doing it again changes nothing.
    """
    for table in TABLES:
        for leftover in (trace / table).glob("*.tmp"):
            disk.remove(leftover)
    sealed = {segment.number for segment in manifest.segments}
    damage: list[Damage] = []
    for number in journal_numbers(trace):
        if number in sealed:
            remove_journal(trace, number, disk)
            continue
        try:
            journal = read_journal(trace, number)
        except FileNotFoundError:  # files without commits: nothing in them was ever certain
            journal = JournalReader(number)
        damage += journal.damage
        for table in TABLES:  # of an earlier try that the manifest never named
            disk.remove(segment_path(trace, table, number))
        adopt_segment(trace, manifest, number, write_segment(trace, manifest, journal, disk), disk)
    return damage
