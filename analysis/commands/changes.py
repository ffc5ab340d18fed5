"""`volreel changes`."""

from __future__ import annotations

from analysis.commands.options import AsCsv, AsJson, From, To, TracePath
from analysis.commands.running import asked, cancellable, instant_in, require_one_form, terminal_width, write


def show_changes(
    trace: TracePath, begin: From = None, end: To = None, as_json: AsJson = False, as_csv: AsCsv = False
) -> None:
    """Show what changed in a cluster's storage between two instants.

    Drivers and where they are registered with which attach limit, the programs that run them (pods, images, restarts),
    leaders, classes, nodes (ready, taints): each change with its time, what was and what is. Then how many claims,
    volumes and attachments stood how, before and after. Without --from and --to it is the whole trace.

    With --json and --csv: topic, subject, what, before, after, changed_at, seq; null: it was not there.

    Example:  volreel changes prod.trace --from 14:00 --to 14:10
    """
    from analysis.changes_text import as_text

    require_one_form(as_json, as_csv)
    with asked(trace) as opened:
        first, last = instant_in(opened, begin or "0%"), instant_in(opened, end or "100%")
        changed = cancellable(opened, lambda: opened.changes(first, last))
    write(changed, lambda frame: as_text(frame, first, last, terminal_width()), as_json=as_json, as_csv=as_csv)
