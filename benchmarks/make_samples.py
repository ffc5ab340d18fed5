"""Make the sample traces anew from captures of a real cluster: `make samples CAPTURES=../shared/real`."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tracer.ndjson.exporting import ndjson_lines
from tracer.ndjson.importing import import_ndjson
from tracer.trace import open_trace
from tracer.trace.disk import Disk
from tracer.trace.manifest import read_manifest, write_manifest

VERSION = "v1.36.0"
"""The cluster's, as the captures' README says: NDJSON has no place for it."""
SAMPLES = Path(__file__).parents[1] / "sample_traces"
CUTS = {
    "pending-claims": ("05-mismatch", "06-createfail"),
    "stuck-attach": ("10-attach", "10-attach"),
    "failing-mounts": ("11-mountfail", "11-mountfail"),
}
"""Trace -> first and last scenario of the long capture that it shows."""


def main(captures: Path) -> None:
    """Make every sample; those that are there are replaced."""
    make("first-volumes", captured(captures / "json"))
    with tempfile.TemporaryDirectory() as folder:
        # Through a trace: it is redacted, in one order, and knows which objects an earlier life of the cluster left.
        whole = Path(folder) / "whole.trace"
        import_ndjson([str(file) for file in captured(captures / "text")], whole)
        for name, (first, last) in CUTS.items():
            begin, end = span_of(captures / "text" / "marks.ndjson", first, last)
            lines = Path(folder) / f"{name}.ndjson"
            lines.write_bytes(b"".join(cut(ndjson_lines(open_trace(whole)), begin, end)))
            make(name, [lines])


def captured(folder: Path) -> list[Path]:
    return [folder / f"{name}.ndjson.gz" for name in ("events", "logs")]


def make(name: str, files: Iterable[Path]) -> None:
    out = SAMPLES / f"{name}.trace"
    shutil.rmtree(out, ignore_errors=True)
    import_ndjson([str(file) for file in files], out)
    manifest = read_manifest(out)
    manifest.cluster.version = VERSION
    write_manifest(out, manifest, Disk())
    (out / "lock").unlink()
    (out / "journal").rmdir()
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    print(f"{out}: {size:,} bytes", file=sys.stderr)


def span_of(marks: Path, first: str, last: str) -> tuple[str, str]:
    """When the scenarios began and ended, to the second."""
    times = {first: "", last: ""}
    begin = ""
    for line in marks.read_text().splitlines():
        mark = json.loads(line)
        if mark["scenario"] in times:
            begin = begin or mark["t"]
            times[mark["scenario"]] = mark["t"]
    return begin[:19], times[last][:19] + "~"


def cut(lines: Iterable[bytes], begin: str, end: str) -> Iterator[bytes]:
    """The lines from begin to end, behind the state at the beginning as LISTED lines.

    Events of before are left out of the state: they belong to other stories.
    """
    alive: dict[tuple[str, str], dict[str, object]] = {}
    has_begun = False
    for text in lines:
        line = json.loads(text)
        if line["t"] > end:
            return
        if line["t"] >= begin:
            if not has_begun:
                yield from (encode({**each, "t": f"{begin}.000000Z", "type": "LISTED"}) for each in alive.values())
                has_begun = True
            yield text
        elif "object" in line and line["stream"] != "v1/events":
            key = line["stream"], line["object"]["metadata"]["uid"]
            alive.pop(key, None)
            if line["type"] not in ("DELETED", "VANISHED"):
                alive[key] = line


def encode(line: dict[str, object]) -> bytes:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
