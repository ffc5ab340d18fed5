"""Run every benchmark and write RESULTS.md: `make bench`."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import log_lines, record
from tracer import __version__

RESULTS = Path(__file__).parent / "RESULTS.md"


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

## Log lines

    python -m benchmarks.log_lines

Processor time in one process. The anchors split a line into words, and match klog's header with one expression.

{log_lines.report()}
"""
    )


if __name__ == "__main__":
    main()
