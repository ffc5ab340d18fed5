"""The answers that a trace gives: one method a question, each a Polars frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import polars as pl

import tracer.trace
from analysis.asking import Desk
from analysis.building import Advance
from analysis.database import Seqs, Tables, open_database
from analysis.explaining.answer import Explanation
from analysis.explaining.explain import explain
from analysis.keeping import Kept, open_kept
from analysis.latencies import PHASE_KEYS, latencies
from analysis.loglines import LogLine, LogReader, Wanted
from analysis.queries import query
from tracer.errors import VolreelError
from tracer.trace.verifying import leave_out, leave_out_damaged
from tracer.trace.visible import visible

_VERSIONS = """
from object_versions
where ($kind::varchar is null or kind = $kind)
    and ($namespace::varchar is null or namespace = $namespace)
    and ($name::varchar is null or name = $name)
    and ($uid::varchar is null or uid = $uid)
    and ($instant::timestamptz is null
        or (valid_from <= $instant and (valid_to is null or valid_to > $instant)))
order by seq
"""
_MODELS = """
select
    columns.table_name as model,
    views.comment as row_meaning,
    columns.column_name as column_name,
    columns.data_type as column_type,
    columns.comment as column_meaning
from duckdb_columns() as columns
join duckdb_views() as views on views.view_oid = columns.table_oid
where not columns.internal and views.comment is not null and not starts_with(columns.table_name, '_')
order by model, columns.column_index
"""
_STEPS = "select distinct unnest([phase, link]) as step from _links where phase is not null order by step"
_COVERED = "select count(*) filter (state = 'gap'), count(*) filter (state = 'synced') from coverage"


@dataclass(frozen=True, slots=True)
class Summary:
    """What heads every answer: which cluster, which time, how much, and what is missing."""

    cluster: str
    """The server's address and version as recorded, or that they are not known."""
    first_at: datetime | None
    """observed_at of the first row of any table; None when there is none."""
    last_at: datetime | None
    observations: int
    log_lines: int
    gaps: int
    """Stretches of `coverage` in which a stream may have missed something."""
    knows_coverage: bool
    """Whether any note says what was covered; an import often has none, and then no gaps means nothing."""
    faults: tuple[str, ...]
    """What of the trace cannot be read, a sentence each."""


class UnknownStep(VolreelError):
    """A name that no phase and no link of the chain has."""


@dataclass(frozen=True, slots=True)
class Population:
    """Which phases are counted; None for any."""

    namespace: str | None = None
    storage_class: str | None = None
    driver: str | None = None
    node: str | None = None
    phase: str | None = None
    """A phase or a link of the chain."""
    begin: datetime | None = None
    """Only phases that begin from then on."""
    end: datetime | None = None


class Trace:
    """A trace opened for questions, as it stood when it was opened. Safe to ask from several threads."""

    def __init__(
        self,
        recorded: tracer.trace.Trace,
        database: duckdb.DuckDBPyConnection,
        kept: Kept | None = None,
        at: datetime | None = None,
    ) -> None:
        self.path = recorded.path
        self.id = recorded.manifest.trace_id
        """Names this recording wherever it is moved to. It may be any text."""
        self._recorded = recorded
        self._at = at
        self._desk = Desk(database, recorded.path, Tables(recorded, at), kept)

    def sql(
        self,
        query: str,
        params: Mapping[str, Any] | None = None,
        *,
        between: Seqs | None = None,
        most: int | None = None,
    ) -> pl.DataFrame:
        """Run one SELECT over the tables and models; `$name` in it takes the parameter `name`.

        With `between`, `objects`, `logs` and `streams` in it hold the rows from the first seq to the last alone, which
        in a long trace is quick: only the files with those rows are looked into. Models are as ever. Of the answer at
        `most` so many rows are read.
        It can neither write nor reach a file outside the trace or the network.
        Raises QueryError, or TraceDamaged when a segment cannot be read.
        """
        return self._desk.ask(query, params or {}, between, most)

    @property
    def last_seq(self) -> int:
        """The last seq of the trace; -1 where it has no row."""
        commits = (commit.last_seq for journal in self._recorded.journals for commit in journal.commits)
        return max((*(segment.last_seq for segment in self._recorded.segments), *commits), default=-1)

    def part_at(self, at: datetime) -> Seqs:
        """The first and the last seq of a part of the trace that holds the last row before an instant, or at it.

        That is a segment; the last one and what is not sealed yet are one part. Before the first row it is the first.
        """
        segments = self._recorded.segments
        begun = [number for number, each in enumerate(segments) if datetime.fromisoformat(each.first_at) <= at]
        place = max(begun, default=0)
        first = segments[place].first_seq if segments else 0
        return first, self.last_seq if place + 1 >= len(segments) else segments[place].last_seq

    def log_lines(self, wanted: Wanted) -> list[LogLine]:
        """The log lines that are wanted, in the trace's order. Raises TraceDamaged, QueryError."""
        return self.log_reader(wanted).read()

    def log_reader(self, wanted: Wanted) -> LogReader:
        """What reads these lines stretch by stretch. Raises VolreelError for a bad severity or expression."""
        return LogReader(self._desk.arrow, wanted)

    def object_versions(
        self,
        *,
        kind: str | None = None,
        namespace: str | None = None,
        name: str | None = None,
        uid: str | None = None,
        at: datetime | None = None,
    ) -> pl.DataFrame:
        """The versions of objects, oldest first; with `at` (with a time zone), those that were so at that instant."""
        asked = {"kind": kind, "namespace": namespace, "name": name, "uid": uid, "instant": at}
        return self.sql(_VERSIONS, asked)

    def volumes(self, *, begin: datetime | None = None, end: datetime | None = None) -> pl.DataFrame:
        """The volumes that lived between two instants, as the model `volumes`, with the `nodes` that used them
        and the `namespace` of their claim, or where that is none of their pod.

        Those that wait the longest come first, then those with the slowest phase.
        """
        return self.sql(query("listed_volumes"), {"begin": begin, "end": end})

    def uses(self) -> pl.DataFrame:
        """Which pod used which volume on which node: the model `uses`."""
        return self.sql("from uses order by first_seq, use_id")

    def milestones(self, volume_id: str | None = None) -> pl.DataFrame:
        """What happened to volumes when, how precisely that is known and from what: the model `milestones`."""
        return self._of_volume("milestones", "coalesce(happened_at, latest), evidence", volume_id)

    def phases(self, volume_id: str | None = None) -> pl.DataFrame:
        """The stretches between milestones, with who had the turn and how long: the model `phases`."""
        return self._of_volume("phases", "begins_at, evidence_from, direction desc", volume_id)

    def _of_volume(self, model: str, order: str, volume_id: str | None) -> pl.DataFrame:
        wanted = f"from {model} where $volume_id::varchar is null or volume_id = $volume_id order by {order}"
        return self.sql(wanted, {"volume_id": volume_id})

    def operations(self) -> pl.DataFrame:
        """Each call to a CSI driver that the logs tell of: the model `operations`."""
        return self.sql("from operations order by seq")

    def blame(
        self, use_ids: Sequence[str] | None = None, *, begin: datetime | None = None, end: datetime | None = None
    ) -> pl.DataFrame:
        """Who had the turn while pods waited for their volumes, a row a stretch of a use's way up or down.

        The model `blame` (durations in microseconds), with way_state (of the whole way: `done`, `open`, `abandoned`),
        pod_uid, namespace, pod, node, and volume: what people call it, null where it never existed.
        """
        return self.sql(query("blamed_uses"), {"use_ids": use_ids, "begin": begin, "end": end})

    def named_volumes(self, name: str) -> pl.DataFrame:
        """The volumes that a name means: volume_id, label, pv_name, first_observed_at, ended_at.

        `name` is a claim (`namespace/name`), PersistentVolume, volumeHandle, pod, or a uid of one of them.
        """
        return self.sql(query("named_volumes"), {"name": name})

    def named_uses(self, name: str, volume_id: str | None = None) -> pl.DataFrame:
        """The uses of the pod that a name means, or of a volume: the model `uses`, with the label of the `volume`."""
        return self.sql(query("named_uses"), {"name": name, "volume_id": volume_id})

    def latency(self, by: str | None = None, wanted: Population | None = None) -> pl.DataFrame:
        """How long each phase takes: a row a phase, and a value of `by` (class, driver, node or namespace) if given.

        direction, link, phase, owner, grp (the value), precision_us (how far the durations are known, the median), and
        the figures of `analysis.samples.survival` in microseconds, all Kaplan-Meier. The order is that of the chain.
        """
        return latencies(self.phase_samples(by, wanted))

    def phase_samples(self, by: str | None = None, wanted: Population | None = None) -> pl.DataFrame:
        """Each phase as a sample of how long its kind takes; see `analysis.samples`. Raises UnknownStep."""
        asked = asdict(wanted or Population())
        if (phase := asked["phase"]) is not None:
            steps = [step for (step,) in self.sql(_STEPS).rows()]
            if phase not in steps:
                raise UnknownStep(f"no step or link is called {phase!r}. There are {', '.join(steps)}.")
        figures = "select * exclude (volume_id, use_id, begins_at, evidence)"
        return self.sql(f"{figures} from (\n{query('phase_samples')})", {**asked, "by": by})

    def slowest_phases(
        self, group: Mapping[str, Any], by: str | None = None, wanted: Population | None = None, *, most: int = 100
    ) -> pl.DataFrame:
        """The phases of a `group`, a row of `latency(by, wanted)`, that took the longest, a row each.

        volume_id, volume (what people call it), pod and node (null where it is no phase of a use), begins_at,
        duration_us (so far, where not is_complete), is_complete, and evidence: the seq of the row that shows how it
        began.
        """
        asked = {**asdict(wanted or Population()), "by": by, "most": most, **{key: group[key] for key in PHASE_KEYS}}
        return self.sql(f"with samples as (\n{query('phase_samples')})\n{query('slowest_phases')}", asked)

    def state(self, begin: datetime, end: datetime | None = None, *, node: str | None = None) -> pl.DataFrame:
        """What was wanted on nodes and what stood there at an instant (with a time zone), or at any up to `end`.

        A row an entry of a world: world (`attach` or `mount`), side (`desired` or `actual`), node, volume_id, volume
        (what people call it), use_id, namespace, pod, standing (`wanted`, or as in the models `attach_actual` and
        `mount_actual`), attached, listed, inferred, last_error, since, until (null while it goes on), since_known,
        evidence.
        """
        return self.sql(query("state"), {"begin": begin, "end": end or begin, "node": node})

    def drift(self, begin: datetime, end: datetime | None = None, *, node: str | None = None) -> pl.DataFrame:
        """Where desired and actual differed at an instant, or at any up to `end`: the model `drift`, with names."""
        return self.sql(query("drift"), {"begin": begin, "end": end or begin, "node": node})

    def changes(self, begin: datetime | None = None, end: datetime | None = None) -> pl.DataFrame:
        """What changed between two instants: the model `changes`, then a row for each number of volumes that changed.

        Of those topic is `volumes`, subject the kind or `drift`, what the phase or standing, and no instant is given.
        None is the beginning or the end of the trace.
        """
        return self.sql(query("changes"), {"begin": begin, "end": end})

    def explain(self, what: str, name: str, at: datetime | None = None) -> Explanation:
        """Why an object stood as it did at an instant; see `analysis.explaining.explain`."""
        return explain(self, what, name, at)

    def findings(self, *, rules: Sequence[str] | None = None, severity: str = "info") -> pl.DataFrame:
        """What went wrong, by the rules (`F13`) that are given or all, if at least so severe: the model `findings`.

        Roots come first by severity, each followed by its echoes.
        """
        return self.sql(query("listed_findings"), {"rules": rules, "severity": severity})

    def undecidable(self, *, rules: Sequence[str] | None = None) -> pl.DataFrame:
        """When which rules could not be decided, and why: the model `undecidable`."""
        wanted = "from undecidable where $rules::varchar[] is null or list_contains($rules, rule) order by all"
        return self.sql(wanted, {"rules": rules})

    def coverage(self) -> pl.DataFrame:
        """What was covered of each stream, when, and what was not."""
        return self.sql("from coverage order by begins_at, seq")

    def models(self) -> pl.DataFrame:
        """What can be asked: every table and model with what a row is, its columns, their types and meanings."""
        return self.sql(_MODELS)

    def summary(self) -> Summary:
        """The trace in a few figures."""
        span = self.sql("from _span").row(0)
        gaps, synced = self.sql(_COVERED).row(0)
        cluster = self._recorded.manifest.cluster
        known = [each for each in (cluster.server, cluster.version) if each]
        return Summary(
            cluster=" ".join(known) or "unknown cluster",
            first_at=span[0],
            last_at=span[1],
            observations=self._rows("objects"),
            log_lines=self._rows("logs"),
            gaps=gaps,
            knows_coverage=bool(gaps or synced),
            faults=tuple(f"{fault.file} {fault.why}" for fault in self._recorded.faults),
        )

    def _rows(self, table: str) -> int:
        if self._at is None:
            return self._recorded.rows(table)
        return int(self.sql(f"select count(*) from {table}").item())  # noqa: S608 - a table of ours

    def _repr_html_(self) -> str:
        """What a notebook shows of it: the summary. Text from the trace is escaped."""
        summary = self.summary()
        facts = {
            "trace": self.path.name,
            "cluster": summary.cluster,
            "from (UTC)": summary.first_at or "-",
            "to (UTC)": summary.last_at or "-",
            "observations": summary.observations,
            "log lines": summary.log_lines,
            "gaps": summary.gaps if summary.knows_coverage else "unknown",
            **{f"damage {number}": fault for number, fault in enumerate(summary.faults, start=1)},
        }
        rows = (f"<tr><th>{name}</th><td>{escape(visible(str(value)))}</td></tr>" for name, value in facts.items())
        return f"<table>{''.join(rows)}</table>"

    def renew(self) -> bool:
        """Take in what was recorded since the trace was opened, or last renewed; whether there is anything.

        It waits until no query runs; what was built for them is built anew. What was damaged stays left out; files that
        were sealed meanwhile are taken as their recorder has just written them. Raises NotATrace, TraceTooNew.
        """
        recorded = tracer.trace.open_trace(self.path, look_inside=False)
        known = {fault.file for fault in recorded.faults}
        leave_out(recorded, [fault for fault in self._recorded.faults if fault.file not in known])
        renewed = Trace(recorded, open_database(recorded), at=self._at)
        if renewed.last_seq == self.last_seq:
            return False
        renewed._desk.advance = self._desk.advance
        self._desk.wait_until_idle()
        # A query that began just now is answered from the old database, which goes when nothing refers to it.
        self._recorded, self._desk = recorded, renewed._desk
        return True

    def when_building(self, advance: Advance) -> None:
        """Have it told which model is being built, how many were before it, and of how many: it may take a while."""
        self._desk.advance = advance

    def cancel(self) -> None:
        """Stop the queries that other threads are running: they raise QueryError. Returns when they have ended."""
        self._desk.cancel()

    def close(self) -> None:
        """Free the database; the trace itself is not touched."""
        self._desk.close()

    def __enter__(self) -> Trace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def open_trace(path: str | Path, *, at: datetime | None = None) -> Trace:
    """Open a trace: ended, crashed, damaged or still being recorded.

    With `at` (with a time zone) it is the trace as it stood at that instant: what arrived later is not there, and what
    went on then is open.

    Every sealed file is verified first, about a second per GiB: DuckDB checks no page's checksum, and would answer with
    what a flipped bit has made of a row. What is damaged is left out and named in `summary().faults`. What was verified
    is not verified again as long as it has not changed.
    Raises NotATrace, TraceTooNew, TraceDamaged.
    """
    recorded = tracer.trace.open_trace(path, look_inside=False)
    kept = _verified(recorded)
    if at is not None:
        return Trace(recorded, open_database(recorded), at=at)
    return Trace(recorded, open_database(recorded, kept.folder if kept else None), kept)


def _verified(recorded: tracer.trace.Trace) -> Kept | None:
    """Leave out what is damaged; where the models of what is left are kept."""
    kept = open_kept(recorded)
    if kept is None or not kept.is_verified:
        named = recorded.segments
        leave_out_damaged(recorded)
        if recorded.segments != named:
            return open_kept(recorded)
        if kept is not None:
            kept.mark_verified()
    return kept
