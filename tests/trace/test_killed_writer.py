"""A writer process that is killed at any instant, with kill -9 and real files."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from tracer.trace import open_trace

WRITER = """
import sys
from pathlib import Path
from tracer.trace import open_trace
from tracer.trace.writer import TraceWriter

path = Path(sys.argv[1])
writer = TraceWriter.resume(path, "test") if (path / "trace.json").exists() else TraceWriter.create(path, "test")
rows = open_trace(path).rows("logs") + open_trace(path).rows("streams")
print("resumed", rows, flush=True)
for turn, first in enumerate(range(rows, 1 << 30, 3)):
    writer.log(2, 100, {"line": [f"line {first}", f"line {first + 1}"]}, writer.clock.now_us())
    writer.note("v1/pods", "bookmark", revision_to=first)
    writer.flush()
    print("flushed", first + 3, flush=True)
    if turn % 4 == 3:
        writer.seal()
"""


def test_a_writer_killed_twenty_times_loses_nothing_that_it_had_flushed_and_doubles_nothing(tmp_path: Path):
    path, dice, flushed = tmp_path / "a.trace", random.Random(7), 0
    for _ in range(20):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writing:
            resumed = writing.stdout.readline()
            assert int(resumed.split()[1]) >= flushed
            for _ in range(dice.randint(1, 12)):
                flushed = int(writing.stdout.readline().split()[1])
            writing.kill()  # wherever it has come to since its last line
            for line in writing.stdout:
                flushed = int(line.split()[1]) if line.endswith("\n") else flushed
        trace = open_trace(path)
        assert trace.faults == []
        rows = {
            table: [seq for batch in trace.batches(table, ["seq"]) for seq in batch["seq"].to_pylist()]
            for table in ("logs", "streams")
        }
        found = sorted(rows["logs"] + rows["streams"])
        assert found == list(range(len(found)))
        assert flushed <= len(found) <= flushed + 3
    lines = [line for batch in trace.batches("logs", ["line"]) for line in batch["line"].to_pylist()]
    assert lines == [f"line {seq}" for seq in rows["logs"]]
