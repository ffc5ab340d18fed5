"""The commands that record, inspect, move and serve traces."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _commands() -> None:
    """Record a cluster's storage history, and find out which link of the chain broke."""
