"""Lines of any content are lifted: none fails, and each comes back byte for byte where it held no secret."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tracer.logs.lifting import LogLifter
from tracer.logs.redaction import scrub_lines
from tracer.trace.columns import ColumnBuffer
from tracer.trace.lines import LINE_PARTS, raw_lines
from tracer.trace.schema import LOGS

STAMP = "2026-11-23T07:32:17.001274030Z "
EXAMPLES = [
    r'I1123 07:32:17.403210       1 connection.go:264] "GRPC call" method="/csi.v1.X" request="{\"volume_id\":\"v\"}"',
    r'E1123 07:32:17.403210     812 x.go:1] "Operation failed" err="a \\ b\n\tc" list=["a","b \"c\""] n=3',
    'I1123 07:32:17.403210       1 c.go:1] "Said" err=<',
    'I1123 07:32:17.403210 8 o.go:1] Mnt.SetUp failed for volume "v" (UniqueName: "u") pod "p" (UID: "u") on node "n"',
    '{"ts":1795417742309.4856,"caller":"l.go:300","msg":"Renewed","lock":{"name":"a","namespace":"b"},"v":5}',
    '{"level":"info","time":"2026-08-11T09:12:13.123456789Z","caller":"s.go:1","msg":"m","TraceId":"t"}',
    r'time="2026-08-11T09:12:13Z" level=info msg="NodeStageVolume: req: {\"volume_id\":\"p\"}" file="y.go:1"',
    '2026-08-11T09:12:13.123Z\tINFO\tdriver\tc/p.go:12\tCreateVolume called\t{"name": "pvc-1"}',
    "2026/08/11 09:12:13.123456 main.go:42: listening",
]
odd = st.sampled_from(
    ['"', "\\", "{", "}", "[", "=", "=<", " >", "\t", "\x00", "\x01", "\x1b", "é", "\u2028", ": ", "] "]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    line = draw(st.sampled_from([STAMP, ""])) + draw(st.sampled_from(EXAMPLES))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(line)))
        line = line[:start] + draw(odd) + line[start + draw(st.integers(0, 5)) :]
    return line


@settings(deadline=None, max_examples=400)
@given(st.lists(mutated() | st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=6))
def test_every_line_comes_back_as_it_was(lines):
    buffer = ColumnBuffer(LOGS)
    buffer.extend(len(lines), {**LogLifter().lift(["s"] * len(lines), lines), "seq": range(len(lines))})
    batch: pa.RecordBatch = buffer.take().select(LINE_PARTS)
    assert raw_lines(batch) == list(scrub_lines(lines))
