"""What an explanation says: statements with their evidence, and whose turn it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

USER = "user"
"""Whose turn it is where no controller will act of its own accord."""


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """A row of the trace that shows what is said."""

    seq: int
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that was so at the instant."""

    topic: str
    """What it is about, in a word or two: `class`, `selector`, `scheduler`, `attach limit`, `finalizer`, ..."""
    text: str
    """A sentence. It may quote the cluster's own words: show it through `visible`."""
    evidence: tuple[Evidence, ...] = ()
    """Empty only where the statement is that the trace has no such row."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A PersistentVolume that the binder looked at, and why it was passed over."""

    volume: str
    failed: str | None
    """The first filter that it does not pass; None: it passes all of them."""
    wanted: str | None
    """What the claim asks for there; None with `failed`."""
    has: str | None
    """What the PersistentVolume has there; None with `failed`."""
    passed: int
    """How many filters it passes before that one."""
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Expected:
    """How long such a step takes, by all of them in this trace."""

    phase: str
    median_us: int | None
    """Kaplan-Meier median in microseconds; None where too few of them ended."""
    phases: int
    """How many it is drawn from."""
    censored: int
    """How many of these were not seen to end."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Who has to act next."""

    who: str
    what: str
    since: datetime | None = None
    """Since when it has been its turn, on the recorder's clock; None where that is not known."""
    expected: Expected | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a procedure finds about one object."""

    verdict: str
    statements: tuple[Statement, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    turn: Turn | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an object stood as it did at an instant."""

    kind: str
    namespace: str | None
    name: str
    uid: str
    at: datetime
    unknown: tuple[str, ...]
    """What the trace does not know that could change the answer; to be said first."""
    verdict: str
    """The answer in one sentence."""
    statements: tuple[Statement, ...]
    candidates: tuple[Candidate, ...]
    """Only of a claim that looks for a volume: those that came nearest first."""
    turn: Turn | None
    """None where nobody has to act."""
