"""Turning a journal into a sealed segment, and finishing or undoing what a crash left half done.

The order is what makes it safe: Parquet under a temporary name, sync, rename, sync the folder, the manifest the same
way, and only then the journal goes. Until the manifest names the segment, the journal is the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tracer.trace.disk import Disk
from tracer.trace.journal import Damage, JournalReader, journal_numbers, read_journal, remove_journal
from tracer.trace.manifest import MANIFEST, Manifest, Segment, write_manifest
from tracer.trace.schema import TABLES
from tracer.trace.segments import describe_segment, file_span, segment_path, write_segment_file
from tracer.trace.unnamed import file_numbers, overlooked_segments, remove_folded, remove_segment


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
    """Name a written segment in the manifest, then remove its journal.

    Raises OSError; the trace is whole then, and it may be called again.
    """
    if segment is not None and segment not in manifest.segments:
        replace_segments(trace, manifest, [*manifest.segments, segment], disk)
    remove_journal(trace, number, disk)


def replace_segments(trace: Path, manifest: Manifest, segments: Sequence[Segment], disk: Disk) -> None:
    """Let the manifest name these segments; where it cannot be written, it names the ones before."""
    before = manifest.segments
    manifest.segments = sorted(segments, key=lambda each: each.number)
    try:
        write_manifest(trace, manifest, disk)
    except BaseException:
        manifest.segments = before
        raise


def free_number(trace: Path, manifest: Manifest) -> int:
    """The number of the next journal: above everything that is there, so that nothing is ever overwritten."""
    named = [segment.number for segment in manifest.segments]
    return max([*named, *journal_numbers(trace), *file_numbers(trace)], default=0) + 1


def recover(trace: Path, manifest: Manifest, disk: Disk) -> list[Damage]:
    """Bring a trace that nobody is writing into order: every journal is sealed, nothing half done is left.

    Returns the rows that a damaged journal lost. Doing it again changes nothing.
    """
    # What a killed writer had written but not synced is seen here, and could still be lost.
    disk.sync(trace / MANIFEST)
    disk.sync_folder(trace)
    for table in TABLES:
        for leftover in (trace / table).glob("*.tmp"):
            disk.remove(leftover)
    remove_folded(trace, manifest, disk)
    if overlooked := overlooked_segments(trace, manifest):
        replace_segments(trace, manifest, [*manifest.segments, *overlooked], disk)
    sealed = {segment.number for segment in manifest.segments}
    damage: list[Damage] = []
    for number in journal_numbers(trace):
        if number in sealed:
            remove_journal(trace, number, disk)
        else:
            damage += _seal_journal(trace, manifest, number, disk)
    return damage


def _seal_journal(trace: Path, manifest: Manifest, number: int, disk: Disk) -> list[Damage]:
    try:
        journal = read_journal(trace, number)
    except FileNotFoundError:  # files without commits: nothing in them was ever certain
        journal = JournalReader(number)
    remove_segment(trace, number, disk)  # of an earlier try that the manifest never named
    adopt_segment(trace, manifest, number, write_segment(trace, manifest, journal, disk), disk)
    return journal.damage
