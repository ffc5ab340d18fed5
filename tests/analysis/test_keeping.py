"""Built models are kept in the user's cache folder, and never trusted."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_trace import claim

from analysis import open_trace
from analysis.asking import QueryError
from analysis.keeping import make_room

SAMPLE = Path(__file__).parents[2] / "sample_traces" / "first-volumes.trace"
QUERY = "select count(*), min(claim_uid), max(name), count(distinct volume_name) from _claims"
ASK = "import sys, analysis; print(analysis.open_trace(sys.argv[1]).sql(sys.argv[2]).row(0))"
LIMITED = """
import resource
import sys

import analysis

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
print(analysis.open_trace(sys.argv[1]).sql(sys.argv[2]).row(0))
"""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "volreel" / "models"


@pytest.fixture
def trace(tmp_path):
    return Path(shutil.copytree(SAMPLE, tmp_path / "copied.trace"))


@pytest.fixture(scope="module")
def truth():
    """The answer without any cache."""
    with open_trace(SAMPLE) as opened:
        return opened.sql(QUERY).row(0)


def asked(trace: Path, query: str = QUERY) -> tuple[object, ...]:
    with open_trace(trace) as opened:
        return opened.sql(query).row(0)


def kept_in(cache: Path) -> dict[Path, tuple[int, int]]:
    return {file: (file.stat().st_ino, file.stat().st_mtime_ns) for file in cache.glob("*/*.duckdb")}


def test_what_was_built_is_kept_for_the_next_opening(trace, cache, truth):
    assert asked(trace) == truth
    kept = kept_in(cache)
    assert kept
    assert asked(trace) == truth
    assert kept_in(cache) == kept


def test_a_step_is_kept_only_where_it_was_asked_for(trace, cache):
    asked(trace, "select count(*) from _claims, _span")
    assert {file.name for file in kept_in(cache)} == {"_claims.duckdb", "_span.duckdb"}


def test_a_kept_model_needs_nothing_that_it_was_built_of(trace, cache, truth):
    asked(trace)
    assert [file.name for file in kept_in(cache)] == ["_claims.duckdb"]
    assert asked(trace, "select count(*) > 0 from _claims") == (True,)
    with open_trace(trace) as opened:
        assert opened.sql("describe _claims").height > 10


def test_a_flipped_bit_is_noticed_and_the_model_built_anew(trace, cache, truth):
    asked(trace)
    chance = random.Random(5)
    for _ in range(6):
        for file in kept_in(cache):
            content = bytearray(file.read_bytes())
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(6)
            file.write_bytes(content)
        assert asked(trace) == truth
    kept = kept_in(cache)
    assert asked(trace) == truth
    assert kept_in(cache) == kept


@pytest.mark.parametrize("content", [b"", b"no database", None], ids=["empty", "text", "cut"])
def test_what_is_no_whole_file_is_built_anew(content, trace, cache, truth):
    asked(trace)
    for file in kept_in(cache):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2] if content is None else content)
    assert asked(trace) == truth
    assert all(file.stat().st_size > 100_000 for file in kept_in(cache))


def test_a_file_that_breaks_while_it_is_open_is_built_anew(trace, cache, truth):
    asked(trace)
    with open_trace(trace) as opened:
        assert opened.sql("describe _claims").height > 10
        for file in kept_in(cache):
            with file.open("r+b") as bytes_:
                bytes_.seek(3 * 4096)
                bytes_.write(bytes(file.stat().st_size - 3 * 4096))
        assert opened.sql(QUERY).row(0) == truth


def test_a_segment_that_changed_is_verified_again_and_its_models_are_others(trace, cache):
    asked(trace)
    segment = trace / "objects" / "00000001.parquet"
    before = segment.stat()
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.write_bytes(content)
    os.utime(segment, ns=(before.st_atime_ns, before.st_mtime_ns))
    with open_trace(trace) as opened:
        assert "objects/00000001.parquet is not what was sealed" in opened.summary().faults[0]
        assert opened.sql("select count(*) from _claims").item() == 0
    segment.write_bytes(SAMPLE.joinpath("objects/00000001.parquet").read_bytes())
    assert asked(trace, "select count(*) > 0 from _claims") == (True,)


def test_a_trace_with_unsealed_rows_is_not_kept(small, cache):
    small.observe(1, "ADDED", claim()).writer.seal()
    small.observe(2, "ADDED", claim("other"))
    assert asked(small.crashed(), "select count(*) from _claims") == (2,)
    assert not kept_in(cache)


def test_processes_that_build_at_once_do_not_disturb_each_other(trace, cache, truth):
    command = [
        sys.executable,
        "-c",
        "import sys, analysis; print(analysis.open_trace(sys.argv[1]).sql(sys.argv[2]).row(0))",
    ]
    running = [subprocess.Popen([*command, trace, QUERY], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[0].strip() for process in running] == [str(truth)] * 3
    assert not [file for file in cache.glob("*/*") if file.suffix not in (".duckdb", "") or file.name.endswith(".tmp")]


def test_without_room_on_the_disk_nothing_is_kept_and_everything_answered(trace, cache, truth):
    answer = subprocess.run([sys.executable, "-c", LIMITED, trace, QUERY], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == str(truth)
    assert not kept_in(cache)


@pytest.mark.parametrize("place", ["/dev/null", "/proc", "relative"])
def test_without_a_folder_that_can_be_written_nothing_is_kept(place, trace, truth, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", place)
    monkeypatch.setenv("HOME", "/dev/null")
    monkeypatch.chdir(tmp_path)
    assert asked(trace) == truth
    assert [each.name for each in tmp_path.iterdir()] == ["copied.trace"]


def test_the_models_of_the_traces_opened_longest_ago_go_first(tmp_path):
    for age, name in enumerate(["newest", "middle", "oldest", "current"]):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "volumes.duckdb").write_bytes(bytes(100))
        os.utime(folder, (1000 - age, 1000 - age))
    make_room(tmp_path, tmp_path / "current", room=250)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["current", "newest"]


def test_what_a_killed_process_left_behind_goes(tmp_path):
    (tmp_path / "trace").mkdir()
    for name in ("volumes.1.tmp", "volumes.1.tmp.wal", "_claims.duckdb", "verified", "volumes.2.tmp"):
        (tmp_path / "trace" / name).touch()
        if name != "volumes.2.tmp":
            os.utime(tmp_path / "trace" / name, (0, 0))
    make_room(tmp_path, tmp_path)
    assert sorted(each.name for each in (tmp_path / "trace").iterdir()) == [
        "_claims.duckdb",
        "verified",
        "volumes.2.tmp",
    ]


def test_a_query_reaches_its_own_kept_models_and_no_others(trace, cache):
    with open_trace(trace) as opened:
        opened.sql("select count(*) from _claims")
        (cache / "other").mkdir()
        (cache / "other" / "secret").write_text("s")
        for query in (
            f"from read_text('{cache}/other/secret')",
            f"from read_text('{cache}/*/../other/secret')",
            "delete from kept__claims._claims",
            "copy (select 1) to '{cache}/stolen'",
        ):
            with pytest.raises(QueryError):
                opened.sql(query)
