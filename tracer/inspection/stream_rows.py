"""What the rows of a trace say about one stream: its notes, its gaps, and when it was last heard of before each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tracer.inspection.coverage import SEEN

_GAPS = frozenset({"gap", "rewound"})
_TROUBLES = frozenset({"absent", "failed", "forbidden"})


@dataclass(frozen=True, slots=True)
class Note:
    """A row of the streams table."""

    seq: int
    at: int
    what: str
    detail: str | None


@dataclass(slots=True)
class Repeated:
    """The same trouble, several times."""

    times: int
    first_at: int
    last_at: int
    detail: str | None


@dataclass(slots=True)
class StreamRows:
    """What the rows say about one stream."""

    notes: list[Note] = field(default_factory=list)
    """In order; of bookmarks that follow each other the last."""
    troubles: dict[str, Repeated] = field(default_factory=dict)
    first_at: int | None = None
    last_at: int | None = None
    """Of its observations."""
    _seen: dict[int, int] = field(default_factory=dict)
    """Number of notes before -> the last observation that stands between that many notes and the next."""

    @property
    def gaps(self) -> list[Note]:
        """The notes that say that something may be missing; a rewind and the gap that it made are one."""
        found: list[Note] = []
        before = None
        for note in self.notes:
            if note.what == "gap" and before == "rewound":
                found[-1] = replace(found[-1], detail=note.detail)
            elif note.what in _GAPS:
                found.append(note)
            before = note.what
        return found

    @property
    def span(self) -> tuple[int, int]:
        """First and last time of anything in the stream."""
        times = [each.at for each in (*self.notes[:1], *self.notes[-1:])]
        times += [each for each in (self.first_at, self.last_at) if each is not None]
        return min(times), max(times)

    @property
    def was_synced(self) -> bool:
        """Whether a recorder ever listed it whole."""
        return any(note.what in ("synced", "relisted") for note in self.notes)

    def take_note(self, note: Note) -> None:
        """Take in the next row of the streams table."""
        if note.what in _TROUBLES:
            known = self.troubles.setdefault(note.what, Repeated(0, note.at, note.at, note.detail))
            known.times, known.last_at, known.detail = known.times + 1, note.at, note.detail
        if note.what == "bookmark" and self.notes and self.notes[-1].what == "bookmark":
            self.notes[-1] = note
        else:
            self.notes.append(note)

    def take_rows(self, seqs: Sequence[int], times: Sequence[int]) -> None:
        """Take in observations, in order."""
        self.first_at = times[0] if self.first_at is None else self.first_at
        self.last_at = times[-1]
        borders = [note.seq for note in self.notes]
        self._seen[bisect_right(borders, seqs[-1])] = times[-1]
        inside = borders[bisect_right(borders, seqs[0]) : bisect_right(borders, seqs[-1])]
        for seq in inside:
            index = bisect_right(seqs, seq) - 1
            self._seen[bisect_right(borders, seqs[index])] = times[index]

    def marks(self) -> list[tuple[int, str]]:
        """Notes and the last row before each, as `coverage.covered` takes them."""
        marks = []
        for place in range(len(self.notes) + 1):
            if place in self._seen:
                marks.append((self._seen[place], SEEN))
            if place < len(self.notes):
                marks.append((self.notes[place].at, self.notes[place].what))
        return marks
