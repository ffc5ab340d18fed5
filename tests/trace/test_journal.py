"""The journal: all of a flush or nothing, a torn tail is cut, and what is damaged is named with its rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from tracer.trace.disk import Disk
from tracer.trace.journal import Journal, journal_numbers, journal_path, read_journal, remove_journal
from tracer.trace.schema import SCHEMAS


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    (tmp_path / "journal").mkdir()
    return tmp_path


def batch(table: str, seqs: range) -> pa.RecordBatch:
    schema = SCHEMAS[table]
    rows = [dict.fromkeys(schema.names) | {"seq": seq, "observed_at": seq, "stream": "s"} for seq in seqs]
    return pa.RecordBatch.from_pylist(rows, schema=schema)


def flush(journal: Journal, tables: dict[str, range]) -> None:
    seqs = [seq for span in tables.values() for seq in span]
    journal.stage({table: batch(table, span) for table, span in tables.items()}, min(seqs), max(seqs))
    journal.commit()


def seqs(trace: Path, table: str) -> list[int]:
    return [seq for each in read_journal(trace, 1).batches(table) for seq in each["seq"].to_pylist()]


@pytest.fixture
def journal(trace: Path):
    """Three flushes: logs 0-1 and streams 2, logs 3-4, objects 5 and logs 6."""
    journal = Journal(trace, 1, Disk())
    flush(journal, {"logs": range(2), "streams": range(2, 3)})
    flush(journal, {"logs": range(3, 5)})
    flush(journal, {"objects": range(5, 6), "logs": range(6, 7)})
    journal.close()
    return journal


def test_flushes_come_back_per_table_in_order(trace, journal):
    assert (seqs(trace, "logs"), seqs(trace, "streams"), seqs(trace, "objects")) == ([0, 1, 3, 4, 6], [2], [5])
    reader = read_journal(trace, 1)
    assert (reader.damage, reader.torn_bytes, journal.rows) == ([], 0, 7)
    assert [reader.table_rows(table) for table in SCHEMAS] == [1, 5, 1]


def test_a_flush_is_there_in_all_tables_or_in_none_wherever_the_commit_is_cut(trace, journal):
    path = journal_path(trace, 1, "commits")
    whole = path.read_bytes()
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    rows = [([], [], []), ([0, 1], [2], []), ([0, 1, 3, 4], [2], []), ([0, 1, 3, 4, 6], [2], [5])]
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        flushes = sum(end <= size for end in ends)
        assert (seqs(trace, "logs"), seqs(trace, "streams"), seqs(trace, "objects")) == rows[flushes]
        assert read_journal(trace, 1).damage == []


def test_bytes_behind_the_last_commit_are_a_torn_tail_and_no_damage(trace, journal):
    with journal_path(trace, 1, "logs.arrows").open("ab") as file:
        file.write(b"half a batch")
    reader = read_journal(trace, 1)
    assert (reader.torn_bytes, reader.damage, reader.table_rows("logs")) == (12, [], 5)


def test_a_flipped_byte_costs_the_rows_of_its_flush_in_its_table_and_no_other(trace, journal):
    path = journal_path(trace, 1, "logs.arrows")
    data = bytearray(path.read_bytes())
    data[read_journal(trace, 1).commits[1].chunks["logs"].start + 40] ^= 1
    path.write_bytes(data)
    (damage,) = read_journal(trace, 1).damage
    assert (damage.file.name, damage.first_seq, damage.last_seq) == ("00000001.logs.arrows", 3, 4)
    assert "checksum" in damage.why
    assert (seqs(trace, "logs"), seqs(trace, "objects")) == ([0, 1, 6], [5])


def test_a_shortened_file_is_damage_with_the_rows_that_are_missing(trace, journal):
    path = journal_path(trace, 1, "objects.arrows")
    path.write_bytes(path.read_bytes()[:-1])
    (damage,) = read_journal(trace, 1).damage
    assert (damage.file.name, damage.first_seq, damage.last_seq) == ("00000001.objects.arrows", 5, 6)
    assert (seqs(trace, "logs"), seqs(trace, "objects")) == ([0, 1, 3, 4, 6], [])


def test_a_damaged_commit_names_the_rows_between_its_neighbours(trace, journal):
    path = journal_path(trace, 1, "commits")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1].replace(b"3", b"4", 1) + lines[2])
    (damage,) = read_journal(trace, 1).damage
    assert (damage.first_seq, damage.last_seq) == (3, 4)
    assert seqs(trace, "logs") == [0, 1, 6]


def test_a_journal_stays_readable_for_who_has_it_open_when_it_is_sealed_away(trace, journal):
    reader = read_journal(trace, 1)
    remove_journal(trace, 1, Disk())
    assert journal_numbers(trace) == []
    assert [seq for each in reader.batches("logs") for seq in each["seq"].to_pylist()] == [0, 1, 3, 4, 6]
    with pytest.raises(FileNotFoundError):
        read_journal(trace, 1)


def test_one_flush_at_a_time_is_staged_and_none_in_a_closed_journal(trace):
    journal = Journal(trace, 1, Disk())
    journal.stage({"logs": batch("logs", range(1))}, 0, 0)
    assert journal.has_staged
    with pytest.raises(RuntimeError):
        journal.stage({"logs": batch("logs", range(1, 2))}, 1, 1)
    journal.commit()
    journal.close()
    journal.close()
    with pytest.raises(RuntimeError):
        journal.stage({"logs": batch("logs", range(1, 2))}, 1, 1)
