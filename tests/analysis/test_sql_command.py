"""`volreel sql`, as a shell sees it."""

from __future__ import annotations

import csv
import io
import json

import pytest
from small_trace import claim
from typer.testing import CliRunner

from analysis.cli import app
from analysis.report import as_csv

HOSTILE = "\x1b[2J[red]x\u202e"


@pytest.fixture
def sql():
    def run(*arguments: object) -> tuple[str, str]:
        result = CliRunner().invoke(app, ["sql", *map(str, arguments)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout, result.stderr

    return run


def test_an_answer_is_a_table_that_fits_the_terminal(small, sql):
    small.observe(1, "ADDED", claim("a" * 200)).observe(2, "ADDED", claim("b"))
    table, _ = sql(small.ended(), "select seq, name, phase, observed_at from objects order by seq")
    lines = table.splitlines()
    assert lines[0].split() == ["seq", "name", "phase", "observed_at"]
    assert max(map(len, lines)) <= 80
    assert table.count("a") >= 200


def test_too_many_columns_become_a_block_a_row(small, sql):
    block, _ = sql(small.observe(1, "ADDED", claim()).ended(), "from objects")
    assert block.startswith("row 1\nseq")
    assert "PersistentVolumeClaim\n" in block


def test_a_table_shows_escapes_and_markup_and_obeys_neither(small, sql):
    small.observe(1, "ADDED", claim(HOSTILE))
    for query in ("select name from objects", "from objects", f'select 1 as "{HOSTILE}"'):
        table, _ = sql(small.path if small.writer.pending_rows == 0 else small.crashed(), query)
        assert "\x1b" not in table
        assert "\u202e" not in table
        assert r"\x1b[2J[red]x\u202e" in table


def test_json_and_csv_keep_every_byte(small, sql):
    path = small.observe(1, "ADDED", claim(HOSTILE, finalizers=["a,b"])).ended()
    query = "select seq, observed_at, name, finalizers, attached from objects"
    answer, _ = sql(path, query, "--json")
    assert json.loads(answer) == [
        {
            "seq": 0,
            "observed_at": "2026-11-23T07:00:01.000000Z",
            "name": HOSTILE,
            "finalizers": ["a,b"],
            "attached": None,
        }
    ]
    answer, _ = sql(path, query, "--csv")
    assert list(csv.reader(io.StringIO(answer))) == [
        ["seq", "observed_at", "name", "finalizers", "attached"],
        ["0", "2026-11-23T07:00:01.000000Z", HOSTILE, '["a,b"]', ""],
    ]


def test_an_answer_without_rows_is_still_an_answer(small, sql):
    path = small.ended()
    assert sql(path, "select name from objects", "--json")[0] == "[]\n"
    assert sql(path, "select name from objects", "--csv")[0] == "name\n"
    assert sql(path, "select name from objects")[0].split()[0] == "name"


def test_gaps_are_named_before_the_answer_and_beside_it(small, sql):
    small.note(0, "synced")
    for second in range(1, 6):
        small.note(second * 10, "gap", f"{HOSTILE} 410").note(second * 10 + 1, "relisted")
    answer, words = sql(small.ended(), "select 1 as one", "--json")
    assert json.loads(answer) == [{"one": 1}]
    first, *_, last = words.splitlines()
    assert first.startswith("volreel: gap in v1/persistentvolumeclaims from 2026-11-23 07:00:00 to 07:00:11 UTC (gap: ")
    assert "\x1b" not in words
    assert last == "volreel: 2 more gaps: ask `from coverage where state = 'gap'`"


def test_a_whole_trace_is_quiet_on_stderr(small, sql):
    assert sql(small.note(0, "synced").ended(), "select 1")[1] == ""


def test_csv_on_a_terminal_spells_escapes_out(small, ask):
    answer = ask(small.observe(1, "ADDED", claim(HOSTILE)).ended()).sql("select name from objects")
    assert as_csv(answer, shown=True) == "name\n" + r"\x1b[2J[red]x\u202e" + "\n"


def test_a_trace_that_does_not_know_its_gaps_says_so(small, sql):
    _, words = sql(small.observe(1, "ADDED", claim()).ended(), "select 1")
    assert words == "volreel: gaps are not known: nothing in this trace says what was covered (an import?)\n"
