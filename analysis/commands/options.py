"""The arguments and options that several commands share, so that they are called the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

TracePath = Annotated[Path, typer.Argument(metavar="TRACE", help="The trace, a folder NAME.trace.")]
AsJson = Annotated[bool, typer.Option("--json", help="A JSON array, one object a row.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="CSV with a header.")]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="As it was then: 14:03:07, 2026-11-23T14:03:07Z, +5m, -30s, 50%."),
]
From = Annotated[str | None, typer.Option("--from", metavar="TIME", help="From this instant on; TIME as for --at.")]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Before this instant; TIME as for --at.")]
