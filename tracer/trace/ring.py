"""Ring mode: the oldest segments go, after what was still so at their end has been written as the state from then on.

The state is a segment of its own, under a free number below the first kept one. New files are written first, then the
manifest names the new and no longer the old, then the old files go: no file is ever replaced that a manifest names.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path

import msgspec

from tracer.errors import TraceDamaged
from tracer.trace.disk import Disk
from tracer.trace.manifest import Manifest, Segment, write_manifest
from tracer.trace.opening import Trace
from tracer.trace.schema import OBJECTS, STREAMS
from tracer.trace.sealing import replace_segments
from tracer.trace.segments import describe_segment, file_span, segment_path, write_segment_file
from tracer.trace.state import find_state, state_notes, state_objects
from tracer.trace.unnamed import file_numbers, remove_folded, remove_segment

_SLACK = 8
"""A fold may be put off until an eighth more than asked has come together."""


def segments_to_fold(
    manifest: Manifest, now_us: int, keep_s: float | None = None, max_bytes: int | None = None
) -> int | None:
    """The number up to which segments should be folded now; None while nothing is due. Never the newest.

    `keep_s`: rows of the last that many seconds stay; up to an eighth more may stay. `max_bytes`: what the sealed
    segments may hold together. Each fold reads and writes the state anew, so it waits until what goes is worth it: in
    bytes read and written, folds cost at most 3 times what is sealed in the long run where the state is below an
    eighth of `max_bytes`, and 17 times at worst (a state as large as the limit); by age, at most one more fold per
    eighth of `keep_s`.
    """
    segments = sorted(manifest.segments, key=lambda each: each.number)
    folding = [segment for segment in segments[:-1] if not segment.state]
    state = sum(_size(segment) for segment in segments if segment.state)
    due = [_due_by_age(folding, state, now_us, keep_s), _due_by_size(folding, segments, state, max_bytes)]
    return max((number for number in due if number is not None), default=None)


def _due_by_age(folding: Sequence[Segment], state: int, now_us: int, keep_s: float | None) -> int | None:
    if keep_s is None:
        return None
    now = datetime.fromtimestamp(now_us / 1_000_000, UTC)

    def is_older(segment: Segment, seconds: float) -> bool:
        return datetime.fromisoformat(segment.last_at) < now - timedelta(seconds=seconds)

    expired = list(takewhile(lambda each: is_older(each, keep_s), folding))
    if not expired:
        return None
    is_worth_it = sum(_size(segment) for segment in expired) >= state
    return expired[-1].number if is_worth_it or is_older(expired[0], keep_s + keep_s / _SLACK) else None


def _due_by_size(
    folding: Sequence[Segment], segments: Sequence[Segment], state: int, max_bytes: int | None
) -> int | None:
    total = sum(_size(segment) for segment in segments)
    if max_bytes is None or total <= max_bytes:
        return None
    surplus = total - max_bytes + min(state, max_bytes // _SLACK)
    upto, dropped = None, 0
    for segment in folding:
        upto, dropped = segment.number, dropped + _size(segment)
        if dropped >= surplus:
            break
    return upto if dropped * _SLACK >= state else None


def _size(segment: Segment) -> int:
    return sum(file.bytes for file in segment.files.values())


def fold_oldest(trace_path: Path, manifest: Manifest, upto_number: int, disk: Disk) -> None:
    """Let the segments up to `upto_number` go and keep their state; `manifest.kept_from` says from when all is kept.

    Only the writer of the trace may do this. Memory goes with the number of live objects. Raises OSError and
    TraceDamaged (a segment to fold cannot be read); the trace is whole then, and it may be called again.
    """
    folded = [segment for segment in manifest.segments if segment.number <= upto_number]
    kept = [segment for segment in manifest.segments if segment.number > upto_number]
    if not kept:
        raise ValueError("the newest segment is never folded")
    write_manifest(trace_path, manifest, disk)  # a fold that failed may have left another one on the disk
    remove_folded(trace_path, manifest, disk)
    if all(segment.state for segment in folded):
        return
    state = _write_state(trace_path, manifest, folded, min(segment.number for segment in kept), disk)
    before = manifest.kept_from
    manifest.kept_from = max([*(segment.last_at for segment in folded if not segment.state), *filter(None, [before])])
    try:
        replace_segments(trace_path, manifest, kept if state is None else [state, *kept], disk)
    except BaseException:
        manifest.kept_from = before
        raise
    for segment in folded:
        remove_segment(trace_path, segment.number, disk)


def _write_state(
    trace_path: Path, manifest: Manifest, folded: Sequence[Segment], first_kept: int, disk: Disk
) -> Segment | None:
    """Write the state under a free number. None when nothing is alive."""
    number = _free_number_below(first_kept, trace_path, manifest)
    old = Trace(trace_path, manifest, segments=list(folded))
    state = find_state(old)
    # Objects last: where the manifest is lost as well, a state that has them is known to be whole.
    tables = {STREAMS: state_notes(old, state), OBJECTS: state_objects(old, state)}
    files = {}
    try:
        for table, batches in tables.items():
            file = write_segment_file(trace_path, manifest.trace_id, table, number, batches, disk, state=True)
            if file is not None:
                files[table] = file
    except (OSError, TraceDamaged):
        with contextlib.suppress(OSError):
            remove_segment(trace_path, number, disk)
        raise
    if not files:
        return None
    spans = [file_span(segment_path(trace_path, table, number)) for table in files]
    return msgspec.structs.replace(describe_segment(number, files, spans), state=True)


def _free_number_below(first_kept: int, trace_path: Path, manifest: Manifest) -> int:
    taken = file_numbers(trace_path) | {segment.number for segment in manifest.segments}
    for number in range(first_kept - 1, -1, -1):
        if number not in taken:
            return number
    raise TraceDamaged(
        f"{trace_path} has files that do not belong to it under every number below {first_kept}. Move them away."
    )
