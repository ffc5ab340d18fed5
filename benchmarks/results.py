"""Run every benchmark and write RESULTS.md: `make bench`."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import analyse, diagnose, log_lines, log_streams, record, replay
from tracer import __version__

RESULTS = Path(__file__).parent / "RESULTS.md"
RECORDING_SHORTFALLS = """\
### Where it falls short, and why

- **Speed.** A claim costs the recorder's main thread about 11 µs of processor time: HTTP and lines 1, decoding
  3, facts and redaction 3, Arrow 3, bookkeeping 1. `Watch(deserialize=False)` spends 13 µs on one `json.loads`;
  four times that speed would be 3 µs, less than decoding alone. Sealing (zstd, 8 µs a claim) runs beside it and
  shares two cores with the server. Tried: pyarrow's JSON reader (5 µs a claim, slower than msgspec); kept: an
  Arrow-native journal (commits three times as fast), rarer garbage collection (a quarter of the time), flat
  list columns, two batches in flight.
- **Bytes.** The object column is 32 bytes of the 62; random UIDs 5, names 3, arrival times 2. A capture of two
  minutes pays for its footer: 11 of its 93 bytes. Row groups of 24 MiB in pages of 8 MiB at zstd 10; one page
  per group would save 1 byte and cost 25 MB of memory, zstd 15 would save 2 at seven times the processor time.
- **Memory.** 100 MB stand before the first byte arrives, half of them shared libraries; live objects take 25,
  batches on their way 30, sealing 70. Row groups of 8 MiB come to 190 MB in all, and 70 bytes per observation.
"""

LINES_SHORTFALLS = """\
### Where it falls short, and why

- Captured lines are above the goal of 200,000 a second, lines of which no two are alike below it: no value is met again
  there, and each line costs 7 µs instead of 5, about a third of that for the sentences of Kubernetes' components. Done:
  lines split at their quotes, sentences told by their form, no expression tried where its words are not in the line.
"""

LOGS_SHORTFALLS = """\
### Where it falls short, and why

- **Memory** is above the 150 MB that a recorder is to need: to seal 39,628 lines takes 80 of them. Pages of 1 MiB would
  make it 59 at 15.6 bytes a line, row groups of 16,384 lines in pages of 512 KiB 36 at 16.9: sealed lines have 0.1 to
  spare below their 15.
"""

ANALYSIS_SHORTFALLS = """\
### Where it falls short, and why

- **All models take some thirty scans, not three.** No model stands out: joins, aggregates and windows over long uids,
  structs and lists, and writing 130 tables. Reading each kind once for all models, and binding small tables in memory,
  took a third off the first answer; integer keys through the whole chain are what is left to try. A trace of a few
  hundred observations costs 1.4 s of processor time before its first answer, nearly all of it DuckDB's planning.
- **Kept answers take 1.2 to 1.7 s**, of which the start of Python with Polars and DuckDB is one. At ten
  million observations they took 8.5 s, to print 200,000 volumes; building the volumes there took 424 s and 3.5 GiB,
  and spilled.
- **Growth** is linear up to a million; beyond it spills.
"""

SCREEN_SHORTFALLS = """\
### Where it falls short, and why

- **A jump** asks DuckDB anew and reads a row group of wide rows; the screen answers keys meanwhile. A jump in history
  includes the change of the row, told against the object's version before.
- **The first screen** waits for the same start as every command; ten million observations were not tried.
"""


def main() -> None:
    """Measure, and replace RESULTS.md."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    RESULTS.write_text(
        f"""# Results

volreel {__version__}, Python {platform.python_version()}, {os.cpu_count()} cores, {memory} GiB, \
{datetime.now(UTC):%Y-%m-%d}. Ratios are taken within one run; absolute figures are of this machine.

## Recording

    python -m benchmarks.record

The anchors are the official client's `Watch` as its documentation shows it (typed), and with `deserialize=False`; both
store nothing. volreel's time ends when the last event is durable. The limit decodes and compresses the same events
from memory and does nothing else. Server and contender share the machine's cores.

{record.report(**record.DEFAULTS)}

{RECORDING_SHORTFALLS}
## Log lines

    python -m benchmarks.log_lines

Processor time in one process. The anchors split a line into words, and match klog's header with one expression.

{log_lines.report()}

{LINES_SHORTFALLS}
## Many logs at once

    python -m benchmarks.log_streams

Each log has 2,000 lines before the recorder starts, and goes on. Lines that were said and not recorded are those that
the recorder had not read when its time was over.

{log_streams.report()}

{LOGS_SHORTFALLS}
## Analysis

    python -m benchmarks.analyse

Recorded lives, multiplied (`benchmarks/generate.py`). Processor time, in a process that finds nothing kept: DuckDB's
scan of the columns of `objects` that the models read, then all models, written to the cache as a user's are. The last
two columns are whole processes that answer from kept models; in brackets the clock.

{analyse.report()}

{ANALYSIS_SHORTFALLS}
## The screen

    python -m benchmarks.replay

The same traces, models kept, on a screen of 160x50: a whole process until it has drawn the volumes (the best of three);
then from the key to the drawn answer, in a process without a terminal.

{replay.report()}

{SCREEN_SHORTFALLS}
## Diagnosis

    python -m benchmarks.diagnose

Clusters built by the model of the tests (`tests/cluster.py`), with faults by chance; what is found in their traces
is held against what was done. Goal: 0.95 each.

{diagnose.report()}
"""
    )


if __name__ == "__main__":
    main()
