"""trace.json: what a trace is, who recorded it, and which sealed segments belong to it."""

from __future__ import annotations

import uuid
from pathlib import Path

import msgspec

from tracer.errors import NotATrace, TraceDamaged, TraceTooNew
from tracer.trace.disk import Disk
from tracer.trace.schema import FORMAT

MANIFEST = "trace.json"


class SegmentFile(msgspec.Struct, kw_only=True):
    """One sealed Parquet file."""

    rows: int
    bytes: int
    sha256: str
    first_seq: int
    last_seq: int


class Segment(msgspec.Struct, kw_only=True):
    """The files of one segment number: at most one per table, none for a table without rows."""

    number: int
    first_seq: int
    last_seq: int
    first_at: str
    """observed_at of the first row, RFC 3339 UTC."""
    last_at: str
    files: dict[str, SegmentFile]
    """Table name -> file `TABLE/NUMBER.parquet`."""
    state: bool = False
    """In ring mode: not what was observed from first_at to last_at, but what was still so at `kept_from`."""


class Cluster(msgspec.Struct, kw_only=True):
    """The cluster that was recorded; null where it is not known (an import)."""

    server: str | None = None
    version: str | None = None
    uid: str | None = None
    """UID of the kube-system namespace: tells clusters apart under one address."""


class Session(msgspec.Struct, kw_only=True):
    """One run of a recorder or an importer; `--resume` adds another."""

    started_at: str
    by: str
    """`volreel 0.1.0 record`, `volreel 0.1.0 import ndjson`."""
    host: str
    ended_at: str | None = None
    """Null while it runs, and for ever after a crash."""


class Resource(msgspec.Struct, kw_only=True):
    """A stream of objects that was followed."""

    stream: str
    kind: str
    api_version: str


class Manifest(msgspec.Struct, kw_only=True):
    """The content of trace.json."""

    format: int = FORMAT
    trace_id: str = msgspec.field(default_factory=lambda: str(uuid.uuid4()))
    cluster: Cluster = msgspec.field(default_factory=Cluster)
    sessions: list[Session] = []
    resources: list[Resource] = []
    filtered: dict[str, dict[str, int]] = {}
    """Stream -> why -> how many observations were left out of the trace."""
    kept_from: str | None = None
    """In ring mode: rows before this instant were folded into the state at it, or dropped."""
    segments: list[Segment] = []

    @property
    def is_ended(self) -> bool:
        """Whether the last recorder said that it ended well."""
        return bool(self.sessions) and self.sessions[-1].ended_at is not None


class _Format(msgspec.Struct):
    format: int


def read_manifest(trace: Path) -> Manifest:
    """Read trace.json.

    Raises NotATrace where there is none, TraceTooNew for a newer major format, TraceDamaged for what is no manifest.
    """
    path = trace / MANIFEST
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise NotATrace(f"{trace} is not a trace: it has no {MANIFEST}. Give the folder NAME.trace.") from None
    except NotADirectoryError:
        raise NotATrace(f"{trace} is a file, not a trace: a trace is a folder NAME.trace.") from None
    try:
        version = msgspec.json.decode(text, type=_Format).format
        if version > FORMAT:
            raise TraceTooNew(
                f"{trace} has trace format {version}; this volreel reads up to {FORMAT}. Use a newer volreel."
            )
        return msgspec.json.decode(text, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TraceDamaged(f"{path} is damaged ({error}). `volreel check` says what is readable.") from error


def write_manifest(trace: Path, manifest: Manifest, disk: Disk) -> None:
    """Replace trace.json as one step."""
    disk.replace(trace / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
