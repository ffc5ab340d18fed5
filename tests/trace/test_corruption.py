"""Every damage that was thought of: the rest of the trace stays readable, and `check` names the fault."""

from __future__ import annotations

import json
import shutil

import pyarrow.parquet as pq
import pytest

from tracer.errors import NotATrace, TraceDamaged, TraceTooNew
from tracer.inspection.check import check_trace
from tracer.inspection.check_text import check_text
from tracer.inspection.info import inspect_trace
from tracer.inspection.info_text import info_text
from tracer.trace import open_trace
from tracer.trace.disk import Disk
from tracer.trace.journal import read_journal
from tracer.trace.schema import TABLES
from tracer.trace.segments import segment_path, write_segment_file
from tracer.trace.writer import TraceWriter

ROUND = 12
"""Rows of a round: ten observations, a log line, a note."""
ALL = set(range(3 * ROUND))


def round_of_rows(writer, number):
    texts = [json.dumps({"metadata": {"name": f"{number}-{row}"}, "pad": "x" * 2000}) for row in range(10)]
    columns = {
        "stream": ["v1/pods"] * 10,
        "type": ["ADDED"] * 10,
        "kind": ["Pod"] * 10,
        "uid": [f"u{number}-{row}" for row in range(10)],
        "object": texts,
    }
    now = writer.clock.now_us()
    writer.observe(10, 1000, columns, now)
    writer.log(1, 10, {"stream": ["log/n/p/u/c/0"], "line": [f"line {number}"]}, now)
    writer.note("v1/pods", "bookmark", revision_to=number)


def write_trace(path, *, sealed=3, tail=0, close=True):
    """`sealed` rounds in a segment each, `tail` rounds in the journal, a flush each."""
    writer = TraceWriter.create(path, "test")
    for number in range(sealed):
        round_of_rows(writer, number)
        writer.seal()
    for number in range(tail):
        round_of_rows(writer, sealed + number)
        writer.flush()
    if close:
        writer.close()
    else:
        writer.save_manifest()
        writer.release()
    return path


@pytest.fixture
def sealed(tmp_path):
    return write_trace(tmp_path / "t.trace")


@pytest.fixture
def crashed(tmp_path):
    return write_trace(tmp_path / "t.trace", sealed=1, tail=2, close=False)


def readable(path):
    """The seqs that can be read, segment by segment; each once."""
    trace = open_trace(path)
    found = []
    for table in TABLES:
        for segment in trace.segments:
            try:
                found += [seq for batch in one(trace, segment, []).batches(table) for seq in batch["seq"].to_pylist()]
            except TraceDamaged:
                continue
        found += [seq for batch in one(trace, None, trace.journals).batches(table) for seq in batch["seq"].to_pylist()]
    assert len(found) == len(set(found))
    return set(found)


def one(trace, segment, journals):
    from dataclasses import replace

    return replace(trace, segments=[] if segment is None else [segment], journals=journals)


def faults(path):
    checked = check_trace(path)
    assert checked.ok == (not checked.faults)
    text = check_text(checked)
    assert all(len(line) <= 80 for line in text.splitlines() if "/" not in line)
    info_text(inspect_trace(path))  # never gives up
    return {finding.file: finding for finding in checked.faults}


def notes(path):
    checked = check_trace(path)
    assert checked.ok
    return {finding.file: finding for finding in checked.notes}


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 0x40
    path.write_bytes(data)


def rows_of(segment, *tables):
    """The seqs of a round's rows in these tables."""
    first = segment * ROUND
    parts = {"objects": range(first, first + 10), "logs": [first + 10], "streams": [first + 11]}
    return {seq for table in tables or TABLES for seq in parts[table]}


def test_a_whole_trace_has_neither_faults_nor_notes(sealed):
    checked = check_trace(sealed)
    assert (checked.ok, checked.notes, checked.files) == (True, [], 9)
    assert checked.readable == {"objects": 30, "logs": 3, "streams": 3}


# -- the journal ------------------------------------------------------------------------------------------------------


def test_a_torn_tail_is_a_note(crashed):
    with (crashed / "journal" / "00000002.objects.arrows").open("ab") as file:
        file.write(b"half a flush")
    found = notes(crashed)
    assert "torn tail of 12 bytes" in found["journal/00000002"].why
    assert readable(crashed) == ALL


def test_a_torn_commit_is_a_note(crashed):
    with (crashed / "journal" / "00000002.commits").open("ab") as file:
        file.write(b"0badc0de {")
    assert "torn tail" in notes(crashed)["journal/00000002"].why
    assert readable(crashed) == ALL


def test_a_truncated_batch_loses_itself_and_nothing_else(crashed):
    journal = crashed / "journal" / "00000002.objects.arrows"
    journal.write_bytes(journal.read_bytes()[:-100])
    lost = faults(crashed)["journal/00000002.objects.arrows"]
    assert "bytes" in lost.why and "missing" in lost.why
    assert (lost.lost.first_seq, lost.lost.last_seq) == (24, 35)
    assert readable(crashed) == ALL - rows_of(2, "objects")


def test_a_zeroed_page_of_the_journal_loses_its_batch(crashed):
    journal = crashed / "journal" / "00000002.objects.arrows"
    chunk = read_journal(crashed, 2).commits[0].chunks["objects"]
    data = bytearray(journal.read_bytes())
    data[chunk.start : min(chunk.end, chunk.start + 4096)] = bytes(min(chunk.end, chunk.start + 4096) - chunk.start)
    journal.write_bytes(data)
    lost = faults(crashed)["journal/00000002.objects.arrows"]
    assert "checksum" in lost.why
    assert readable(crashed) == ALL - rows_of(1, "objects")


def test_a_flipped_byte_in_a_chunk_loses_its_batch(crashed):
    flip(crashed / "journal" / "00000002.logs.arrows", -20)
    assert "checksum" in faults(crashed)["journal/00000002.logs.arrows"].why
    assert readable(crashed) == ALL - rows_of(2, "logs")


def test_a_flipped_byte_in_a_commit_loses_what_it_speaks_of(crashed):
    flip(crashed / "journal" / "00000002.commits", 20)
    found = faults(crashed)["journal/00000002.commits"]
    assert (found.lost.first_seq, found.lost.last_seq) == (12, 23)
    assert readable(crashed) == ALL - rows_of(1)


def test_a_recorder_that_was_killed_is_a_note(crashed):
    assert "killed" in notes(crashed)["trace.json"].why
    assert inspect_trace(crashed).state == "not ended"


def test_what_a_recorder_at_work_has_half_done_is_neither_fault_nor_note(crashed):
    writer = TraceWriter.resume(crashed, "test")
    round_of_rows(writer, 3)
    writer.flush()
    number = writer.rotate()
    writer.write_sealed(number)
    found = check_trace(crashed)
    assert (found.faults, found.notes) == ([], [])
    assert found.readable["objects"] == 40
    writer.close()


# -- the manifest -----------------------------------------------------------------------------------------------------


def test_a_missing_manifest_is_put_together_from_the_segments(sealed):
    (sealed / "trace.json").unlink()
    assert "missing" in faults(sealed)["trace.json"].why
    assert readable(sealed) == ALL


def test_a_damaged_manifest_is_put_together_from_the_segments(sealed):
    (sealed / "trace.json").write_text("{")
    assert "damaged" in faults(sealed)["trace.json"].why
    assert readable(sealed) == ALL


def test_a_stale_manifest_is_named_and_the_rows_behind_it_are_read(sealed):
    manifest = json.loads((sealed / "trace.json").read_text())
    manifest["segments"].pop()
    (sealed / "trace.json").write_text(json.dumps(manifest))
    assert "stale" in faults(sealed)["trace.json"].why
    assert readable(sealed) == ALL


def test_a_newer_format_is_refused(sealed):
    manifest = json.loads((sealed / "trace.json").read_text())
    (sealed / "trace.json").write_text(json.dumps({**manifest, "format": 2}))
    with pytest.raises(TraceTooNew, match="format 2"):
        check_trace(sealed)


def test_a_folder_without_manifest_and_segments_is_no_trace(tmp_path):
    (tmp_path / "x.trace").mkdir()
    with pytest.raises(NotATrace, match=r"trace\.json"):
        check_trace(tmp_path / "x.trace")


def test_a_file_is_no_trace(tmp_path):
    (tmp_path / "x.trace").write_text("{}")
    with pytest.raises(NotATrace, match="file"):
        check_trace(tmp_path / "x.trace")


def test_nothing_there_is_no_trace(tmp_path):
    with pytest.raises(NotATrace):
        check_trace(tmp_path / "x.trace")


def test_an_empty_trace_is_whole(tmp_path):
    path = write_trace(tmp_path / "t.trace", sealed=0)
    assert (check_trace(path).ok, readable(path)) == (True, set())
    assert inspect_trace(path).first_at is None
    assert "no rows" in info_text(inspect_trace(path))


# -- a seal that was cut off ------------------------------------------------------------------------------------------


class Cut(Exception):
    pass


class CutDisk(Disk):
    """Ends the process, so to speak, before a step on a file."""

    def __init__(self, step, ending):
        self.step, self.ending, self.is_armed = step, ending, False

    def rename(self, source, target):
        self._cut("rename", target)
        super().rename(source, target)

    def remove(self, path):
        self._cut("remove", path)
        super().remove(path)

    def _cut(self, step, path):
        if self.is_armed and step == self.step and path.name.endswith(self.ending):
            raise Cut


@pytest.mark.parametrize(
    ("step", "ending", "named"),
    [
        ("rename", ".parquet", None),
        ("rename", "trace.json", "objects/00000001.parquet"),
        ("rename", "trace.json", "trace.json.tmp"),
        ("remove", ".objects.arrows", "journal/00000001"),
        ("remove", ".commits", "journal/00000001"),
    ],
    ids=["parquet written", "not in the manifest", "manifest written", "journal still there", "commits still there"],
)
def test_a_seal_that_was_cut_off_in_any_step_is_a_note_and_loses_nothing(tmp_path, step, ending, named):
    disk = CutDisk(step, ending)
    writer = TraceWriter.create(tmp_path / "t.trace", "test", disk=disk)
    for number in range(3):
        round_of_rows(writer, number)
    disk.is_armed = True
    with pytest.raises(Cut):
        writer.seal()
    writer.release()
    assert readable(writer.path) == ALL
    found = notes(writer.path)
    assert named is None or named in found
    TraceWriter.resume(writer.path, "test").close()
    assert check_trace(writer.path).notes == []
    assert readable(writer.path) == ALL


def test_a_segment_that_was_being_written_is_a_note(sealed):
    (sealed / "logs" / "00000004.parquet.tmp").write_bytes(b"PAR1")
    assert "cut off" in notes(sealed)["logs/00000004.parquet.tmp"].why
    assert readable(sealed) == ALL


# -- sealed files -----------------------------------------------------------------------------------------------------


def test_a_missing_segment_is_named_with_what_is_lost(sealed):
    (sealed / "objects" / "00000002.parquet").unlink()
    found = faults(sealed)["objects/00000002.parquet"]
    assert "missing" in found.why
    assert (found.lost.first_seq, found.lost.last_seq, found.lost.rows) == (12, 21, 10)
    assert found.lost.first_at is not None
    assert readable(sealed) == ALL - rows_of(1, "objects")
    assert check_trace(sealed).readable["objects"] == 20


def test_a_sealed_file_that_was_cut_short_is_left_out(sealed):
    path = sealed / "objects" / "00000002.parquet"
    path.write_bytes(path.read_bytes()[:-50])
    assert "were sealed" in faults(sealed)["objects/00000002.parquet"].why
    assert readable(sealed) == ALL - rows_of(1, "objects")


def data_page(path, column):
    """Offset and size of a column's first data page, header included."""
    metadata = pq.read_metadata(path).row_group(0)
    found = next(
        metadata.column(index)
        for index in range(metadata.num_columns)
        if metadata.column(index).path_in_schema == column
    )
    return found.data_page_offset, found.total_compressed_size


def test_a_flipped_byte_in_a_sealed_file_is_found_by_its_checksum(sealed):
    path = sealed / "objects" / "00000002.parquet"
    start, size = data_page(path, "object")
    flip(path, start + size - 5)
    found = faults(sealed)["objects/00000002.parquet"]
    assert "SHA-256" in found.why and "0 of 10 rows" in found.why
    assert (found.lost.first_seq, found.lost.last_seq, found.lost.rows) == (12, 21, 10)
    assert readable(sealed) == ALL - rows_of(1, "objects")
    assert check_trace(sealed).readable["objects"] == 20


def test_every_byte_of_a_sealed_file_is_watched(sealed):
    path = sealed / "streams" / "00000002.parquet"
    whole = path.read_bytes()
    for at in range(0, len(whole), 97):
        flip(path, at)
        assert "streams/00000002.parquet" in {each.file for each in check_trace(sealed).faults}
        path.write_bytes(whole)


def test_a_zeroed_page_of_a_sealed_file_is_found(sealed):
    path = sealed / "objects" / "00000002.parquet"
    start, size = data_page(path, "object")
    data = bytearray(path.read_bytes())
    data[start : start + size] = bytes(size)
    path.write_bytes(data)
    assert "SHA-256" in faults(sealed)["objects/00000002.parquet"].why
    assert readable(sealed) == ALL - rows_of(1, "objects")


def test_a_file_that_is_moved_away_costs_only_itself(sealed):
    path = sealed / "objects" / "00000002.parquet"
    start, size = data_page(path, "object")
    flip(path, start + size - 5)
    assert "move it out" in faults(sealed)["objects/00000002.parquet"].advice
    path.unlink()
    trace = open_trace(sealed)
    assert sum(batch.num_rows for batch in trace.batches("objects")) == 20


def test_a_foreign_file_is_a_note_and_foreign_parquet_among_the_tables_a_fault(sealed):
    (sealed / "notes.txt").write_text("mine")
    assert "does not belong" in notes(sealed)["notes.txt"].why
    (sealed / "objects" / "mine.parquet").write_bytes(b"PAR1")
    assert "does not belong" in faults(sealed)["objects/mine.parquet"].why
    assert readable(sealed) == ALL


def test_a_segment_of_another_trace_is_named_and_not_read(sealed, tmp_path):
    other = write_trace(tmp_path / "other.trace", sealed=4)
    shutil.copy(segment_path(other, "objects", 4), segment_path(sealed, "objects", 4))
    assert "another trace" in faults(sealed)["objects/00000004.parquet"].why
    assert readable(sealed) == ALL


def test_a_segment_of_another_trace_in_the_place_of_ours_is_named(sealed, tmp_path):
    other = write_trace(tmp_path / "other.trace", sealed=3)
    shutil.copy(segment_path(other, "objects", 2), segment_path(sealed, "objects", 2))
    checked = check_trace(sealed)
    whys = [each.why for each in checked.faults if each.file == "objects/00000002.parquet"]
    assert any("SHA-256" in why for why in whys) and any("another trace" in why for why in whys)


def test_a_segment_that_was_doubled_is_named_and_read_once(sealed):
    shutil.copy(segment_path(sealed, "objects", 2), segment_path(sealed, "objects", 4))
    assert "segment 2" in faults(sealed)["objects/00000004.parquet"].why
    assert readable(sealed) == ALL


def test_a_segment_that_the_manifest_has_forgotten_in_the_middle_is_named(sealed):
    manifest = json.loads((sealed / "trace.json").read_text())
    del manifest["segments"][1]
    (sealed / "trace.json").write_text(json.dumps(manifest))
    assert "is not in trace.json" in faults(sealed)["objects/00000002.parquet"].why
    assert readable(sealed) == ALL - rows_of(1)


def test_a_fold_that_was_cut_off_is_a_note(sealed):
    trace = open_trace(sealed)
    state = trace.batches("objects")
    write_segment_file(sealed, trace.manifest.trace_id, "objects", 0, state, Disk(), state=True)
    assert "fold" in notes(sealed)["objects/00000000.parquet"].why
    assert readable(sealed) == ALL


def test_a_doubled_segment_is_read_once_without_a_manifest_too(sealed):
    shutil.copy(segment_path(sealed, "objects", 2), segment_path(sealed, "objects", 4))
    (sealed / "trace.json").unlink()
    assert readable(sealed) == ALL


# -- what a manifest can lie about ------------------------------------------------------------------------------------


def reseal(sealed, number, change):
    """Write the observations of a segment anew, changed, with a manifest that agrees."""
    trace = open_trace(sealed)
    segment = next(each for each in trace.manifest.segments if each.number == number)
    batches = [change(batch) for batch in one(trace, segment, []).batches("objects")]
    file = write_segment_file(sealed, trace.manifest.trace_id, "objects", number, batches, Disk())
    manifest = json.loads((sealed / "trace.json").read_text())
    entry = next(each for each in manifest["segments"] if each["number"] == number)["files"]["objects"]
    entry |= {"rows": file.rows, "bytes": file.bytes, "sha256": file.sha256}
    (sealed / "trace.json").write_text(json.dumps(manifest))


def with_column(batch, name, values):
    return batch.set_column(batch.schema.names.index(name), batch.schema.field(name), values)


def test_a_seq_that_stands_twice_is_named(sealed):
    reseal(sealed, 2, lambda batch: with_column(batch, "seq", batch["seq"].take([0, 0, 2, 3, 4, 5, 6, 7, 8, 9])))
    assert "seq" in faults(sealed)["segment 00000002"].why


def test_a_seq_that_another_table_has_is_named(sealed):
    import pyarrow as pa

    reseal(sealed, 2, lambda batch: with_column(batch, "seq", pa.array([12, 13, 14, 15, 16, 17, 18, 19, 20, 22])))
    assert "seq 22 stands in it more than once" in faults(sealed)["segment 00000002"].why


def test_a_clock_that_steps_back_is_named(sealed):
    import pyarrow as pa

    old = pa.array([0] * 10, pa.timestamp("us", "UTC"))
    reseal(sealed, 2, lambda batch: with_column(batch, "observed_at", old))
    assert "observed_at steps back" in faults(sealed)["segment 00000002"].why


def test_columns_of_a_later_version_are_fine_and_a_column_of_another_type_is_not(sealed):
    import pyarrow as pa

    reseal(sealed, 2, lambda batch: batch.append_column("of_tomorrow", pa.array(range(10))))
    assert check_trace(sealed).ok
    reseal(sealed, 2, lambda batch: batch.set_column(batch.schema.names.index("uid"), "uid", pa.array(range(10))))
    assert "column uid has the type int64" in faults(sealed)["objects/00000002.parquet"].why
