"""`volreel compare`."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.commands.latency import By
from analysis.commands.options import AsCsv, AsJson, At, From, To
from analysis.commands.running import asked, cancellable, instant_in, require_one_form, terminal_width, write
from tracer.errors import ExitCode, VolreelError

if TYPE_CHECKING:
    import polars as pl

_SHARE = re.compile(r"(\d+(?:\.\d+)?)%")


def show_comparison(
    before: Annotated[Path, typer.Argument(metavar="A", help="The trace to compare with.")],
    after: Annotated[Path | None, typer.Argument(metavar="B", help="The trace that may be slower.")] = None,
    split: Annotated[
        str | None, typer.Option("--split", metavar="TIME", help="Compare A before this instant with A from then on.")
    ] = None,
    by: Annotated[By | None, typer.Option("--by", help="A row for each of these.")] = None,
    phase: Annotated[str | None, typer.Option("--phase", metavar="P", help="Only this step, or link.")] = None,
    fail_if_slower: Annotated[
        str | None,
        typer.Option("--fail-if-slower", metavar="SHARE", help="Exit with 1 if a step is slower by that, such as 20%."),
    ] = None,
    at: At = None,
    begin: From = None,
    end: To = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Say whether steps take longer in trace B than in trace A, or in one trace since an instant.

    Medians and 95th percentiles (Kaplan-Meier: what is still open counts) of each step that both have, with the
    log-rank test's p, corrected for the number of steps and for few samples. A step differs when p is below 5 % and
    the difference is larger than the precision to which the durations are known. --at, --from and --to count in each
    trace by itself: +10m is ten minutes after its start. A step belongs to the stretch in which it begins.

    --fail-if-slower 20% makes it a gate: exit code 1 when a step differs and its median or 95th percentile has grown by
    that share or more.

    With --json and --csv a row is a step: direction, link, phase, owner, grp, phases_before, censored_before,
    p50_us_before ... and the same _after, p_value, adjusted_p, precision_us, p50_difference_us, p95_difference_us,
    differs, change (slower or faster), slower (a share), verdict.

    Example:  volreel compare last-release.trace this-release.trace --fail-if-slower 20%

    Example:  volreel compare prod.trace --split 14:03 --by driver
    """
    from analysis.comparing import compare, is_slower
    from analysis.latency_text import comparison_as_text
    from analysis.trace import Population

    require_one_form(as_json, as_csv)
    limit = _share(fail_if_slower)
    if (after is None) == (split is None):
        raise VolreelError("give two traces, or one and --split TIME.")
    with ExitStack() as opened:
        traces = {path: opened.enter_context(asked(path, at=at)) for path in dict.fromkeys((before, after or before))}

        def samples(path: Path, first: str | None, last: str | None) -> pl.DataFrame:
            trace = traces[path]
            stretch = Population(phase=phase, begin=instant_in(trace, first), end=instant_in(trace, last))
            return cancellable(trace, lambda: trace.phase_samples(by, stretch))

        earlier = samples(before, begin, split or end)
        later = samples(after or before, split or begin, end)
    comparison = compare(earlier, later)
    write(comparison, lambda frame: comparison_as_text(frame, terminal_width()), as_json=as_json, as_csv=as_csv)
    if limit is not None and is_slower(comparison, limit):
        raise typer.Exit(ExitCode.BAD_ANSWER)


def _share(text: str | None) -> float | None:
    if text is None:
        return None
    if (share := _SHARE.fullmatch(text.strip())) is None:
        raise VolreelError(f"{text!r} is no share. Give one such as 20%.")
    return float(share[1]) / 100
