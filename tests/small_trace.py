"""Small traces written row by row, through the writer and the lifting that a recording uses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tracer.kinds import kind_of_stream, stream_version
from tracer.lifting import Lifter
from tracer.trace.manifest import Cluster
from tracer.trace.writer import TraceWriter

BEGIN = datetime(2026, 11, 23, 7, 0, 0, tzinfo=UTC)
CLAIMS = "v1/persistentvolumeclaims"
NODES = "v1/nodes"


def instant(seconds: float) -> datetime:
    """The instant that many seconds after a small trace begins."""
    return BEGIN + timedelta(seconds=seconds)


def claim(name: str = "data", version: int = 1, phase: str = "Pending", **metadata: Any) -> dict[str, Any]:
    """The smallest claim; its uid follows from its name."""
    meta = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "resourceVersion": str(version), **metadata}
    return {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": meta, "status": {"phase": phase}}


class SmallTrace:
    """A trace in the making; times are seconds after BEGIN."""

    def __init__(self, path: Path, cluster: Cluster | None = None) -> None:
        self.path = path
        self.writer = TraceWriter.create(path, "test", cluster)

    def observe(self, at: float, type: str, value: dict[str, Any], stream: str = CLAIMS, **columns: Any) -> SmallTrace:
        kind = kind_of_stream(stream)
        assert kind is not None
        lifter = Lifter(kind, stream_version(stream))
        parts, text = lifter.object_parts(json.dumps(value).encode())
        lifted: dict[str, Sequence[Any]] = lifter.columns([parts], [text])
        given = {name: [each] for name, each in columns.items()}
        row = {**lifted, "stream": [stream], "type": [type], **given}
        self.writer.observe(1, len(text), row, self._us(at))
        return self

    def vanish(self, at: float, value: dict[str, Any], stream: str = CLAIMS) -> SmallTrace:
        return self.observe(at, "VANISHED", value, stream, object=None)

    def note(self, at: float, what: str, detail: str | None = None, stream: str = CLAIMS) -> SmallTrace:
        self.writer.note(stream, what, at_us=self._us(at), detail=detail)
        return self

    def log(self, at: float, line: str, stream: str = "log/default/csi-0/uid-csi/csi-attacher/0") -> SmallTrace:
        columns = {"stream": [stream], "component": ["csi-attacher"], "message": [line]}
        self.writer.log(1, len(line), columns, self._us(at))
        return self

    def ended(self) -> Path:
        """All of it sealed, as after a recording that ended well."""
        self.writer.close()
        return self.path

    def crashed(self) -> Path:
        """All of it in the journal, as after a kill."""
        self.writer.flush()
        self.writer.release()
        return self.path

    @staticmethod
    def _us(at: float) -> int:
        return round(instant(at).timestamp() * 1_000_000)
