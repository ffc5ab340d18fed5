"""Timelines of real volumes, read by hand out of the logs that tell of them, against what the models make of a trace.

`tests/timelines/` holds one file a scenario of `../shared/real/README.md`: what happened to a few volumes, what never
did, and the line that proves each instant. Nothing in them comes from a model. A proof is `SOURCE STAMP QUOTE … QUOTE`,
words of one line of the capture:

- `audit`: a request to the API server, which wrote between receiving it and its stamp
- `watch`: an object that arrived at the recorder, shortly after it was written
- `stamp`: a whole second in an object; `event`: the nanoseconds in the name of an Event
- any other: a line of that log

One proof is the instant; of two, the first came before it and the second after.
"""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from analysis import Trace, open_trace
from tracer.ndjson.importing import import_ndjson

REAL = Path(__file__).parents[3] / "shared" / "real"
TIMELINES = sorted((Path(__file__).parents[1] / "timelines").glob("*.yaml"))
HOST_LOGS = ("kubelet", "kube-controller-manager", "kube-scheduler")
"""Logs of a host, as files."""
NODE = "lab-node-1"
WATCH_DELAY = timedelta(milliseconds=100)
"""From write to arrival; the audit log shows 60 ms in these captures."""
ROUGH = 3 * WATCH_DELAY
"""No milestone here need be vaguer."""
STAMPED = {"containers_started", "containers_stopped"}
"""Save these: the kubelet stamps them in whole seconds."""

pytestmark = pytest.mark.skipif(not REAL.exists(), reason="the captures are not here")

Timeline = Mapping[str, Any]


class Span(NamedTuple):
    """Between which instants something happened."""

    begin: datetime
    end: datetime


def read(path: Path) -> Timeline:
    timeline: Timeline = yaml.safe_load(path.read_text("utf-8"))
    return timeline


each_timeline = pytest.mark.parametrize("path", TIMELINES, ids=lambda path: path.stem)


# --- proofs


@cache
def lines_by_stamp(folder: str) -> Mapping[tuple[str, str], list[str]]:
    """Source and stamp -> the capture's lines."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in HOST_LOGS:
        for line in text_lines(folder, f"{name}.log"):
            if header := re.match(r"[IWEF]\d{4} (\S+)", line):
                found[name, header[1]].append(line)
    for line in text_lines(folder, "logs.ndjson"):
        record = json.loads(line)
        container = record["stream"].split("/")[4]
        source = "driver" if container == "hostpath" else container
        if stamp := log_stamp(record.get("line", "")):
            found[source, stamp].append(record["line"])
    for line in text_lines(folder, "audit.log"):
        found["audit", written(line, "stageTimestamp")].append(line)
    for line in text_lines(folder, "events.ndjson"):
        found["watch", line[17:32]].append(line)
    return found


def text_lines(folder: str, name: str) -> Iterator[str]:
    path = REAL / folder / f"{name}.gz"
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from lines


def log_stamp(line: str) -> str | None:
    if header := re.search(r"\b[IWEF]\d{4} (\d\d:\d\d:\d\d\.\d{6})", line):
        return header[1]
    if header := re.search(r'\{"ts":([0-9.]+),', line):
        return f"{datetime.fromtimestamp(round(float(header[1]) * 1000) / 1e6, UTC):%H:%M:%S.%f}"
    return None


def written(line: str, key: str) -> str:
    match = re.search(rf'"{key}":"\d{{4}}-\d\d-\d\dT([0-9:.]+)Z"', line)
    assert match, f"no {key}"
    return match[1]


def instant(stamp: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-23T{stamp}").replace(tzinfo=UTC)


def proved(folder: str, proof: str) -> Span:
    """When the thing happened, as the quoted line proves it; fails if the capture has no such line."""
    source, stamp, quotes = proof.split(" ", 2)
    lines = lines_by_stamp(folder)
    if source in ("stamp", "event"):
        candidates = [line for (kind, _), found in lines.items() if kind == "watch" for line in found]
    else:
        candidates = lines.get((source, stamp), [])
    line = next((line for line in candidates if all(quote in line for quote in quotes.split(" … "))), None)
    assert line is not None, f"the capture has no such line: {proof}"
    at = instant(stamp)
    if source == "audit":
        return Span(instant(written(line, "requestReceivedTimestamp")), at)
    if source == "watch":
        return Span(at - WATCH_DELAY, at)
    if source == "event":
        nanoseconds = int(quotes[1:17], 16)
        assert nanoseconds // 1000 == round(at.timestamp() * 1e6)
    if source == "stamp":
        assert stamp in quotes
        grace = re.search(r'"deletionGracePeriodSeconds":(\d+)', quotes)
        at -= timedelta(seconds=int(grace[1]) if grace else 0)
        return Span(at, at + timedelta(seconds=1))
    return Span(at, at)


def truth(folder: str, proofs: str | list[str]) -> Span:
    spans = [proved(folder, proof) for proof in ([proofs] if isinstance(proofs, str) else proofs)]
    span = Span(spans[0].begin, spans[-1].end)
    assert span.begin <= span.end, proofs
    return span


def occurrences(folder: str, told: str | list[Any]) -> list[Span]:
    """A milestone's instants: a proof, a list of two, or a list of such lists where it happened several times."""
    is_repeated = isinstance(told[0], list)
    return [truth(folder, each) for each in told] if is_repeated else [truth(folder, told)]


def subjects(timeline: Timeline) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, volume in timeline["volumes"].items():
        yield name, volume
        if "attached_for_nobody" in volume:
            yield f"{name}, attached for nobody", volume["attached_for_nobody"]
        for use in volume.get("uses", ()):
            yield f"{name}, {use['identity']['use_id']}", use


@each_timeline
def test_each_quoted_line_is_in_the_capture(path):
    timeline = read(path)
    count = 0
    for _, subject in subjects(timeline):
        for told in subject.get("milestones", {}).values():
            count += len(occurrences(timeline["capture"], told))
        for *_, proof in subject.get("transitions", ()):
            proved(timeline["capture"], proof)
    assert count > 0


def test_every_scenario_of_the_captures_has_a_timeline():
    told = {(read(path)["capture"], read(path)["scenario"]) for path in TIMELINES}
    for folder in ("text", "json"):
        marks = [json.loads(line) for line in (REAL / folder / "marks.ndjson").read_text().splitlines()]
        scenarios = {mark["scenario"].replace("-", " ") for mark in marks if mark["scenario"] != "recorder"}
        assert {(folder, scenario) for scenario in scenarios} <= told


# --- the models


@pytest.fixture(scope="session")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Trace]]:
    """Each capture as one trace, with the host's logs; made once, also for several workers."""
    root = tmp_path_factory.getbasetemp()
    shared = (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / "captures"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for folder in ("text", "json"):
            if not (shared / f"{folder}.trace").exists():
                import_capture(folder, shared)
    opened = {folder: open_trace(shared / f"{folder}.trace") for folder in ("text", "json")}
    yield opened
    for trace in opened.values():
        trace.close()


def import_capture(folder: str, into: Path) -> None:
    files = [REAL / folder / "events.ndjson.gz", REAL / folder / "logs.ndjson.gz"]
    for name in HOST_LOGS:
        if (REAL / folder / f"{name}.log.gz").exists():
            files.append(into / f"{folder}-{name}.ndjson")
            with files[-1].open("w", encoding="utf-8") as out:
                out.writelines(host_log(folder, name))
    import_ndjson([str(file) for file in files], into / f"{folder}.trace")


def host_log(folder: str, name: str) -> Iterator[str]:
    """A host's log as NDJSON. When it arrived nobody knows: each line counts as stamped and arrived when written."""
    at = "07:32:00.000000"
    for line in text_lines(folder, f"{name}.log"):
        if header := re.match(r"[IWEF]\d{4} (\S+)", line):
            at = max(at, header[1])
        stamp = f"2026-11-23T{at}000Z"
        text = f"{stamp} {line}".rstrip("\n")
        yield json.dumps({"t": stamp, "stream": f"log//{NODE}//{name}/0", "node": NODE, "line": text}) + "\n"


@pytest.fixture(scope="session")
def tables(traces: Mapping[str, Trace]) -> Any:
    """A model's rows by volume, read once."""

    @cache
    def get(folder: str, model: str) -> Mapping[str | None, list[dict[str, Any]]]:
        found: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
        for row in traces[folder].sql(f"select * from {model}").to_dicts():
            found[row["volume_id"]].append(row)
        return found

    return get


@each_timeline
def test_volumes_claims_and_uses_are_the_right_ones(path, tables):
    timeline = read(path)
    folder = timeline["capture"]
    for name, volume in timeline["volumes"].items():
        if "identity" in volume:
            volume_id = volume["identity"]["volume_id"]
            [row] = tables(folder, "volumes")[volume_id]
            told = {**volume["identity"], **volume.get("summary", {})}
            assert {key: row[key] for key in told} == told, name
            claims = sorted(tables(folder, "volume_claims")[volume_id], key=lambda row: row["occurrence"])
            assert [row["claim_name"] for row in claims] == volume.get("claims", []), name
            uses = {row["use_id"] for row in tables(folder, "uses")[volume_id]}
            assert uses == {use["identity"]["use_id"] for use in volume.get("uses", ())}, name
        else:
            volume_id = None
        for use in volume.get("uses", ()):
            [row] = [row for row in tables(folder, "uses")[volume_id] if row["use_id"] == use["identity"]["use_id"]]
            assert {key: row[key] for key in use["identity"]} == use["identity"], name


def rows_of(
    tables: Any, timeline: Timeline, model: str
) -> Iterator[tuple[str, Mapping[str, Any], list[dict[str, Any]]]]:
    """Each subject with its rows: a volume's own, a use's, and those of an attachment that served no use."""
    folder = timeline["capture"]
    for name, volume in timeline["volumes"].items():
        volume_id = volume["identity"]["volume_id"] if "identity" in volume else None
        rows = tables(folder, model)[volume_id]
        yield name, volume, [row for row in rows if row["use_id"] is None and row["attachment_uid"] is None]
        if "attached_for_nobody" in volume:
            alone = [row for row in rows if row["use_id"] is None and row["attachment_uid"] is not None]
            yield f"{name}, attached for nobody", volume["attached_for_nobody"], alone
        for use in volume.get("uses", ()):
            use_id = use["identity"]["use_id"]
            yield f"{name}, {use_id}", use, [row for row in rows if row["use_id"] == use_id]


@each_timeline
def test_milestones_are_where_the_logs_say(path, tables):
    timeline = read(path)
    wrong = []
    for name, subject, rows in rows_of(tables, timeline, "milestones"):
        if subject.get("identity", {}).get("volume_id", "") is None:
            continue
        for milestone, told in subject.get("milestones", {}).items():
            found = sorted(
                (row for row in rows if row["milestone"] == milestone),
                key=lambda row: row["happened_at"] or row["latest"],
            )
            expected = occurrences(timeline["capture"], told)
            if len(found) != len(expected):
                wrong.append(f"{name}: {milestone} happened {len(expected)} times, the model says {len(found)}")
                continue
            wrong += [
                f"{name}: {milestone}: {doubt}"
                for row, span in zip(found, expected, strict=True)
                if (doubt := doubt_of(row, span))
            ]
    assert wrong == [], "\n".join(wrong)


def doubt_of(row: Mapping[str, Any], span: Span) -> str | None:
    """What is wrong with a milestone, if anything."""
    earliest, latest, happened = row["earliest"], row["latest"], row["happened_at"]
    where = f"{row['source']} says {happened:%H:%M:%S.%f} [{earliest:%H:%M:%S.%f} {latest:%H:%M:%S.%f}]"
    true = f"true is [{span.begin:%H:%M:%S.%f} {span.end:%H:%M:%S.%f}]"
    if earliest > span.end or latest < span.begin:
        return f"{where}, {true}"
    precision = timedelta(microseconds=row["precision_us"])
    if not span.begin - precision <= happened <= span.end + precision:
        return f"{where}, precision {precision}, {true}"
    if precision > ROUGH + timedelta(seconds=row["milestone"] in STAMPED):
        return f"{where}: so vague need it not be, {true}"
    return row.get("disagreement") and f"{where}: {row['disagreement']}"


@each_timeline
def test_what_never_happened_has_no_milestone(path, tables):
    timeline = read(path)
    for name, subject, rows in rows_of(tables, timeline, "milestones"):
        # Of a volume, what is said of its uses too.
        is_volume = name in timeline["volumes"] and "identity" in subject
        every = tables(timeline["capture"], "milestones")[subject["identity"]["volume_id"]] if is_volume else rows
        assert {row["milestone"] for row in every} & set(subject.get("never", ())) == set(), name


@each_timeline
def test_the_time_went_where_the_reading_says(path, tables):
    timeline = read(path)
    wrong = []
    for name, subject, rows in rows_of(tables, timeline, "phases"):
        for told in subject.get("took", ()):
            between = [
                row for row in rows if (row["from_milestone"], row["to_milestone"]) == (told["from"], told["to"])
            ]
            if not any(is_phase(row, told) for row in between):
                wrong.append(f"{name}: {told}, the model has {[summary(row) for row in between]}")
        if told := subject.get("abandoned"):
            left = [row for row in rows if row["state"] == "abandoned" and row["from_milestone"] == told["from"]]
            if not any(is_tried(row, told) for row in left):
                wrong.append(f"{name}: abandoned {told}, the model has {[summary(row) for row in rows]}")
    assert wrong == [], "\n".join(wrong)


def is_phase(row: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    if row["state"] != "done":
        return False
    shortest, longest = row["shortest_us"] / 1e6 - 0.1, row["longest_us"] / 1e6 + 0.1
    is_so_long = shortest <= told["seconds"] <= longest and shortest <= row["duration_us"] / 1e6 <= longest
    is_exact = longest - shortest < 2 + 2 * ROUGH.total_seconds()
    return is_so_long and is_exact and row["owner"] == told.get("owner", row["owner"]) and is_tried(row, told)


def is_tried(row: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    is_it = all(row[key] == told.get(key, row[key]) for key in ("link", "attempts"))
    return is_it and told.get("error", "") in (row["last_error"] or "")


def summary(row: Mapping[str, Any]) -> str:
    seconds = None if row["duration_us"] is None else row["duration_us"] / 1e6
    return (
        f"{row['from_milestone']} -> {row['to_milestone']} {seconds} s {row['phase']} of {row['owner']}, {row['state']}"
        f" x{row['attempts']} {row['last_error'] or ''}"
    )


@each_timeline
def test_blame_gives_the_whole_way_to_its_owners_and_most_to_the_right_one(path, tables):
    timeline = read(path)
    folder = timeline["capture"]
    for name, use in uses_of(timeline):
        use_id = use["identity"]["use_id"]
        rows = [row for found in tables(folder, "blame").values() for row in found if row["use_id"] == use_id]
        way = sorted((row for row in rows if row["direction"] == "up"), key=lambda row: row["position"])
        assert all(row["ends_at"] == later["begins_at"] for row, later in pairwise(way)), name
        if "containers_started" in use.get("milestones", {}):
            took = way[-1]["ends_at"] - way[0]["begins_at"]
            assert sum(row["duration_us"] for row in way) == took / timedelta(microseconds=1), name
        for direction, seconds, owner in use.get("longest", ()):
            longest = max((row for row in rows if row["direction"] == direction), key=lambda row: row["duration_us"])
            assert longest["owner"] == owner, name
            assert abs(longest["duration_us"] / 1e6 - seconds) < 0.5, name


def uses_of(timeline: Timeline) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, volume in timeline["volumes"].items():
        for use in volume.get("uses", ()):
            yield f"{name}, {use['identity']['use_id']}", use


@each_timeline
def test_only_what_goes_on_at_the_end_is_open(path, tables):
    timeline = read(path)
    for name, subject, rows in rows_of(tables, timeline, "phases"):
        told = subject.get("open")
        found = [row for row in rows if row["state"] in ("open", "contradiction")]
        assert [row["link"] for row in found] == ([told["link"]] if told else []), name
        assert all(row["state"] == "open" and is_tried(row, told) for row in found), name


@each_timeline
def test_changes_of_phase_are_seen(path, tables):
    timeline = read(path)
    for name, volume in timeline["volumes"].items():
        for kind, before, after, proof in volume.get("transitions", ()):
            rows = tables(timeline["capture"], "transitions")[volume["identity"]["volume_id"]]
            found = [row for row in rows if (row["kind"], row["from_phase"], row["to_phase"]) == (kind, before, after)]
            assert len(found) == 1, name
            span = proved(timeline["capture"], proof)
            assert span.begin <= found[0]["observed_at"] <= span.end + WATCH_DELAY, name


@each_timeline
def test_the_driver_is_registered_when_the_node_says(path, traces):
    timeline = read(path)
    begin, end = lasted(timeline)
    rows = traces[timeline["capture"]].sql(
        "select * from registrations where latest between $begin and $end order by latest", {"begin": begin, "end": end}
    )
    told = [(milestone, proved(timeline["capture"], proof)) for milestone, proof in timeline.get("registrations", ())]
    assert rows["milestone"].to_list() == [milestone for milestone, _ in told]
    assert [doubt_of(row, span) for row, (_, span) in zip(rows.to_dicts(), told, strict=True)] == [None] * len(told)


def lasted(timeline: Timeline) -> Span:
    """When the scenario began and ended."""
    marks = [json.loads(line) for line in (REAL / timeline["capture"] / "marks.ndjson").read_text().splitlines()]
    times = [mark["t"] for mark in marks if mark["scenario"].replace("-", " ") == timeline["scenario"]]
    return Span(datetime.fromisoformat(times[0]), datetime.fromisoformat(times[-1]))
