"""The status of a recording as a table that stands on a terminal."""

from __future__ import annotations

import asyncio

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tracer.status import REFRESH_S, Status
from tracer.units import show_duration


async def show_table(status: Status) -> None:
    """Show the status on stderr until cancelled."""
    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:
        while True:
            live.update(_table(status), refresh=True)
            await asyncio.sleep(REFRESH_S)


def _table(status: Status) -> Group:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bold")
    table.add_column("kind", no_wrap=True)
    for name in ("objects", "observed", "per s", "lag ≤", "gaps"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in status.rows():
        table.add_row(
            row.plural,
            str(row.objects),
            str(row.observations),
            f"{status.rate(row):.0f}",
            "" if row.quiet_s is None else show_duration(row.quiet_s),
            str(row.gaps),
            ", ".join(sorted(row.states or ())).replace("following", ""),
        )
    troubles = [Text(f"! {what}: {why}", style="yellow") for what, why in status.troubles().items()]
    return Group(table, Text(status.line(), style="bold"), *troubles)
