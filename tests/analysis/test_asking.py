"""What a query may do and what not, on every state that a trace can be in."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from small_trace import CLAIMS, SmallTrace, claim, instant

from analysis import open_trace
from analysis.asking import QueryError
from tracer.errors import NotATrace, TraceDamaged

HOSTILE = "\x1b[2J[red]x[/red]'; drop view objects; --\u202e"

FORBIDDEN = [
    "copy (select 1) to '{trace}/stolen.csv'",
    "copy (select 1) to '/tmp/stolen.csv'",
    "explain analyze copy (select 1) to '{trace}/stolen.csv'",
    "attach ':memory:' as other",
    "attach '{trace}/new.db'",
    "install httpfs",
    "load httpfs",
    "set threads = 1",
    "set variable x = 1",
    "create table t as select 1",
    "create macro m() as 1",
    "drop view objects",
    "update part.unsealed_objects set name = 'x'",
    "with gone as (delete from part.unsealed_objects returning name) select * from gone",
    "select 1; drop view objects",
    "pragma database_list",
    "call enable_logging()",
    "export database '{trace}/stolen'",
    "begin",
    "prepare p as select 1",
    "select * from read_text('/etc/passwd')",
    "select * from read_text('{trace}/../secret')",
    "select * from glob('/etc/*')",
    "select * from read_csv('/proc/self/environ')",
    "select * from parquet_metadata('/etc/passwd')",
    "from 'https://example.com/x.parquet'",
    "from enable_logging(storage = 'file', storage_path = '{trace}/log')",
    "from frame",
    "",
    "selec",
]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """One opened trace with a file beside it: it has to answer after each query that it refused."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "secret").write_text("s")
    path = SmallTrace(folder / "small.trace").observe(1, "ADDED", claim()).ended()
    with open_trace(path) as trace:
        yield trace


@pytest.mark.parametrize("query", FORBIDDEN)
def test_a_query_reads_the_trace_and_does_nothing_else(query, guarded):
    path = guarded.path
    frame = guarded.sql("select 1 as seq")  # a Python variable that SQL must not see
    before = sorted(path.parent.rglob("*"))
    with pytest.raises(QueryError) as refusal:
        guarded.sql(query.format(trace=path))
    assert "\n" not in str(refusal.value)
    assert sorted(path.parent.rglob("*")) == before
    assert guarded.sql("from objects").height == frame.height


def test_a_query_takes_values_as_parameters(small, ask):
    small.observe(1, "ADDED", claim(HOSTILE)).observe(2, "ADDED", claim("other"))
    found = ask(small.ended()).sql("select name from objects where name = $name", {"name": HOSTILE})
    assert found.rows() == [(HOSTILE,)]


def test_hostile_names_pass_through_every_method_unharmed(small, ask):
    small.observe(1, "ADDED", claim(HOSTILE)).note(2, "gap", HOSTILE)
    trace = ask(small.ended())
    assert trace.object_versions(name=HOSTILE)["name"].to_list() == [HOSTILE]
    assert trace.coverage()["why"].to_list() == [f"gap: {HOSTILE}"]


def test_sealed_and_unsealed_rows_are_one_table(small, ask):
    small.observe(1, "ADDED", claim("a"))
    small.writer.seal()
    small.observe(2, "ADDED", claim("b"))
    small.writer.seal()
    small.observe(3, "ADDED", claim("c"))
    assert ask(small.crashed()).sql("select name from objects order by seq")["name"].to_list() == ["a", "b", "c"]


def test_a_trace_that_is_being_recorded_answers_as_it_stood(small, ask):
    small.observe(1, "ADDED", claim("a")).writer.flush()
    trace = ask(small.path)
    small.observe(2, "ADDED", claim("b")).writer.flush()
    assert trace.sql("select count(*) from objects").item() == 1
    assert ask(small.path).sql("select count(*) from objects").item() == 2
    small.ended()


def test_an_empty_trace_has_answers_without_rows(small, ask):
    trace = ask(small.ended())
    assert trace.object_versions().is_empty()
    assert trace.coverage().is_empty()
    summary = trace.summary()
    assert (summary.first_at, summary.observations, summary.gaps) == (None, 0, 0)


def test_a_path_with_wildcards_and_quotes_is_only_a_path(small, ask, tmp_path):
    odd = tmp_path / "it's [odd] * ? {trace}"
    shutil.copytree(small.observe(1, "ADDED", claim()).ended(), odd)
    assert ask(odd).sql("select name from objects")["name"].to_list() == ["data"]


def test_the_summary_counts_gaps_and_names_faults(small, ask):
    small.note(0, "synced").observe(1, "ADDED", claim()).note(5, "gap", "410").note(6, "relisted")
    path = small.ended()
    (path / "objects/00000001.parquet").unlink()
    summary = ask(path).summary()
    assert (summary.gaps, summary.observations, summary.last_at) == (1, 0, instant(6))
    assert "objects/00000001.parquet is missing" in summary.faults[0]


def with_a_broken_page(path: Path) -> None:
    """Damage a page in place: the file keeps its size, its footer and its other pages."""
    file = path / "objects/00000001.parquet"
    column = pq.read_metadata(file).row_group(0).column(0)
    content = bytearray(file.read_bytes())
    content[column.data_page_offset : column.data_page_offset + 40] = bytes(40)
    file.write_bytes(content)


@pytest.fixture
def two_segments(small) -> Path:
    for number in range(200):
        small.observe(number, "ADDED", claim(f"claim-{number}"))
    small.writer.seal()
    small.observe(200, "ADDED", claim("whole"))
    return small.ended()


@pytest.mark.parametrize("has_manifest", [True, False])
def test_a_segment_with_a_broken_page_is_left_out_and_named(two_segments, ask, has_manifest):
    with_a_broken_page(two_segments)
    if not has_manifest:
        (two_segments / "trace.json").unlink()
    trace = ask(two_segments)
    assert trace.sql("select name from objects")["name"].to_list() == ["whole"]
    (why,) = [fault for fault in trace.summary().faults if fault.startswith("objects/00000001.parquet is ")]
    assert "rows 0 to 199 (200 rows) cannot be read" in why


def test_any_flipped_bit_of_a_segment_is_noticed(two_segments, ask):
    file = two_segments / "objects/00000001.parquet"
    content = file.read_bytes()
    for place in range(0, len(content), len(content) // 20):
        flipped = bytearray(content)
        flipped[place] ^= 1
        file.write_bytes(flipped)
        trace = ask(two_segments)
        assert trace.sql("select name from objects")["name"].to_list() == ["whole"]
        assert "objects/00000001.parquet" in trace.summary().faults[0]


def test_a_segment_that_breaks_after_it_was_opened_is_named_as_damage(two_segments, ask):
    trace = ask(two_segments)
    with_a_broken_page(two_segments)
    with pytest.raises(TraceDamaged, match="volreel check"):
        trace.sql("from objects")


def test_what_is_no_trace_is_said_to_be_none(tmp_path: Path):
    with pytest.raises(NotATrace, match="is not a trace"):
        open_trace(tmp_path)


def test_instants_are_in_utc(small, ask):
    (at,) = ask(small.observe(1, "ADDED", claim()).ended()).sql("select observed_at from objects").row(0)
    assert at == datetime(2026, 11, 23, 7, 0, 1, tzinfo=UTC)
    assert at.utcoffset().total_seconds() == 0


def test_a_type_that_has_no_place_in_a_frame_is_refused_in_one_line(small, ask):
    with pytest.raises(QueryError, match="cast it to varchar"):
        ask(small.ended()).sql("select interval 1 day")


def test_streams_are_told_apart(small, ask):
    small.observe(1, "ADDED", claim())
    assert ask(small.ended()).sql("select distinct stream from objects").item() == CLAIMS


def test_a_query_that_takes_too_long_can_be_cancelled(small, ask):
    trace = ask(small.ended())
    endless = "select count(*) from range(100000000) as a, range(100000) as b where a.range % 7 = b.range % 11"
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(trace.sql, endless)
        while not answer.done():
            trace.cancel()
        with pytest.raises(QueryError, match="was cancelled"):
            answer.result()
    assert trace.sql("select 1").item() == 1


def test_a_model_that_python_makes_can_be_cancelled(small, ask, monkeypatch):
    has_begun = threading.Event()

    def endless(rows, check):
        has_begun.set()
        while True:
            check()

    trace = ask(small.ended())
    with ThreadPoolExecutor(1) as threads, monkeypatch.context() as patched:
        patched.setattr("analysis.building.BY_PYTHON", {"_paired": endless})
        answer = threads.submit(trace.sql, "from operations")
        has_begun.wait()
        trace.cancel()
        with pytest.raises(QueryError, match="was cancelled"):
            answer.result()
    assert trace.sql("from operations").is_empty()
