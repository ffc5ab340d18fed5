"""What an import makes of a capture: order, facts, heartbeats, rewinds, redaction."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest

from tracer.errors import InputError, TraceExists, TraceLocked
from tracer.ndjson.exporting import export_ndjson
from tracer.ndjson.importing import import_ndjson
from tracer.trace import open_trace
from tracer.trace.lines import LINE_PARTS, raw_lines
from tracer.trace.schema import SCHEMAS

REAL = Path(__file__).parents[3] / "shared" / "real"
PODS = "v1/pods"


def at(second, fraction="000000000"):
    return f"2026-11-23T07:00:{second:02d}.{fraction}Z"


def named(kind="Pod", name="a", uid="u1", revision=1, namespace="n", **more):
    metadata = {"name": name, "namespace": namespace, "uid": uid, "resourceVersion": str(revision)}
    return {"kind": kind, "apiVersion": "v1", "metadata": metadata, **more}


def seen(second, type_, whole, stream=PODS):
    return {"t": at(second), "stream": stream, "type": type_, "object": whole}


@pytest.fixture
def imported(tmp_path):
    def run(*files, name="t.trace"):
        paths = []
        for number, lines in enumerate(files):
            paths.append(tmp_path / f"{number}.ndjson")
            paths[-1].write_text("".join(line if isinstance(line, str) else f"{json.dumps(line)}\n" for line in lines))
        import_ndjson([str(path) for path in paths], tmp_path / name)
        return open_trace(tmp_path / name)

    return run


def rows(trace, table, *columns):
    whole = pa.Table.from_batches(trace.batches(table), schema=SCHEMAS[table])
    found = [whole[name].to_pylist() for name in columns]
    return [row[0] for row in zip(*found, strict=True)] if len(columns) == 1 else list(zip(*found, strict=True))


# -- order ------------------------------------------------------------------------------------------------------------


def test_files_are_merged_by_time_and_equal_times_keep_the_order_of_the_files(imported):
    first = [seen(1, "ADDED", named(name="a")), seen(3, "ADDED", named(name="b", uid="u2", revision=4))]
    second = [
        seen(1, "ADDED", named(name="c", uid="u3", revision=2)),
        seen(2, "ADDED", named(name="d", uid="u4", revision=3)),
    ]
    trace = imported(first, second)
    assert rows(trace, "objects", "seq", "name") == [(0, "a"), (1, "c"), (2, "d"), (3, "b")]


def test_one_counter_runs_over_all_tables(imported):
    log = {"t": at(2), "stream": "log/n/p/u/c/0", "line": "x"}
    note = {"t": at(3), "stream": PODS, "what": "bookmark", "revision": "7"}
    trace = imported([seen(1, "ADDED", named()), log, note, seen(4, "DELETED", named(revision=8))])
    assert rows(trace, "objects", "seq") == [0, 3]
    assert rows(trace, "logs", "seq") == [1]
    assert rows(trace, "streams", "seq", "what", "revision_from", "revision_to") == [(2, "bookmark", None, 7)]


def test_time_is_cut_to_microseconds_and_never_steps_back(imported):
    lines = [seen(5, "ADDED", named()), seen(1, "MODIFIED", named(revision=2)), seen(6, "MODIFIED", named(revision=3))]
    lines[2]["t"] = at(6, "123456999")
    trace = imported(lines)
    assert [each.strftime("%S.%f") for each in rows(trace, "objects", "observed_at")] == [
        "05.000000",
        "05.000000",
        "06.123456",
    ]


def test_a_time_may_carry_an_offset(imported):
    line = seen(0, "ADDED", named()) | {"t": "2026-11-23T09:30:00+02:30"}
    assert rows(imported([line]), "objects", "observed_at")[0].strftime("%H:%M") == "07:00"


def test_gzip_is_recognised_by_its_bytes_and_dash_is_standard_input(tmp_path):
    text = gzip.compress(json.dumps(seen(1, "ADDED", named())).encode() + b"\n")
    command = [sys.executable, "-m", "volreel", "import", "ndjson", "-", "-o", str(tmp_path / "t.trace")]
    ended = subprocess.run(command, input=text, capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, b"")
    assert open_trace(tmp_path / "t.trace").rows("objects") == 1


# -- rows -------------------------------------------------------------------------------------------------------------


def test_a_log_line_is_kept_whole_and_its_stream_says_whose_it_is(imported):
    line = "2026-11-23T07:00:00.061099605Z I1123 \x1b[31mred"
    trace = imported([{"t": at(1), "stream": "log/ns/pod-0/uid/csi-attacher/3", "node": "n1", "line": line}])
    columns = ("namespace", "pod", "pod_uid", "container", "restart", "node", "component", "message")
    whose = ("ns", "pod-0", "uid", "csi-attacher", 3, "n1", "csi-attacher")
    assert rows(trace, "logs", *columns) == [(*whose, "I1123 \x1b[31mred")]
    (batch,) = trace.batches("logs", LINE_PARTS)
    assert raw_lines(batch) == [line]
    stamps = pa.Table.from_batches(trace.batches("logs"))["stamped_at"].cast(pa.int64()).to_pylist()
    assert stamps[0] % 1_000_000_000 == 61_099_605


@pytest.mark.parametrize("stamp", ["2026-11-23T07:00:00.17Z ", "2026-11-23T07:00:00Z ", ""])
def test_a_line_is_taken_apart_whatever_its_stamp(imported, stamp):
    line = f'{stamp}I1123 07:00:00.001245       1 a.go:1] "GRPC call" method="/csi.v1.Node/NodeGetInfo"'
    trace = imported([{"t": at(1), "stream": "log/ns/pod-0/uid/csi-attacher/3", "line": line}])
    assert rows(trace, "logs", "dialect", "message", "line") == [("klog", "GRPC call", None)]
    assert rows(trace, "logs", "logged_at")[0].isoformat() == "2026-11-23T07:00:00.001245+00:00"
    (batch,) = trace.batches("logs", LINE_PARTS)
    assert raw_lines(batch) == [line]


def test_what_wrote_a_line_is_told_by_its_pod_and_else_by_the_containers_name(imported):
    spec = {"containers": [{"name": "main", "image": "vendor/own:1", "args": ["--name=disk.vendor.io"]}]}
    driver = named("CSIDriver", "disk.vendor.io", "u9", namespace=None)
    logs = [
        {"t": at(2), "stream": f"log/n/a/{uid}/{name}/0", "line": "said"}
        for uid, name in (("u1", "main"), ("u1", "kubelet"), ("u2", "main"), ("u2", "kubelet"), ("u2", "csi-attacher"))
    ]
    trace = imported(
        [seen(0, "LISTED", named(spec=spec)), seen(1, "LISTED", driver, "storage.k8s.io/v1/csidrivers"), *logs]
    )
    assert rows(trace, "logs", "component") == [
        "driver",
        "kubelet",
        None,
        "kubelet",
        "csi-attacher",
    ]


def test_facts_are_lifted(imported):
    claim = named("PersistentVolumeClaim", status={"phase": "Bound"}, spec={"volumeName": "pv-1"})
    trace = imported([seen(1, "ADDED", claim, "v1/persistentvolumeclaims")])
    assert rows(trace, "objects", "phase", "volume_name") == [("Bound", "pv-1")]
    assert [each.kind for each in trace.manifest.resources] == ["PersistentVolumeClaim"]


def test_a_node_that_only_beats_keeps_a_row_without_object(imported):
    def node(revision, beat, ready="True"):
        status = {"conditions": [{"type": "Ready", "status": ready, "lastHeartbeatTime": at(beat)}]}
        return named("Node", "n1", revision=revision, namespace=None, status=status)

    lines = [seen(1, "LISTED", node(1, 1)), seen(2, "MODIFIED", node(2, 2)), seen(3, "MODIFIED", node(3, 3, "False"))]
    trace = imported([{**line, "stream": "v1/nodes"} for line in lines])
    assert [text is None for text in rows(trace, "objects", "object")] == [False, True, False]
    assert rows(trace, "objects", "revision") == [1, 2, 3]


def test_a_resource_that_is_not_known_keeps_its_common_columns_and_its_object(imported):
    widget = named("Widget", spec={"size": 3, "password": "hunter2"}) | {"apiVersion": "example.org/v1"}
    trace = imported([seen(1, "ADDED", widget, "example.org/v1/namespaces/n/widgets")])
    assert rows(trace, "objects", "kind", "api_version", "name", "revision") == [("Widget", "example.org/v1", "a", 1)]
    assert json.loads(rows(trace, "objects", "object")[0])["spec"] == {"size": 3, "password": "(removed by volreel)"}
    assert trace.manifest.resources[0].kind == "Widget"


def test_no_planted_secret_reaches_the_disk(imported):
    secret = "hunter2-planted"
    applied = {"kubectl.kubernetes.io/last-applied-configuration": f'{{"a":"{secret}"}}'}
    container = {"name": "c", "env": [{"name": "A", "value": secret}], "args": [f"--password={secret}"]}
    pod = named(spec={"containers": [container]})
    pod["metadata"]["annotations"] = applied
    deployment = named("Deployment", spec={"template": {"spec": {"containers": [container]}}})
    deployment["metadata"]["annotations"] = applied
    lines = [
        seen(1, "ADDED", pod),
        seen(1, "ADDED", deployment, "apps/v1/deployments"),
        seen(1, "ADDED", named("Secret", data={"k": secret}, stringData={"k": secret}), "v1/secrets"),
    ]
    trace = imported(lines)
    assert trace.rows("objects") == 3
    for table in SCHEMAS:
        for batch in trace.batches(table):
            assert secret not in str(batch.to_pylist())
    for file in trace.path.rglob("*"):
        assert file.is_dir() or secret.encode() not in file.read_bytes()


# -- a history that was rewound ---------------------------------------------------------------------------------------


def test_a_list_from_an_earlier_life_of_the_cluster_is_a_rewind_a_gap_and_vanished_objects(imported):
    trace = imported(
        [
            seen(1, "LISTED", named(name="old", uid="u1", revision=900)),
            seen(1, "LISTED", named(name="both", uid="u2", revision=5)),
            seen(1, "LISTED", named(name="early", uid="u3", revision=6)),
            seen(2, "ADDED", named(name="new", uid="u4", revision=10)),
            seen(3, "ADDED", named(name="both", uid="u5", revision=11)),
            seen(4, "MODIFIED", named(name="new", uid="u4", revision=12)),
        ]
    )
    assert rows(trace, "streams", "seq", "what", "revision_from", "revision_to") == [
        (3, "rewound", 900, 10),
        (4, "gap", 900, 10),
        (6, "resumed", None, None),
    ]
    assert rows(trace, "objects", "seq", "type", "uid")[3:] == [
        (5, "VANISHED", "u1"),
        (7, "ADDED", "u4"),
        (8, "VANISHED", "u2"),
        (9, "ADDED", "u5"),
        (10, "MODIFIED", "u4"),
    ]
    vanished = [row for row in rows(trace, "objects", "type", "object", "kind", "name") if row[0] == "VANISHED"]
    assert vanished == [("VANISHED", None, "Pod", "old"), ("VANISHED", None, "Pod", "both")]


def test_the_order_inside_a_list_is_no_step_back(imported):
    lines = [seen(1, "LISTED", named(name=str(n), uid=str(n), revision=100 - n)) for n in range(5)]
    assert imported(lines).rows("streams") == 0


def test_a_rewind_that_the_recorder_wrote_down_is_not_found_again(imported):
    noted = {"t": at(2), "stream": PODS, "what": "rewound", "revision_from": 900, "revision_to": 10}
    trace = imported([seen(1, "ADDED", named(revision=900)), noted, seen(3, "ADDED", named(uid="u2", revision=11))])
    assert rows(trace, "streams", "what") == ["rewound"]
    assert rows(trace, "objects", "type") == ["ADDED", "ADDED"]


def test_the_real_capture_begins_with_an_earlier_life(tmp_path):
    files = [str(REAL / "text" / f"{name}.ndjson.gz") for name in ("events", "logs")]
    if not Path(files[0]).exists():
        pytest.skip("the real captures are not here")
    import_ndjson(files, tmp_path / "t.trace")
    trace = open_trace(tmp_path / "t.trace")
    rewound = [row[1] for row in rows(trace, "streams", "what", "stream") if row[0] == "rewound"]
    assert "storage.k8s.io/v1/csistoragecapacities" in rewound
    alive = {}
    for kind, uid, name, type_ in rows(trace, "objects", "kind", "uid", "name", "type"):
        if type_ in ("DELETED", "VANISHED"):
            alive.pop(uid, None)
        else:
            alive[uid] = (kind, name)
    alive_names = [each for each in alive.values() if each[0] in ("Node", "CSIDriver", "StorageClass", "CSINode")]
    assert len(alive_names) == len(set(alive_names))


# -- what is refused --------------------------------------------------------------------------------------------------

GOOD = json.dumps(seen(1, "ADDED", named())) + "\n"
T = '{"t":"2026-11-23T07:00:00Z"'
REFUSED = {
    "no JSON": "{",
    "no object": "[1]",
    "no stream": T + ',"what":"gap"}',
    "a number for a time": '{"t":5,"stream":"v1/pods","what":"gap"}',
    "no time": '{"t":"yesterday","stream":"v1/pods","what":"gap"}',
    "a day that is none": '{"t":"2026-02-30T00:00:00Z","stream":"v1/pods","what":"gap"}',
    "a time before 1970": '{"t":"1969-12-31T23:59:59Z","stream":"v1/pods","what":"gap"}',
    "two things at once": T + ',"stream":"v1/pods","what":"gap","line":"x"}',
    "nothing at all": T + ',"stream":"v1/pods"}',
    "a type without object": T + ',"stream":"v1/pods","type":"ADDED"}',
    "an unknown type": T + ',"stream":"v1/pods","type":"BORN","object":{"metadata":{"name":"a"}}}',
    "an object that is none": T + ',"stream":"v1/pods","type":"ADDED","object":[1]}',
    "an empty object": T + ',"stream":"v1/pods","type":"ADDED","object":{}}',
    "an object without name": T + ',"stream":"v1/pods","type":"ADDED","object":{"metadata":{}}}',
    "a lone surrogate": GOOD.strip().replace('"a"', '"\\ud800"'),
    "a lone surrogate in a line": T + ',"stream":"log/n/p/u/c/0","line":"\\ud800"}',
    "a huge revision": T + ',"stream":"v1/pods","what":"gap","revision_to":99999999999999999999}',
    "a negative revision": T + ',"stream":"v1/pods","what":"gap","revision_to":-1}',
    "a log of nobody": T + ',"stream":"log/x","line":"x"}',
    "a restart that is no number": T + ',"stream":"log/n/p/u/c/x","line":"x"}',
    "a stream that is none": T + ',"stream":"../../etc","type":"ADDED","object":{"metadata":{"name":"a"}}}',
    "deep nesting": T + ',"stream":"v1/pods","type":"ADDED","object":' + "[" * 50_000,
    "a number out of range": T + ',"stream":"v1/nodes","type":"ADDED",'
    '"object":{"metadata":{"name":"a"},"status":1e999}}',
}


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_a_line_that_is_not_what_it_should_be_is_named_and_leaves_nothing_behind(imported, tmp_path, what):
    with pytest.raises(InputError) as error:
        imported([GOOD, GOOD, REFUSED[what] + "\n", GOOD])
    message = str(error.value)
    assert message.startswith(f"{tmp_path / '0.ndjson'}:3: ") and "\n" not in message
    assert sorted(each.name for each in tmp_path.iterdir()) == ["0.ndjson"]


def test_bytes_that_are_no_text_are_named(tmp_path):
    (tmp_path / "x.ndjson").write_bytes(GOOD.encode() + b'{"t":"\xff"}\n')
    with pytest.raises(InputError, match=r"x\.ndjson:2: byte 6 is not UTF-8"):
        import_ndjson([str(tmp_path / "x.ndjson")], tmp_path / "t.trace")


def test_a_file_that_is_named_twice_is_not_read_twice(tmp_path):
    (tmp_path / "x.ndjson").write_text(GOOD)
    with pytest.raises(InputError, match="named twice"):
        import_ndjson([str(tmp_path / "x.ndjson")] * 2, tmp_path / "t.trace")


def test_gzip_that_was_cut_off_is_named(tmp_path):
    (tmp_path / "x.gz").write_bytes(gzip.compress(os.urandom(10_000).hex().encode())[:-400])
    with pytest.raises(InputError, match="beyond line 0"):
        import_ndjson([str(tmp_path / "x.gz")], tmp_path / "t.trace")
    assert [each.name for each in tmp_path.iterdir()] == ["x.gz"]


def test_odd_values_where_facts_belong_are_null_and_stay_in_the_object(imported):
    odd = named(
        "PersistentVolumeClaim", spec={"resources": {"requests": {"storage": "1e999"}}}, status={"phase": {"a": 1}}
    )
    odd["metadata"]["generation"] = 2**70
    trace = imported([seen(1, "ADDED", odd, "v1/persistentvolumeclaims")])
    assert rows(trace, "objects", "requested_bytes", "phase", "generation") == [(None, None, None)]
    assert json.loads(rows(trace, "objects", "object")[0])["metadata"]["generation"] == 2**70


def test_an_import_never_touches_what_is_there(imported, tmp_path):
    (tmp_path / "t.trace").mkdir()
    with pytest.raises(TraceExists):
        imported([GOOD])
    assert not list((tmp_path / "t.trace").iterdir())


def test_an_empty_input_is_an_empty_trace(imported):
    trace = imported([])
    assert [trace.rows(table) for table in SCHEMAS] == [0, 0, 0]


def test_an_import_that_was_killed_leaves_nothing_in_the_way_and_a_second_one_at_once_is_refused(tmp_path):
    out = tmp_path / "t.trace"
    command = [sys.executable, "-m", "volreel", "import", "ndjson", "-", "-o", str(out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as importer:
        lock = tmp_path / "t.trace.importing" / "lock"
        while not (lock.exists() and lock.read_text()):
            time.sleep(0.01)  # its only sign
        (tmp_path / "x.ndjson").write_text(GOOD)
        with pytest.raises(TraceLocked):
            import_ndjson([str(tmp_path / "x.ndjson")], out)
        importer.send_signal(signal.SIGKILL)
    assert not out.exists()
    import_ndjson([str(tmp_path / "x.ndjson")], out)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["t.trace", "x.ndjson"]


# -- export -----------------------------------------------------------------------------------------------------------


def test_a_heartbeat_is_exported_as_the_last_whole_version_with_its_own_revision(imported, tmp_path):
    def node(revision, beat):
        status = {"conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": at(beat)}]}
        return named("Node", "n1", revision=revision, namespace=None, status=status)

    lines = [seen(1, "ADDED", node(1, 1), "v1/nodes"), seen(2, "MODIFIED", node(2, 2), "v1/nodes")]
    trace = imported(lines)
    export_ndjson(trace.path, tmp_path / "out.ndjson")
    first, second = (json.loads(line)["object"] for line in (tmp_path / "out.ndjson").read_text().splitlines())
    assert second["metadata"].pop("resourceVersion") == "2"
    assert first["metadata"].pop("resourceVersion") == "1"
    assert first == second


def test_a_vanished_object_travels_by_its_identity(imported, tmp_path):
    trace = imported([seen(1, "VANISHED", named(spec={"containers": []}))])
    export_ndjson(trace.path, tmp_path / "out.ndjson")
    line = json.loads((tmp_path / "out.ndjson").read_text())
    assert line["object"] == named()


def test_lines_in_normal_form_come_back_byte_for_byte(imported, tmp_path):
    lines = [
        '{"t":"2026-11-23T07:00:00.000001Z","stream":"v1/pods","type":"ADDED",'
        '"object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","uid":"u","resourceVersion":"1"},"x":1.50}}\n',
        '{"t":"2026-11-23T07:00:00.000001Z","stream":"log/n/p/u/c/0","node":"n","line":"\\u001b[31m ü"}\n',
        '{"t":"2026-11-23T07:00:00.000002Z","stream":"v1/pods","what":"gap","revision_from":1,"detail":"why"}\n',
    ]
    trace = imported(lines)
    export_ndjson(trace.path, tmp_path / "out.ndjson")
    assert (tmp_path / "out.ndjson").read_text() == "".join(lines)


def test_an_export_to_a_pipe_that_is_closed_ends_without_a_word(imported):
    many = [seen(1, "ADDED", named(name=str(number), uid=str(number), revision=number)) for number in range(3000)]
    command = f"{sys.executable} -m volreel export {imported(many).path} | head -1"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert ended.stdout.count(b"\n") == 1
    assert ended.stderr == b""
