"""The commands that ask a trace."""

from __future__ import annotations

import typer

from analysis.commands.blame import show_blame
from analysis.commands.changes import show_changes
from analysis.commands.compare import show_comparison
from analysis.commands.diagnose import diagnose
from analysis.commands.explain import show_explanation
from analysis.commands.latency import show_latency
from analysis.commands.logs import show_logs
from analysis.commands.operations import show_operations
from analysis.commands.sql import ask_in_sql
from analysis.commands.state import show_state
from analysis.commands.timeline import show_timeline
from analysis.commands.volumes import show_volumes

app = typer.Typer(no_args_is_help=True)

app.command("diagnose")(diagnose)
app.command("volumes")(show_volumes)
app.command("timeline")(show_timeline)
app.command("blame")(show_blame)
app.command("latency")(show_latency)
app.command("compare")(show_comparison)
app.command("state")(show_state)
app.command("changes")(show_changes)
app.command("explain")(show_explanation)
app.command("operations")(show_operations)
app.command("logs")(show_logs)
app.command("sql")(ask_in_sql)
