"""Where the reader is in the trace: what all views share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from analysis.landmarks import Spot


@dataclass
class Place:
    """The time cursor, and the volume that is looked at."""

    instant: datetime | None
    """The cursor's time, on the recorder's clock; None in an empty trace."""
    seq: int | None = None
    """The row that the cursor stands on; None where it stands at `instant`, on the last row that had arrived then."""
    volume_id: str | None = None
    """The volume that is selected, or was opened."""

    @property
    def spot(self) -> Spot | None:
        """The cursor; None in an empty trace."""
        return Spot(self.instant, self.seq) if self.instant else None

    def move(self, spot: Spot) -> None:
        """Put the cursor there."""
        self.instant, self.seq = spot.at, spot.seq
