"""Models become tables when a query first reads them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from small_trace import claim

import tracer.trace
from analysis.asking import QueryError
from analysis.building import Models, silent
from analysis.catalogue import parse_model
from analysis.database import Tables
from tracer.trace.manifest import Manifest
from tracer.trace.segments import segment_path

SAMPLES = Path(__file__).parents[2] / "sample_traces"

ZEBRA = "-- One.\nselect\n    *,\n    -- Twice.\n    2 * a as b\nfrom range(3) as numbers(a)"
MONKEY = "with ape as (from zebra) select a + 1 as a from ape"
APE = "select count(*) as a from monkey as m asof join zebra as z on m.a >= z.a"
BROKEN = "select nothing from zebra"
FAILING = "select error('out of order')::int as a from zebra"


@pytest.fixture
def zoo(tmp_path):
    with duckdb.connect() as connection:
        connection.execute("create schema built")
        no_tables = Tables(tracer.trace.Trace(tmp_path, Manifest()))
        sources = {"zebra": ZEBRA, "monkey": MONKEY, "ape": APE, "broken": BROKEN, "failing": FAILING}
        models = Models([parse_model(name, "staging", sql) for name, sql in sources.items()], no_tables)

        def ask(query: str, advance=silent):
            models.prepare(connection, query, advance)
            return connection.execute(query).fetchall()

        yield ask


def test_a_model_is_built_behind_those_that_it_reads_and_once(zoo):
    steps = []
    assert zoo("from ape", lambda *told: steps.append(told)) == [(3,)]
    assert steps == [("zebra", 0, 3), ("monkey", 1, 3), ("ape", 2, 3)]
    assert zoo("from APE join monkey on true", lambda *told: pytest.fail("built again"))
    assert zoo("select table_name from duckdb_tables() order by all") == [("ape",), ("monkey",), ("zebra",)]


@pytest.mark.parametrize("query", ["from broken", "from failing"])
def test_a_model_that_fails_fails_only_its_readers(query, zoo):
    for _ in range(2):
        with pytest.raises(duckdb.Error) as failure:
            zoo(query)
        assert failure.value.__notes__ == [f"in the model {query.split()[1]}"]
    assert zoo("from ape") == [(3,)]


def test_what_there_is_can_be_asked_without_building_it(zoo):
    assert ("ape",) in zoo("show tables")
    assert [(name, kind) for name, kind, *_ in zoo("describe zebra")] == [("a", "BIGINT"), ("b", "BIGINT")]
    assert zoo("select count(*) from duckdb_tables()") == [(0,)]
    assert zoo("from zebra order by all") == [(0, 0), (1, 2), (2, 4)]
    assert [(name, kind) for name, kind, *_ in zoo("describe zebra")] == [("a", "BIGINT"), ("b", "BIGINT")]


@pytest.mark.parametrize(
    "query",
    [
        "from query_table('zebra')",
        "select count(*) from query_table('zebra')",
        "select count(*) from query_table('zebra') where a = 7",
        "select max(b) from query_table('monkey') join query_table('zebra') using (a)",
        "from built.zebra",
    ],
)
def test_a_model_is_never_read_as_empty_because_it_is_not_built(query, zoo):
    zoo("show tables")
    try:
        answer = zoo(query)
    except duckdb.Error as refusal:
        assert "is not built: name it in a FROM clause" in str(refusal)
    else:
        assert query == "from built.zebra"
        assert len(answer) == 3


def test_a_column_that_passes_through_keeps_its_comment(zoo):
    zoo("show tables")
    comments = "select column_name, comment from duckdb_columns() where table_name = 'zebra' and schema_name = 'main'"
    assert dict(zoo(comments)) == {"a": None, "b": "Twice."}


def test_threads_that_ask_at_once_get_the_same_answer(ask):
    trace = ask(SAMPLES / "stuck-attach.trace")
    queries = ["select count(*) from operations", "select count(*) from rpc_lines", "select count(*) from coverage"] * 4
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda query: trace.sql(query).item(), queries))
    assert answers == [trace.sql(query).item() for query in queries]
    assert answers[0] > 100


def test_a_question_that_is_cancelled_while_models_are_built_can_be_asked_again(ask):
    trace = ask(SAMPLES / "stuck-attach.trace")
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(trace.sql, "select count(*) from operations")
        while not answer.done():
            trace.cancel()
        assert isinstance(answer.exception(), QueryError)
    assert trace.sql("select count(*) from operations").item() > 100


def test_segments_of_different_columns_are_one_table(small, ask):
    small.observe(1, "ADDED", claim("old", phase="Bound")).writer.seal()
    small.observe(2, "ADDED", claim("middle", phase="Lost")).writer.seal()
    trace = small.observe(3, "ADDED", claim("new", phase="Pending")).ended()
    for number, lacking in ((1, "phase"), (2, "zone")):
        file = segment_path(trace, "objects", number)
        pq.write_table(pq.read_table(file).drop_columns([lacking]), file)
    (trace / "trace.json").unlink()
    opened = ask(trace)
    assert opened.sql("select name, phase from objects order by seq").rows() == [
        ("old", None),
        ("middle", "Lost"),
        ("new", "Pending"),
    ]
    assert opened.sql("select count(*), count(zone) from objects").row(0) == (3, 0)
