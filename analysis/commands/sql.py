"""`volreel sql`."""

from __future__ import annotations

from typing import Annotated

import typer

from analysis.commands.options import AsCsv, AsJson, TracePath
from analysis.commands.running import asked, cancellable, require_one_form, terminal_width, write


def ask_in_sql(
    trace: TracePath,
    query: Annotated[str, typer.Argument(help="One SELECT in DuckDB's SQL.")],
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Ask a trace in SQL.

    `objects`, `logs` and `streams` are the trace's tables; `object_versions` (each version of each object with the
    time it was valid), `coverage` (what was observed of each stream, and what was not), `operations` (each CSI call,
    from the logs), `volumes`, `uses`, `milestones`, `phases`, `blame` and more are built on them. `show tables` lists
    them, `describe NAME` lists the columns; docs/models.md says what each means.

    The query can read the trace and nothing else: it writes nothing, and reaches no other file and no network.
    Gaps of the trace are named on stderr before the answer.

    Example:  volreel sql prod.trace "select name, phase, valid_from from object_versions where kind = 'Pod'"
    """
    require_one_form(as_json, as_csv)
    with asked(trace) as opened:
        answer = cancellable(opened, lambda: opened.sql(query))

    from analysis.report import as_table

    write(answer, lambda frame: as_table(frame, terminal_width()), as_json=as_json, as_csv=as_csv)
