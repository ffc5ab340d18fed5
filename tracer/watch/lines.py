"""Cutting a byte stream into lines, whatever their length and wherever the pieces end."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

from tracer.cluster import Lost

LONGEST_LINE = 64 << 20
"""Bytes. An object has at most a few MB; a stream without a line end is no watch."""


async def lines(pieces: AsyncIterable[bytes]) -> AsyncIterator[list[bytes]]:
    """Yield the whole lines of each piece, without their ends; an unfinished last line is not a line.

    Raises Lost for a line over LONGEST_LINE.
    """
    unfinished: list[bytes] = []
    size = 0
    async for piece in pieces:
        end = piece.rfind(b"\n")
        if end < 0:
            unfinished.append(piece)
            size += len(piece)
            if size > LONGEST_LINE:
                raise Lost(f"the server sent {size} bytes without a line end")
            continue
        found = piece[:end].split(b"\n")
        if unfinished:
            found[0] = b"".join([*unfinished, found[0]])
        unfinished = [piece[end + 1 :]] if end + 1 < len(piece) else []
        size = len(piece) - end - 1
        if whole := [line for line in found if line]:
            yield whole
