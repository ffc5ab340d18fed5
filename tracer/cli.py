"""The commands that record, inspect, move and serve traces."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
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
    no_logs: Annotated[bool, typer.Option("--no-logs", help="Leave the logs of storage's containers out.")] = False,
    logs_of: Annotated[
        list[str] | None, typer.Option("--logs-of", help="Follow these pods' logs too: a label selector, as app=db.")
    ] = None,
    no_logs_of: Annotated[
        list[str] | None, typer.Option("--no-logs-of", help="Leave these pods' logs out: a label selector.")
    ] = None,
    kubelet_logs: Annotated[
        bool,
        typer.Option("--kubelet-logs", help="Read the kubelets' logs too; see `volreel rbac --kubelet-logs`."),
    ] = False,
    max_log_rate: Annotated[
        float | None,
        typer.Option(
            help="Lines per second to read of one container; more waits, none is dropped.",
            min=1,
            show_default="no limit",
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say more, more often.")] = False,
) -> None:
    """Record a cluster's storage history into a trace.

    Follows every storage-related resource, and the logs of CSI drivers, their sidecars, the snapshot controller,
    kube-controller-manager and kube-scheduler, until Ctrl-C (or SIGTERM, or --duration), which ends the trace well. A
    recorder that was killed goes on with --resume: nothing is lost while the server still has that history, and what it
    no longer has is written down as a gap. Only get, list and watch are used; `volreel rbac` prints the permissions.

    Example:  volreel record -o incident.trace --duration 30m
    """
    from tracer.process import settle

    settle()
    from tracer.logfollow.selection import Selection
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
            logs=not no_logs,
            kubelet_logs=kubelet_logs,
            selection=Selection(tuple(logs_of or ()), tuple(no_logs_of or ())),
            max_log_rate=max_log_rate,
        ),
        verbose=verbose,
    )


@app.command()
def rbac(
    name: Annotated[str, typer.Option(help="Name of the service account and its role.")] = "volreel",
    namespace: Annotated[str, typer.Option(help="Namespace of the service account.")] = "volreel",
    kubelet_logs: Annotated[
        bool, typer.Option("--kubelet-logs", help="With what `volreel record --kubelet-logs` needs.")
    ] = False,
) -> None:
    """Print the least permissions that recording needs, as a manifest.

    Example:  volreel rbac | kubectl apply -f -
    """
    from tracer.rbac import rbac_manifest

    print(rbac_manifest(name, namespace, kubelet_logs=kubelet_logs), end="")


importing = typer.Typer(no_args_is_help=True)
app.add_typer(importing, name="import", help="Make a trace from what other tools have captured.")


@importing.callback()
def _importing() -> None:
    """Make a trace from what other tools have captured."""


@importing.command("ndjson")
def import_ndjson(
    files: Annotated[list[str], typer.Argument(help="NDJSON files, plain or gzip; - is standard input.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The trace to make, a folder NAME.trace.")],
) -> None:
    """Make a trace from NDJSON: a capture, or what `volreel export --to ndjson` wrote.

    One JSON object a line, merged over the files by their time t; t has up to nanoseconds and may carry an offset:

    \b
    {"t":TIME,"stream":"v1/pods","type":"ADDED","object":{...}}
        type: LISTED, ADDED, MODIFIED, DELETED or VANISHED
    {"t":TIME,"stream":"log/NS/POD/POD_UID/CONTAINER/RESTART","node":"n1",
     "line":"as the log API sent it"}
    {"t":TIME,"stream":"v1/pods","what":"gap","detail":"why",
     "revision_from":7,"revision_to":9}

    Everything is kept, also what a recorder would leave out; secrets are removed. Where a stream's revisions step back
    the capture joins two histories of the cluster: that becomes a `rewound` and a `gap`. A line that is not what it
    should be stops the import, and nothing is left behind.

    Example:  volreel import ndjson capture.ndjson.gz -o incident.trace
    """
    import sys

    from tracer.ndjson.importing import import_ndjson as run
    from tracer.trace.progress import progress

    with progress("importing") as advance:
        imported = run(files, out, advance)
    print(f"{out}: {imported.lines:,} lines, {imported.streams} streams of objects", file=sys.stderr)


@importing.command("logs")
def import_logs(
    files: Annotated[list[str], typer.Argument(help="Log files, plain or gzip; - is standard input.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The trace to make, a folder NAME.trace.")],
    node: Annotated[
        str | None, typer.Option(help="The node that they come from.", show_default="as the journal says")
    ] = None,
    component: Annotated[
        str | None, typer.Option(help="What wrote them: kubelet, csi-attacher, ...", show_default="the file's name")
    ] = None,
    year: Annotated[
        int | None, typer.Option(help="The year of each file's first line.", min=1970, show_default="from the file")
    ] = None,
    timezone: Annotated[str, typer.Option(help="Of times that name no zone: UTC, +02:00, Europe/Berlin.")] = "UTC",
    captures: Annotated[
        list[str] | None,
        typer.Option("--with", help="NDJSON that belongs into the same trace; - is standard input. May come again."),
    ] = None,
) -> None:
    """Make a trace from log files: what a cluster left behind when nobody recorded it.

    Each file may be the output of kubectl logs --timestamps, of journalctl -o short-iso-precise or -o json, or a log as
    its program wrote it. Lines are merged by time; secrets are removed.

    klog leaves the year and the zone out of its times. A host's stamp gives them; without one, the year is --year, or a
    date that stands in the file's lines, or that of the last change of the file; a log may run over New Year.

    An import makes a new trace. What was captured of the objects comes into the same one by --with; so does a trace,
    exported, to which logs are to be added.

    \b
    Examples:  kubectl logs -n csi csi-0 -c csi-attacher --timestamps > csi-attacher.log
               volreel import logs csi-attacher.log kubelet.log.gz -o incident.trace
               volreel import logs kubelet.log --with objects.ndjson.gz -o incident.trace
               volreel export old.trace | volreel import logs kubelet.log --with - -o new.trace
    """
    import sys

    from tracer.logs.files import About
    from tracer.logs.zones import zone_of
    from tracer.ndjson.importing import import_logs as run
    from tracer.trace.progress import progress

    about = About(node=node, component=component, year=year, zone=zone_of(timezone))
    with progress("importing") as advance:
        imported = run(files, out, about, advance, captures or ())
    objects = f" and {imported.streams} streams of objects" if imported.streams else ""
    unknown = f", {imported.unknown:,} of no known dialect" if imported.unknown else ""
    print(f"{out}: {imported.lines:,} lines of {imported.logs} logs{objects}{unknown}", file=sys.stderr)


class ExportFormat(StrEnum):
    """What a trace can be exported to."""

    NDJSON = "ndjson"


@app.command()
def export(
    trace: Annotated[Path, typer.Argument(help="The trace, a folder NAME.trace.", show_default=False)],
    to: Annotated[ExportFormat, typer.Option("--to", help="The format.")] = ExportFormat.NDJSON,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="The file to write, replaced if it exists.", show_default="stdout"),
    ] = None,
) -> None:
    """Write a trace as NDJSON, in the trace's order: for other tools, and for `volreel import ndjson`.

    One JSON object a line, as `volreel import ndjson --help` describes them; importing them again gives the same rows.
    (A trace is plain Parquet as well: DuckDB, Polars, Spark or pandas read its files as they are.)

    Example:  volreel export incident.trace --to ndjson | grep VolumeAttachment
    """
    from tracer.ndjson.exporting import export_ndjson
    from tracer.trace.progress import progress

    del to
    with progress("exporting") as advance:
        export_ndjson(trace, out, advance)


@app.command()
def info(
    trace: Annotated[Path, typer.Argument(help="The trace, a folder NAME.trace.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Say what a trace holds, and first of all what it may have missed.

    Works on a trace that has ended, that is being recorded, that was cut off, and on what is left of a damaged one.
    Per kind: different objects, observations, rows that hold no object (gone while nobody looked, or a mere
    heartbeat), and which part of the trace's time span was followed without a gap.

    With --json the keys are: trace, trace_id, state, faults, gaps, troubles, filtered, cluster, first_at, last_at,
    span_s, kept_from, sessions, kinds, logs, tables, bytes, damaged. Times are RFC 3339 in UTC, `coverage` is 0 to 1.

    Example:  volreel info incident.trace
    """
    from tracer.inspection.info import inspect_trace
    from tracer.inspection.info_text import info_text
    from tracer.trace.progress import progress

    with progress("reading") as advance:
        found = inspect_trace(trace, advance)
    _answer(found if as_json else info_text(found))


@app.command()
def check(
    trace: Annotated[Path, typer.Argument(help="The trace, a folder NAME.trace.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Read every byte of a trace and say what is wrong with it, what that costs, and what is still readable.

    Sealed files against their SHA-256, columns against the format, the order of all rows, the journal's checksums, and
    files that do not belong there. Nothing is changed. Exit code 1 if there is a fault; what a crash leaves behind and
    the next `volreel record --resume` puts in order is only a note.

    With --json the keys are: trace, ok, faults, notes (each with file, why, lost, advice; lost has first_seq, last_seq,
    rows, first_at, last_at), files (sealed files read) and readable (rows per table).

    Example:  volreel check incident.trace && echo whole
    """
    from tracer.errors import ExitCode
    from tracer.inspection.check import check_trace
    from tracer.inspection.check_text import check_text
    from tracer.trace.progress import progress

    with progress("checking") as advance:
        checked = check_trace(trace, advance)
    _answer(checked if as_json else check_text(checked))
    if not checked.ok:
        raise typer.Exit(ExitCode.BAD_ANSWER)


def _answer(answer: object) -> None:
    """A text as it is, anything else as JSON."""
    import msgspec

    if isinstance(answer, str):
        print(answer, end="")
    else:
        print(msgspec.json.format(msgspec.json.encode(answer)).decode())


@app.command()
def serve(
    trace: Annotated[Path, typer.Argument(help="The trace, a folder NAME.trace.")],
    at: Annotated[
        str | None,
        typer.Option(help="Stand still at 2026-11-23T07:32:00Z, +5m, -30s or 50%.", show_default="the end"),
    ] = None,
    speed: Annotated[
        str | None, typer.Option(help="Let it happen again, 10 times as fast as recorded, or max.")
    ] = None,
    loop: Annotated[bool, typer.Option("--loop", help="With --speed: begin again at the end, for ever.")] = False,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.", min=0, max=65535, show_default="a free one")] = 0,
    kubeconfig_out: Annotated[
        Path | None, typer.Option(help="Write the kubeconfig here.", show_default="a temporary file")
    ] = None,
) -> None:
    """Serve a trace as a Kubernetes API, for kubectl and any other client; `kubectl logs` works too.

    The API server listens on loopback, is read-only, and prints the KUBECONFIG to use. Without --at and --speed the
    world stands at the trace's end. With --speed the recorded observations happen again: the clock starts when every
    recorded resource is watched, or 2 s after the first watch. At max a slow watch slows the world down; at any other
    speed a watch that falls too far behind is ended, as a real server does. At any speed a pod is deleted, and a
    container started again, only when those who follow its log have all of it.

    --at takes an instant, a time from the start (+5m), from the end (-30s), or a share of the whole (50%).

    Example:  volreel serve incident.trace --at +12m
    """
    from tracer.playback.serving import run_server

    run_server(trace, at=at, speed=speed, loop=loop, port=port, kubeconfig_out=kubeconfig_out)


@app.command()
def demo(
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The trace to write.", show_default="volreel-demo.trace")
    ] = None,
) -> None:
    """See it work: a recorded cluster is served on loopback and recorded live.

    Needs no cluster and takes about 20 seconds. The sample comes from a real Kubernetes 1.36 with the CSI hostpath
    driver; what is recorded stays in volreel-demo.trace, to be looked at with the commands that it names at the end.

    Example:  volreel demo
    """
    from tracer.process import settle

    settle()
    from tracer.demo import run_demo

    run_demo(out)


def _default_trace() -> Path:
    return Path(f"volreel-{datetime.now(UTC):%Y%m%d-%H%M%S}.trace")
