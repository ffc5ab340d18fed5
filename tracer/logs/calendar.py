"""The year and the zone that klog leaves out of its times, from what is known about the stream."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache

_QUARTER = 900
_LAG_S = 120
"""A line is written at most so long before the runtime stamps it, for its zone to be told from the difference."""
_CACHED = 4096


class Calendar:
    """Turns `1123 07:32:17` into an instant. One per stream; lines are given in their order.

    With a runtime's stamp the year is the one nearest to it and the zone follows from the difference, rounded to a
    quarter of an hour. Without, the zone is as given and the year runs on from the line before.
    """

    def __init__(
        self,
        *,
        zone: tzinfo = UTC,
        not_after_s: int | None = None,
        year: int | None = None,
    ) -> None:
        """`zone` is that of times without a stamp; `not_after_s`: the first line is from before it (a file's mtime)."""
        self._given = zone
        self._offset: int | None = None
        """In seconds, told from a stamp."""
        self._last: int | None = None
        """The last second that was told without a stamp."""
        self._not_after = not_after_s
        self._year = year
        self.known: dict[str, tuple[int, int] | None] = {}
        """What `resolve` has found for the lines around the last stamp."""
        self._stamp_s: int | None = None
        self._quarter = -1

    def stamped(self, second: int | None, not_after_s: int | None = None) -> None:
        """The runtime's stamp of the line that is parsed next, in seconds since 1970; None if it has none.

        `not_after_s` is when such a line had been written, where that is known.
        """
        self._stamp_s = second
        if not_after_s is not None:
            self._not_after = not_after_s
        if second is not None and second // _QUARTER != self._quarter:
            self._quarter = second // _QUARTER
            self.known.clear()  # what follows may be another year, or the other side of a change of clocks

    def resolve(self, when: str) -> tuple[int, int] | None:
        """The second since 1970 of `mmdd hh:mm:ss` and its zone in minutes; None for what is no such time."""
        try:
            found = self.known[when]
        except KeyError:
            if len(self.known) >= _CACHED:
                self.known.clear()
            found = self.known[when] = self._find(when)
        if found is not None and self._stamp_s is None:
            self._last = found[0]
        return found

    def local(self, text: str, form: str) -> tuple[int, int] | None:
        """The same for a time that has its year and lacks only the zone, in a strptime format."""
        try:
            naive = int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())
        except ValueError:
            return None
        offset = self._zone(naive)
        return naive - offset, offset // 60

    def _find(self, when: str) -> tuple[int, int] | None:
        if len(when) != 13 or not when.isascii() or not (when[:4] + when[5:7] + when[8:10] + when[11:]).isdigit():
            return None
        if when[4] + when[7] + when[10] != " ::":
            return None
        near = self._stamp_s if self._stamp_s is not None else self._last
        if near is None:
            return self._first(when)
        year = datetime.fromtimestamp(near, UTC).year
        days = [each for each in (_naive(year + step, when) for step in (-1, 0, 1)) if each is not None]
        if not days:
            return None
        naive = min(days, key=lambda each: abs(each - near))
        offset = self._zone(naive)
        return naive - offset, offset // 60

    def _first(self, when: str) -> tuple[int, int] | None:
        """The first time of a file without stamps: of the year that is given, or the last one before the file's end."""
        if self._year is not None:
            naive = _naive(self._year, when)
            return None if naive is None else (naive - self._zone(naive), self._zone(naive) // 60)
        limit = self._not_after
        if limit is None:
            return None
        year = datetime.fromtimestamp(limit, UTC).year
        for each in range(year + 1, year - 9, -1):
            naive = _naive(each, when)
            if naive is not None and naive - self._zone(naive) <= limit + 86_400:
                return naive - self._zone(naive), self._zone(naive) // 60
        return None

    def _zone(self, naive: int) -> int:
        """The offset in seconds, told from the stamp; what it was before, where a line is too late to tell."""
        if self._stamp_s is None:
            return self._zone_given(naive)
        lead = naive - self._stamp_s
        offset = (lead + _QUARTER // 2) // _QUARTER * _QUARTER
        if abs(lead - offset) <= _LAG_S and abs(offset) <= 14 * 3600:
            self._offset = offset
        return self._zone_given(naive) if self._offset is None else self._offset

    def _zone_given(self, naive: int) -> int:
        local = datetime.fromtimestamp(naive, UTC).replace(tzinfo=self._given)
        offset = local.utcoffset()
        assert offset is not None
        return int(offset.total_seconds()) // 60 * 60


@lru_cache(maxsize=8192)
def _naive(year: int, when: str) -> int | None:
    try:
        month, day, hour, minute, second = (int(when[at : at + 2]) for at in (0, 2, 5, 8, 11))
        return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
    except (ValueError, OverflowError):
        return None
