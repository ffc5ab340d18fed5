"""The commands that record, inspect, move and serve traces."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.command()
def record(
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="The trace to write, a folder NAME.trace.", show_default="named by the time"),
    ] = None,
    kubeconfig: Annotated[str | None, typer.Option(help="As for kubectl; in a pod, its service account.")] = None,
    context: Annotated[str | None, typer.Option(help="The kubeconfig's context.")] = None,
    duration: Annotated[
        str | None, typer.Option(help="Stop after 90s, 10m, 1h30m.", show_default="until stopped")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the trace where a recorder stopped.")] = False,
    namespace: Annotated[
        list[str] | None, typer.Option("--namespace", "-n", help="Only this namespace; may be given again.")
    ] = None,
    keep: Annotated[
        str | None, typer.Option(help="Let what is older than 24h, 7d go.", show_default="everything")
    ] = None,
    max_size: Annotated[
        str | None, typer.Option(help="Let the oldest go above 20GiB.", show_default="no limit")
    ] = None,
    all_events: Annotated[bool, typer.Option("--all-events", help="Keep Events about everything.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say more, more often.")] = False,
) -> None:
    """Record a cluster's storage history into a trace.

    Follows every storage-related resource until Ctrl-C (or SIGTERM, or --duration), which ends the trace well. A
    recorder that was killed goes on with --resume: nothing is lost while the server still has that history, and what it
    no longer has is written down as a gap. Only get, list and watch are used; `volreel rbac` prints the permissions.

    Example:  volreel record -o incident.trace --duration 30m
    """
    from tracer.recorder import Recording
    from tracer.recording import run_recording
    from tracer.units import parse_duration, parse_size

    run_recording(
        Recording(
            out=out or _default_trace(),
            kubeconfig=kubeconfig,
            context=context,
            namespaces=tuple(namespace or ()),
            duration_s=parse_duration(duration) if duration else None,
            resume=resume,
            keep_s=parse_duration(keep) if keep else None,
            max_bytes=parse_size(max_size) if max_size else None,
            all_events=all_events,
        ),
        verbose=verbose,
    )


@app.command()
def rbac(
    name: Annotated[str, typer.Option(help="Name of the service account and its role.")] = "volreel",
    namespace: Annotated[str, typer.Option(help="Namespace of the service account.")] = "volreel",
) -> None:
    """Print the least permissions that recording needs, as a manifest.

    Example:  volreel rbac | kubectl apply -f -
    """
    from tracer.rbac import rbac_manifest

    print(rbac_manifest(name, namespace), end="")


def _default_trace() -> Path:
    return Path(f"volreel-{datetime.now(UTC):%Y%m%d-%H%M%S}.trace")
