"""What it takes to build all models, and to answer from kept ones: `python -m benchmarks.analyse`.

`--folder F` keeps the generated traces there for the next run; `--sizes 100000,1000000` chooses other ones; `--models`
lists the time of each model.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

SIZES = (100_000, 1_000_000, 10_000_000)
ANSWERS = {"volumes": ["volumes", "{trace}"], "latency": ["latency", "{trace}"]}
"""Questions to a process of its own, as a user puts them."""
_ROUNDS = 3


def measure(trace: Path) -> dict[str, Any]:
    """Build every public model, and what they read, in this process.

    Seconds of the processor, of the clock, and the peak of memory in bytes.
    """
    from analysis import open_trace
    from analysis.building import AS_VIEWS
    from analysis.catalogue import read_models

    public = [each for each in read_models() if each.layer != AS_VIEWS and not each.name.startswith("_")]
    with open_trace(trace) as opened:
        columns = _columns_read(" ".join(model.sql for model in read_models()))
        counted = ", ".join(f"count({name})" for name in columns)
        scan = _timed(lambda: opened.sql(f"select {counted} from objects"))
        begun: list[tuple[str, float]] = []
        opened.when_building(lambda model, done, total: begun.append((model, time.process_time())))
        reads = " union all ".join(f"select count(*) from {model.name}" for model in public)
        build = _timed(lambda: opened.sql(reads))
        ends = [*(at for _, at in begun[1:]), time.process_time()]
        return {
            "observations": opened.summary().observations,
            "columns": len(columns),
            "scan": scan,
            "build": build,
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "models": {model: end - at for (model, at), end in zip(begun, ends, strict=True)},
        }


def _columns_read(sql: str) -> list[str]:
    """The columns of `objects` that the models name; the object itself is none of them."""
    from tracer.trace.schema import OBJECTS, TABLES

    words = set(re.findall(r"\w+", re.sub(r"--.*", "", sql)))
    return [column.name for column in TABLES[OBJECTS] if column.name in words and column.name != "object"]


def _timed(work: Any) -> tuple[float, float]:
    """Seconds of the processor, and of the clock."""
    processor, clock = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - processor, time.perf_counter() - clock


def measured_in_a_process(trace: Path, cache: Path) -> dict[str, Any]:
    """The figures of a process that finds nothing kept, and leaves everything kept."""
    shutil.rmtree(cache, ignore_errors=True)
    command = [sys.executable, "-m", "benchmarks.analyse", "--measure", str(trace)]
    ended = subprocess.run(command, env=_environment(cache), check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def answered(trace: Path, cache: Path, arguments: list[str]) -> tuple[float, float]:
    """Processor's and clock's seconds of a whole process that answers from kept models; the median of some."""
    rounds = []
    for _ in range(_ROUNDS):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [sys.executable, "-m", "volreel", *(each.format(trace=trace) for each in arguments)]
        subprocess.run(command, env=_environment(cache), check=True, capture_output=True)
        after, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - started
        rounds.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock))
    return median(each for each, _ in rounds), median(each for _, each in rounds)


def _environment(cache: Path) -> dict[str, str]:
    return os.environ | {"XDG_CACHE_HOME": str(cache)}


def report(sizes: tuple[int, ...] = SIZES, folder: Path | None = None, *, models: bool = False) -> str:
    """The tables, as Markdown."""
    from benchmarks.generate import generate

    rows, by_model, kept_bytes = [], {}, 0
    with tempfile.TemporaryDirectory() as temporary:
        cache = Path(temporary) / "cache"
        for size in sizes:
            trace = (folder or Path(temporary)) / f"{size}.trace"
            if not (trace / "trace.json").exists():
                shutil.rmtree(trace, ignore_errors=True)
                trace.parent.mkdir(parents=True, exist_ok=True)
                generate(trace, size)
            found = measured_in_a_process(trace, cache)
            answers = [answered(trace, cache, arguments) for arguments in ANSWERS.values()]
            kept_bytes = sum(file.stat().st_size for file in cache.rglob("*.duckdb"))
            rows.append(_row(found, answers, kept_bytes))
            by_model[found["observations"]] = found["models"]
            if folder is None:
                shutil.rmtree(trace)
    head = ["observations", "raw scan", "all models", "ratio", "µs per observation", "peak memory", "kept", *ANSWERS]
    lines = [f"| {' | '.join(head)} |", f"|{' ---: |' * len(head)}", *rows]
    lines += ["| goal | | | <= 3 | linear | <= 4.0 GiB | | < 1 s | < 1 s |"]
    return "\n".join([*lines, *(_per_model(by_model) if models else [])])


def _row(found: dict[str, Any], answers: list[tuple[float, float]], kept: int) -> str:
    scan, build = found["scan"][0], found["build"][0]
    cells = [
        f"{found['observations']:,}",
        f"{scan:.2f} s",
        f"{build:.2f} s",
        f"{build / scan:.1f}",
        f"{build / found['observations'] * 1e6:.1f}",
        f"{found['peak'] / 2**30:.1f} GiB",
        f"{kept / 2**20:,.0f} MiB",
        *(f"{processor:.2f} s ({clock:.2f} s)" for processor, clock in answers),
    ]
    return f"| {' | '.join(cells)} |"


def _per_model(by_model: dict[int, dict[str, float]]) -> list[str]:
    largest = by_model[max(by_model)]
    head = ["", f"| model | {' | '.join(f'{size:,}' for size in by_model)} |", f"| --- |{' ---: |' * len(by_model)}"]
    return head + [
        f"| {model} | {' | '.join(f'{times.get(model, 0):.2f} s' for times in by_model.values())} |"
        for model in sorted(largest, key=lambda each: -largest[each])
    ]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--models", action="store_true")
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure)))
        return
    sizes = tuple(int(size) for size in given.sizes.split(","))
    print(report(sizes, given.folder, models=given.models))


if __name__ == "__main__":
    main()
