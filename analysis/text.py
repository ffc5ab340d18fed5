"""Lines of text in columns, cut to the terminal. Text from a trace is shown, never obeyed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from analysis.instants import length
from tracer.trace.visible import visible

_NARROWEST = 10


def cut(text: str, width: int | None) -> str:
    """The text, with `…` at its end where it fills more than `width` columns of a terminal."""
    # Most texts fill a column a character: to look up how wide each is takes most of the time of a long table.
    if width is None or (len(text) <= width and text.isascii()) or cell_len(text) <= width:
        return text
    return f"{set_cell_size(text, width - 1)}…"


def took(microseconds: int | None, unknown: str = "?") -> str:
    """A duration in a few characters: `12.9ms`, `3m05s`."""
    if microseconds is None:
        return unknown
    if microseconds < 100_000:
        return f"{microseconds / 1000:.1f}ms"
    return length(microseconds / 1_000_000)


def table(
    header: Sequence[str],
    rows: Iterable[tuple[Sequence[str], str | None]],
    width: int | None,
    *,
    right: Sequence[str] = (),
    flexible: str | None = None,
) -> Iterator[str]:
    """Lines of aligned columns, each ending in a newline; a row may have a note, which stands below it.

    `right` are the columns that are aligned to the right. Where the table is wider than `width`, the `flexible` column
    gives way first, then the others that are not figures, the widest before; what is still too long is cut. Without
    `width` nothing is cut.
    """
    shown = [([visible(cell) for cell in cells], note) for cells, note in rows]
    widths = [max(len(name), *(len(cells[column]) for cells, _ in shown), 0) for column, name in enumerate(header)]
    if flexible is not None and width is not None:
        texts = [column for column, name in enumerate(header) if name not in right]
        for column in sorted(texts, key=lambda column: (header[column] != flexible, -widths[column])):
            surplus = max(sum(widths) + 2 * (len(widths) - 1) - width, 0)
            widths[column] = min(widths[column], max(len(header[column]), _NARROWEST, widths[column] - surplus))
    for cells, note in [(list(header), None), *shown]:
        aligned = (
            f"{cut(cell, room):>{room}}" if name in right else f"{cut(cell, room):<{room}}"
            for name, cell, room in zip(header, cells, widths, strict=True)
        )
        yield cut("  ".join(aligned).rstrip(), width) + "\n"
        if note:
            yield cut(f"    {visible(' '.join(note.split()))}", width) + "\n"
