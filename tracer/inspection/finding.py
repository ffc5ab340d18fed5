"""What a check finds: the file, what is wrong with it, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lost:
    """Rows that cannot be read. Of a journal's commit they may lie in several tables."""

    first_seq: int
    last_seq: int | None
    """Null where the end is not known."""
    rows: int | None
    """How many at most; null where it is not known."""
    first_at: str | None
    last_at: str | None
    """Their span, RFC 3339 in UTC; null where it is not known."""

    def __str__(self) -> str:
        last = "the end" if self.last_seq is None else self.last_seq
        rows = "" if self.rows is None else f", {self.rows} rows at most"
        span = "" if self.first_at is None or self.last_at is None else f", {self.first_at} to {self.last_at}"
        return f"seq {self.first_seq} to {last}{rows}{span}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault, or something to note."""

    file: str
    """Path inside the trace."""
    why: str
    lost: Lost | None = None
    advice: str | None = None
