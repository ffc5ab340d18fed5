"""Every command that answers, on traces that are unsealed, empty, damaged, imported, full of gaps or hostile."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from answering import HOSTILE, ask, rows
from small_trace import SmallTrace, claim
from volreel_process import on_terminal
from volume_story import Story, pod, volume
from volume_story import claim as told_claim

from analysis import open_trace
from analysis.comparing import compare, is_slower
from analysis.naming import UnknownName

SAMPLE = Path(__file__).parents[2] / "sample_traces" / "first-volumes.trace"
BORN = {"creationTimestamp": "2026-11-23T07:00:00Z"}


def empty(path: Path) -> Path:
    return SmallTrace(path).ended()


def one_observation(path: Path) -> Path:
    return SmallTrace(path).observe(0, "ADDED", claim(**BORN)).ended()


def unsealed_with_a_gap(path: Path) -> Path:
    trace = SmallTrace(path).note(0, "synced").observe(1, "ADDED", claim(**BORN)).note(2, "gap", "410 Gone")
    return trace.observe(3, "MODIFIED", claim(version=2, phase="Bound", **BORN)).crashed()


def still_recorded(path: Path) -> Path:
    trace = SmallTrace(path).note(0, "synced").observe(1, "ADDED", claim(**BORN))
    trace.writer.flush()
    return path


def damaged(path: Path) -> Path:
    shutil.copytree(SAMPLE, path)
    file = next((path / "objects").glob("*.parquet"))
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 4
    file.write_bytes(content)
    return path


def hostile(path: Path) -> Path:
    using = [{"name": HOSTILE, "persistentVolumeClaim": {"claimName": HOSTILE}}]
    return (
        Story()
        .added(told_claim(HOSTILE, phase="Bound", volume=HOSTILE), volume(HOSTILE, claimed_by=(HOSTILE, "c1")))
        .added(pod(HOSTILE, node=HOSTILE, volumes=using))
        .changed(pod(HOSTILE, node=HOSTILE, phase="Running", volumes=using))
        .write(path)
    )


@pytest.fixture(autouse=True)
def kept_models(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    ("make", "warning", "label"),
    [
        (empty, "", None),
        (one_observation, "volreel: gaps are not known", "shop/data"),
        (unsealed_with_a_gap, "volreel: gap in v1/persistentvolumeclaims from 2026-11-23 07:00:01", "shop/data"),
        (still_recorded, "", "shop/data"),
        (damaged, "volreel: objects/00000001.parquet is not what was sealed", None),
    ],
)
def test_every_command_answers(tmp_path, make, warning, label):
    trace = make(tmp_path / "odd.trace")
    listed = ask("volumes", trace)
    assert listed.warnings.startswith(warning)
    assert listed.text.splitlines()[-1] == ("1 volume, 0 waiting" if label else "no volumes")
    assert ask("latency", trace).text
    assert ask("compare", trace, trace, "--fail-if-slower", "1%").code == 0
    if label:
        assert ask("timeline", trace, label).text.splitlines()[0].partition(":")[0] == label
    else:
        with pytest.raises(UnknownName):
            ask("timeline", trace, "shop/data")
    with pytest.raises(UnknownName):
        ask("blame", trace, "shop/data")


def test_a_gap_stands_above_the_bars_of_a_timeline(tmp_path):
    text = ask("timeline", unsealed_with_a_gap(tmp_path / "gap.trace"), "shop/data").text
    strip = next(line for line in text.splitlines() if line.startswith("not observed"))
    assert "//" in strip


def test_names_are_shown_never_obeyed(tmp_path):
    trace = hostile(tmp_path / "hostile.trace")
    [listed] = rows("volumes", trace)
    assert (listed["label"], listed["pv_name"]) == (f"shop/{HOSTILE}", HOSTILE)
    answers = [
        ask(*words)
        for words in (
            ("volumes", trace),
            ("volumes", trace, f"claim={HOSTILE}", "--csv"),
            ("timeline", trace, f"shop/{HOSTILE}"),
            ("blame", trace, f"shop/{HOSTILE}"),
            ("latency", trace, "--by", "node"),
            ("compare", trace, trace, "--by", "node"),
        )
    ]
    for said in (answers[0], *answers[2:]):
        assert "\x1b" not in said.text + said.warnings
        assert "\u202e" not in said.text
        assert said.width <= 80
    assert r"shop/\x1b[2J[red]x'; drop …" in answers[0].text
    assert HOSTILE in answers[1].text
    with open_trace(trace) as opened:
        assert opened.volumes().height == 1


def test_an_answer_fits_a_terminal_and_has_no_colours(tmp_path):
    shown = on_terminal(["volumes", str(SAMPLE)], tmp_path, columns=60).replace("\r\n", "\n")
    table = shown[shown.index("volume ") :]
    assert table.splitlines()[-1] == "12 volumes, 0 waiting"
    assert max(map(len, table.splitlines())) <= 60
    assert "\x1b" not in table


def samples(*seconds: float, step: str = "attach") -> pl.DataFrame:
    of = {"direction": "up", "link": step, "phase": step, "owner": "driver", "grp": None, "place": 0}
    schema = {"grp": pl.String, "precision_us": pl.Int64, "duration_us": pl.Int64, "place": pl.Int32}
    listed = [{**of, "duration_us": round(each * 1e6), "is_complete": True, "precision_us": 1_000} for each in seconds]
    return pl.DataFrame(listed, schema_overrides=schema)


def test_many_slower_volumes_are_a_difference_and_few_are_none():
    fast, slow = [1 + n / 100 for n in range(20)], [2 + n / 100 for n in range(20)]
    [row] = compare(samples(*fast), samples(*slow)).rows(named=True)
    assert (row["differs"], row["change"]) == (True, "slower")
    assert row["verdict"].startswith("attach (driver) is slower: median 1.1s → 2.1s")
    assert row["slower"] == pytest.approx(1.0, rel=0.1)
    comparison = compare(samples(*fast), samples(*slow))
    assert is_slower(comparison, 0.2)
    assert not is_slower(comparison, 3)
    assert not is_slower(compare(samples(*slow), samples(*fast)), 0.0)
    [few] = compare(samples(*slow), samples(0.01)).rows(named=True)
    assert few["p_value"] < 0.001
    assert (few["differs"], few["adjusted_p"]) == (False, pytest.approx(2 / 21))


def test_a_notebook_shows_the_summary_with_text_from_the_trace_escaped(tmp_path):
    path = SmallTrace(tmp_path / "<b>&.trace").observe(0, "ADDED", claim(**BORN)).ended()
    with open_trace(path) as trace:
        page = trace._repr_html_()
    assert "&lt;b&gt;&amp;.trace" in page
    assert "<b>" not in page
    assert f"<td>{datetime(2026, 11, 23, 7, tzinfo=UTC)}</td>" in page
    assert "<tr><th>observations</th><td>1</td></tr>" in page
    assert "<tr><th>gaps</th><td>unknown</td></tr>" in page
