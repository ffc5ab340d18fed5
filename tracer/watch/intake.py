"""From a stream's watch lines and list items to rows: filtered, lifted, redacted, counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, Protocol

from tracer.heartbeat import Heartbeats
from tracer.kinds import Keep
from tracer.lifting import Lifter
from tracer.relevance import Relevance
from tracer.sink import Sink
from tracer.watch.drivers import driver_names
from tracer.watch.known import Known


class Listener(Protocol):
    """Somebody who goes by the objects that are kept: pods and nodes have logs."""

    def take(self, types: Sequence[str], lifter: Lifter, parts: Sequence[Any], texts: Sequence[bytes]) -> None:
        """These versions of objects were seen."""

    def only(self, uids: set[str], namespace: str | None) -> None:
        """A whole list, of all namespaces or of one, had these objects and no others."""


@dataclass(slots=True)
class Counts:
    """What the status line shows of a stream."""

    observations: int = 0
    gaps: int = 0
    heard_at: float | None = None
    """Monotonic seconds of the last byte; None before the first."""
    state: str = "starting"


class Intake:
    """One stream's way into the trace."""

    def __init__(
        self,
        stream: str,
        lifter: Lifter,
        sink: Sink,
        relevance: Relevance,
        known: Known,
        on_rows: Callable[[], None] | None = None,
        listener: Listener | None = None,
    ) -> None:
        """`on_rows` is called after observations were added; `listener` is told of what the stream says."""
        self.stream = stream
        self.lifter = lifter
        self.known = known
        self.counts = Counts()
        self._sink = sink
        self._on_rows = on_rows
        self._listener = listener
        self._relevance = relevance
        self._heartbeats = Heartbeats(lifter.kind.heartbeat) if lifter.kind.heartbeat else None

    @property
    def must_learn(self) -> bool:
        """Whether others go by what is there, so that a recorder that was started again has to see it."""
        return self.lifter.kind.keep is Keep.STORAGE_PODS or self._listener is not None

    def learn(self, parts: list[Any], texts: list[bytes]) -> list[str]:
        """Objects that are there, when the recorder was started again: they decide about others and logs, no row.

        Returns their uids.
        """
        if self.lifter.kind.keep is Keep.STORAGE_PODS:
            self._relevance.learn(self.lifter, parts)
        uids = [str(uid) for uid in self.lifter.values("metadata.uid", parts)]
        self._tell(["LISTED"] * len(parts), parts, texts, [uid in self.known for uid in uids])
        return uids

    def learned(self, seen: set[str]) -> None:
        """A whole list had these uids and no others."""
        if self._listener is not None:
            _, found, rest = self.stream.partition("/namespaces/")
            self._listener.only(seen, rest.split("/", 1)[0] if found else None)

    def _tell(self, types: list[str], parts: list[Any], texts: list[bytes], chosen: list[bool]) -> None:
        if self._listener is not None and any(chosen):
            types, parts, texts = (list(compress(each, chosen)) for each in (types, parts, texts))
            self._listener.take(types, self.lifter, parts, texts)

    def changed(self, types: list[str], parts: list[Any], texts: list[bytes], at_us: int) -> None:
        """Observations that the watch delivered."""
        self._add(types, parts, texts, at_us)

    def listed(self, parts: list[Any], texts: list[bytes], at_us: int) -> list[str]:
        """Objects of a list: those that are new or have changed become LISTED rows. Returns all their uids."""
        uids = [str(uid) for uid in self.lifter.values("metadata.uid", parts)]
        versions = self.lifter.values("metadata.resourceVersion", parts)
        fresh = [not self.known.is_same(uid, str(version)) for uid, version in zip(uids, versions, strict=True)]
        self._tell(["LISTED"] * len(parts), parts, texts, [not each for each in fresh])
        if any(fresh):
            parts, texts = list(compress(parts, fresh)), list(compress(texts, fresh))
            self._add(["LISTED"] * len(parts), parts, texts, at_us)
        return uids

    def vanished(self, seen: set[str], at_us: int) -> int:
        """After a whole list: a VANISHED row for each object that is known and was not in it. Returns how many."""
        gone = list(self.known.missing_from(seen))
        if gone:
            entries = [entry for _, entry in gone]
            self._observe(
                len(gone),
                100 * len(gone),
                {
                    "type": ["VANISHED"] * len(gone),
                    "uid": [uid for uid, _ in gone],
                    "namespace": [namespace for namespace, _, _ in entries],
                    "name": [name for _, name, _ in entries],
                    "resource_version": [str(version) or None for _, _, version in entries],
                    "revision": [version if isinstance(version, int) else None for _, _, version in entries],
                    "kind": [self.lifter.kind.kind] * len(gone),
                    "api_version": [self.lifter.api_version] * len(gone),
                },
                at_us,
            )
        for uid, _ in gone:
            self._forget(uid)
        self.learned(seen)
        return len(gone)

    def _add(self, types: list[str], parts: list[Any], texts: list[bytes], at_us: int) -> None:
        kept = self._kept(types, parts)
        if kept is not None:
            types, parts, texts = (list(compress(each, kept)) for each in (types, parts, texts))
            if not types:
                return
        size = sum(map(len, texts))
        columns = self.lifter.columns(parts, texts)
        self.known.update(types, columns)
        self._relevance.drivers.update(driver_names(self.lifter.kind.kind, columns))
        if self._heartbeats is not None:
            columns["object"] = self._without_heartbeats(types, columns["uid"], texts)
        columns["type"] = types
        self._observe(len(types), size, columns, at_us)
        if self._listener is not None:
            self._listener.take(types, self.lifter, parts, texts)

    def _kept(self, types: list[str], parts: list[Any]) -> list[bool] | None:
        """Which observations matter; None for all. What was kept once stays kept: a lease may change its holder."""
        if self.lifter.kind.keep is Keep.ALL:
            return None
        uids = self.lifter.values("metadata.uid", parts)
        kept = [uid in self.known for uid in uids]
        if all(kept):
            return None
        unknown = [part for part, keep in zip(parts, kept, strict=True) if not keep]
        judged = iter(self._relevance.kept(self.stream, self.lifter, unknown))
        kept = [keep or next(judged) for keep in kept]
        for kind, uid, keep in zip(types, uids, kept, strict=True):
            if kind == "DELETED" and not keep:
                self._relevance.forget(str(uid))
        return kept

    def _without_heartbeats(
        self, types: Sequence[str], uids: Sequence[Any], texts: Sequence[bytes]
    ) -> list[bytes | None]:
        assert self._heartbeats is not None
        kept: list[bytes | None] = []
        for kind, uid, text in zip(types, uids, texts, strict=True):
            same = self._heartbeats.is_only_heartbeat(str(uid), text)
            kept.append(None if same and kind == "MODIFIED" else text)
            if kind == "DELETED":
                self._forget(str(uid))
        return kept

    def _observe(self, rows: int, size: int, columns: dict[str, Sequence[Any]], at_us: int) -> None:
        self.counts.observations += rows
        self._sink.observe(rows, size, {**columns, "stream": [self.stream] * rows}, at_us)
        if self._on_rows is not None:
            self._on_rows()

    def _forget(self, uid: str) -> None:
        self.known.remove(uid)
        if self._heartbeats is not None:
            self._heartbeats.forget(uid)
