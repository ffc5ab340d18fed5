"""TraceWriter and open_trace: what is written is what is read, whatever it is and wherever it lies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from ledger import Ledger, read_rows

from tracer.errors import NotATrace, TraceDamaged, TraceExists, TraceLocked, TraceTooNew
from tracer.trace import open_trace
from tracer.trace.manifest import read_manifest
from tracer.trace.segments import file_digest, segment_path
from tracer.trace.writer import TraceWriter

HOSTILE = [
    "'; drop table objects; --",
    "\x1b[31mred\x1b[0m \x00 \x07",
    "[bold]markup[/bold] <script>alert(1)</script>",
    "\u202eright to left\u2066 \U0001f4a5 é",
    "{braces} %s \\ \" ' \n\r\t",
    "",
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.trace"


def column(path: Path, table: str, name: str) -> list:
    return [value for batch in open_trace(path).batches(table, [name]) for value in batch[name].to_pylist()]


def test_rows_come_back_in_order_over_segments_and_journal(path):
    writer, ledger = TraceWriter.create(path, "test"), Ledger()
    for _ in range(3):
        ledger.note(writer, "opened")
        ledger.observe(writer, [("ADDED", "a", True), ("MODIFIED", "a", False)])
        ledger.log(writer, 3)
        writer.flush()
        ledger.log(writer, 1)
        writer.seal()
    ledger.observe(writer, [("DELETED", "a", True)])
    writer.flush()
    writer.rotate()
    ledger.note(writer, "closed")
    writer.flush()
    ledger.promised = len(ledger.rows)
    trace = open_trace(path)
    assert ledger.check(trace) == 23
    assert ([each.number for each in trace.segments], [each.number for each in trace.journals]) == ([1, 2, 3], [4, 5])
    assert trace.is_being_recorded
    writer.close()
    assert ledger.check(open_trace(path)) == 23
    assert list((path / "journal").iterdir()) == []
    assert not open_trace(path).is_being_recorded


def test_segments_that_are_named_out_of_order_are_still_read_in_order(path):
    writer, ledger = TraceWriter.create(path, "test"), Ledger()
    for _ in range(2):
        ledger.log(writer, 2)
        writer.flush()
        writer.rotate()
    writer.adopt(2, writer.write_sealed(2))
    assert ledger.check(open_trace(path)) == 4
    writer.close()


def test_what_is_not_flushed_is_not_shown(path):
    writer, ledger = TraceWriter.create(path, "test"), Ledger()
    ledger.log(writer, 2)
    assert open_trace(path).rows("logs") == 0
    assert writer.stage()
    assert (writer.owes_commit, writer.pending_rows, writer.stage()) == (True, 0, False)
    assert open_trace(path).rows("logs") == 0
    writer.commit()
    assert open_trace(path).rows("logs") == 2
    writer.close()


def test_an_empty_trace_opens_and_has_nothing(path):
    TraceWriter.create(path, "test").close()
    trace = open_trace(path)
    assert (trace.rows("objects"), trace.faults, trace.segments, trace.manifest.is_ended) == (0, [], [], True)
    assert trace.tail("logs").num_rows == 0


def test_a_resumed_trace_goes_on_with_the_next_seq_and_names_both_sessions(path):
    ledger = Ledger()
    for by in ("first", "second"):
        writer = TraceWriter.resume(path, by) if path.exists() else TraceWriter.create(path, by)
        ledger.log(writer, 2)
        writer.close()
    assert ledger.check(open_trace(path)) == 4
    assert [each.by.split()[-1] for each in open_trace(path).manifest.sessions] == ["first", "second"]


def test_observed_at_never_steps_back_after_a_resume_though_the_last_row_came_from_a_clock_ahead(path):
    tomorrow = 4_102_444_800_000_000  # a recorder whose clock was far ahead
    writer = TraceWriter.create(path, "test")
    writer.log(1, 1, {"line": ["early"]}, tomorrow)
    writer.flush()
    writer.release()
    writer = TraceWriter.resume(path, "test")
    assert writer.clock.now_us() > tomorrow
    writer.note("v1/pods", "resumed")
    writer.close()
    instants = [row[1] for row in read_rows(open_trace(path))]
    assert instants == sorted(instants)


def test_a_second_process_cannot_write_the_same_trace(path):
    writer = TraceWriter.create(path, "test")
    script = "import pathlib, sys, tracer.trace.writer as w; w.TraceWriter.resume(pathlib.Path(sys.argv[1]), 'test')"
    refused = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False)
    assert "TraceLocked" in refused.stderr
    assert "is being recorded by process" in refused.stderr
    with pytest.raises(TraceLocked, match="Stop that recorder"):
        TraceWriter.resume(path, "same process")
    writer.close()
    TraceWriter.resume(path, "after it ended").close()


def test_a_trace_is_never_overwritten(path, tmp_path):
    TraceWriter.create(path, "test").close()
    with pytest.raises(TraceExists, match="--resume"):
        TraceWriter.create(path, "test")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("keep")
    for taken in (tmp_path / "notes", tmp_path / "notes" / "mine.txt"):
        with pytest.raises(TraceExists):
            TraceWriter.create(taken, "test")


def test_a_recorder_that_died_before_its_first_manifest_does_not_block_the_name(path):
    (path / "journal").mkdir(parents=True)
    (path / "lock").touch()
    (path / "trace.json.tmp").write_bytes(b"{")
    writer, ledger = TraceWriter.create(path, "test"), Ledger()
    ledger.log(writer, 1)
    writer.close()
    assert ledger.check(open_trace(path)) == 1


def test_opening_says_what_is_no_trace(path, tmp_path):
    with pytest.raises(NotATrace, match=r"has no trace\.json"):
        open_trace(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(NotATrace, match="is a file"):
        open_trace(tmp_path / "file")
    with pytest.raises(NotATrace):
        TraceWriter.resume(tmp_path, "test")
    TraceWriter.create(path, "test").close()
    (path / "trace.json").write_text('{"format": 2, "future": []}')
    with pytest.raises(TraceTooNew, match="newer volreel"):
        open_trace(path)
    (path / "trace.json").write_text("{")
    with pytest.raises(TraceDamaged):
        TraceWriter.resume(path, "test")


@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "journal"])
def test_hostile_text_comes_back_as_it_was(path, is_sealed):
    writer = TraceWriter.create(path, "test")
    writer.observe(len(HOSTILE), 1, {"name": HOSTILE, "stream": HOSTILE, "finalizers": [HOSTILE] * len(HOSTILE)}, 1)
    for text in HOSTILE:
        writer.note(text, text, detail=text)
    (writer.seal if is_sealed else writer.flush)()
    assert column(path, "objects", "name") == HOSTILE
    assert column(path, "objects", "finalizers") == [HOSTILE] * len(HOSTILE)
    assert column(path, "streams", "detail") == HOSTILE
    writer.close()


@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "journal"])
def test_what_is_not_utf8_is_shown_and_costs_its_neighbours_nothing(path, is_sealed):
    writer = TraceWriter.create(path, "test")
    writer.log(4, 1, {"line": [b"fine", b"broken \xff\xfe", "lone \ud800", None]}, 1)
    (writer.seal if is_sealed else writer.flush)()
    fine, broken, lone, nothing = column(path, "logs", "line")
    assert (fine, broken, nothing) == ("fine", "broken \ufffd\ufffd", None)
    assert lone.startswith("lone \ufffd")
    writer.close()


def test_objects_of_megabytes_come_back_whole_and_in_order(path):
    writer = TraceWriter.create(path, "test")
    texts = [b'{"data":"' + bytes([65 + place]) * 1_500_000 + b'"}' for place in range(24)]
    for text in texts:
        writer.observe(1, len(text), {"object": [text]}, 1)
        writer.flush()
    assert column(path, "objects", "object") == [text.decode() for text in texts]
    writer.close()
    assert column(path, "objects", "object") == [text.decode() for text in texts]
    assert pq.read_metadata(segment_path(path, "objects", 1)).num_row_groups > 1  # sealing held a part at a time


def test_columns_that_an_older_trace_lacks_are_null(path):
    writer = TraceWriter.create(path, "test")
    writer.observe(2, 1, {"name": ["a", "b"], "phase": ["Bound", "Lost"], "object": ["{}", None]}, 1)
    writer.close()
    file = segment_path(path, "objects", 1)
    with pq.ParquetFile(file) as older:
        rows = older.read(columns=["seq", "observed_at", "name", "object"])
    pq.write_table(rows, file)
    manifest = (path / "trace.json").read_text()
    entry = read_manifest(path).segments[0].files["objects"]
    digest, size = file_digest(file)
    (path / "trace.json").write_text(
        manifest.replace(entry.sha256, digest).replace(f'"bytes": {entry.bytes}', f'"bytes": {size}')
    )
    assert open_trace(path).faults == []
    assert column(path, "objects", "name") == ["a", "b"]
    assert column(path, "objects", "object") == ["{}", None]
    assert column(path, "objects", "phase") == [None, None]
    assert column(path, "objects", "finalizers") == [None, None]


def test_a_reader_may_open_a_trace_again_and_again_while_it_is_written_and_sealed(path):
    script = f"""
import sys
from pathlib import Path
from tracer.trace.writer import TraceWriter
writer = TraceWriter.create(Path({str(path)!r}), "test")
print("ready", flush=True)
for place in range(300):
    writer.log(1, 1, {{"line": [str(place)]}}, writer.clock.now_us())
    writer.flush()
    if place % 15 == 14:
        writer.seal()
writer.close()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as writing:
        assert writing.stdout.readline() == "ready\n"
        seen = 0
        while writing.poll() is None:
            trace = open_trace(path)
            lines = [int(line) for batch in trace.batches("logs", ["line"]) for line in batch["line"].to_pylist()]
            assert trace.faults == []
            assert lines == list(range(len(lines)))
            assert len(lines) >= seen
            seen = len(lines)
    assert column(path, "logs", "line") == [str(place) for place in range(300)]
