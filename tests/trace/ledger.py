"""What a test has written into a trace, and what a reader must therefore find."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tracer.trace.opening import Trace
from tracer.trace.writer import TraceWriter

Row = dict[str, Any]
SEEN = {
    "objects": ("stream", "type", "uid", "revision", "object"),
    "logs": ("stream", "line"),
    "streams": ("stream", "what", "revision_to", "detail"),
}


@dataclass
class Ledger:
    """`rows[seq]` is what was written as that row."""

    rows: list[tuple[str, Row]] = field(default_factory=list)
    promised: int = 0
    """So many of them are durable for certain."""
    folds: set[int] = field(default_factory=lambda: {-1})
    """Last seq that may have been folded: more than one while a fold was cut short."""

    def observe(self, writer: TraceWriter, rows: list[tuple[str, str, bool]]) -> None:
        """Rows of (type, uid, has an object)."""
        first = len(self.rows)
        texts = [f'{{"version":{first + place}}}' if has else None for place, (_, _, has) in enumerate(rows)]
        columns = {
            "stream": ["v1/pods"] * len(rows),
            "type": [kind for kind, _, _ in rows],
            "uid": [uid for _, uid, _ in rows],
            "revision": list(range(first, first + len(rows))),
            "object": texts,
        }
        writer.observe(len(rows), 100, columns, writer.clock.now_us())
        self.rows += [
            ("objects", {name: columns[name][place] for name in SEEN["objects"]}) for place in range(len(rows))
        ]

    def log(self, writer: TraceWriter, rows: int) -> None:
        lines = [f"line {len(self.rows) + place}" for place in range(rows)]
        columns = {"stream": ["log/n/p/u/c/0"] * rows, "line": lines}
        writer.log(rows, 100, columns, writer.clock.now_us())
        self.rows += [("logs", {"stream": "log/n/p/u/c/0", "line": line}) for line in lines]

    def note(self, writer: TraceWriter, what: str) -> None:
        revision = len(self.rows) if what in ("synced", "bookmark") else None
        row = {"stream": "v1/pods", "what": what, "revision_to": revision, "detail": f"note {len(self.rows)}"}
        writer.note(**row)
        self.rows.append(("streams", row))

    def forget_unwritten(self, certain: int) -> None:
        """After a crash: only so many rows were found."""
        del self.rows[certain:]

    def check(self, trace: Trace) -> int:
        """That the trace holds exactly a prefix of the rows with all that was promised; how many rows that is."""
        assert [fault for fault in trace.faults if fault.loses_rows] == []
        found = read_rows(trace)
        assert [seq for seq, *_ in found] == sorted({seq for seq, *_ in found}), "each row once, in order"
        assert [at for _, at, *_ in found] == sorted(at for _, at, *_ in found), "observed_at never steps back"
        certain = max([found[-1][0]] if found else [-1], default=-1) + 1
        certain = max(certain, *(fold + 1 for fold in self.folds if fold < self.promised))
        assert self.promised <= certain <= len(self.rows), (self.promised, certain, len(self.rows))
        seen = [(seq, table, row) for seq, _, table, row in found]
        wanted = [self.expected(fold, certain) for fold in sorted(self.folds)]
        assert seen in wanted, (seen, wanted)
        self.folds = {fold for fold in self.folds if self.expected(fold, certain) == seen}
        return certain

    def expected(self, fold: int, certain: int) -> list[tuple[int, str, Row]]:
        whole = [(seq, table, row) for seq, (table, row) in enumerate(self.rows[:certain])]
        return state_of(whole[: fold + 1]) + whole[fold + 1 :]


def state_of(rows: list[tuple[int, str, Row]]) -> list[tuple[int, str, Row]]:
    """The rows that a ring keeps of those before its start, found the simple way."""
    kept: dict[Any, tuple[int, str, Row]] = {}
    beats: dict[Any, tuple[int, str, Row]] = {}
    proof, delivered, is_synced = None, -1, False
    for seq, table, row in rows:
        key = (table, row["stream"], row.get("uid") or row.get("what"))
        if table == "streams":
            kept[key] = (seq, table, row)
            is_synced = row["what"] == "synced" or (is_synced and row["what"] != "gap")
            proof = key if row["what"] in ("synced", "bookmark") else proof
            delivered = -1 if row["what"] == "synced" or not is_synced else delivered
        elif table == "objects":
            if row["type"] in ("DELETED", "VANISHED"):
                kept.pop(key, None)
                beats.pop(key, None)
            elif row["object"] is None:
                beats[key] = (seq, table, row)
            else:
                beats.pop(key, None)
                kept[key] = (seq, table, {**row, "type": "LISTED"})
            if is_synced and row["type"] in ("ADDED", "MODIFIED", "DELETED"):
                delivered = row["revision"]
    if proof is not None and is_synced and delivered >= 0:
        seq, table, row = kept[proof]
        kept[proof] = (seq, table, {**row, "revision_to": max(row["revision_to"], delivered)})
    return sorted([*kept.values(), *beats.values()], key=lambda each: each[0])


def read_rows(trace: Trace) -> list[tuple[int, Any, str, Row]]:
    """All rows as (seq, observed_at, table, what was written); each table must be in order by itself."""
    found = []
    for table, columns in SEEN.items():
        rows = [row for batch in trace.batches(table, ("seq", "observed_at", *columns)) for row in batch.to_pylist()]
        assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
        assert len(rows) == trace.rows(table)
        found += [(row["seq"], row["observed_at"], table, {name: row[name] for name in columns}) for row in rows]
    return sorted(found, key=lambda each: each[0])
