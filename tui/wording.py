"""The words on the replay screen: its first line, its position line, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from analysis.differences import Difference
from analysis.history import Change, HistoryRow
from analysis.instants import length
from analysis.overview import Found
from analysis.text import took
from analysis.trace import Summary
from tracer.trace.visible import visible

_WIDE = 64
_MOST_FIELDS = 500
_LONGEST_VALUE = 1000


def headline(summary: Summary, volumes: int | None, found: Sequence[Found] | None) -> Text:
    """What is missing first, then what was found, how much there is, over which time, of which cluster."""
    text = Text(no_wrap=True, overflow="ellipsis")
    if summary.knows_coverage or summary.first_at is None:
        text.append(_counted(summary.gaps, "gap"), "bold yellow" if summary.gaps else "")
    else:
        text.append("gaps not known", "bold yellow")
    if summary.faults:
        text.append(f" · {_counted(len(summary.faults), 'fault')} (volreel check)", "bold red")
    if found is not None:
        text.append(f" · {_counted(len(found), 'finding')}", "bold" if found else "")
    if volumes is not None:
        text.append(f" · {_counted(volumes, 'volume')}")
    text.append(f" · {_counted(summary.observations, 'observation')}")
    if summary.first_at and summary.last_at:
        text.append(f" · {length((summary.last_at - summary.first_at).total_seconds())}")
        text.append(f" from {summary.first_at:%Y-%m-%d %H:%M} UTC")
    text.append(f" · {visible(summary.cluster)}")
    return text


def plain(text: str) -> Text:
    """One line of text, shown as it is."""
    return Text(visible(text), no_wrap=True, overflow="ellipsis")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if number else f"no {noun}s"


def position(summary: Summary, instant: datetime | None, pace: str, note: str, width: int) -> Text:
    """Where the cursor stands and how it moves; `note` is the answer to the last key, where it has one."""
    parts = []
    if instant and summary.first_at and summary.last_at:
        span = (summary.last_at - summary.first_at).total_seconds()
        share = (instant - summary.first_at).total_seconds() / span if span else 1.0
        clock = f"{instant:%H:%M:%S}.{instant.microsecond // 1000:03}"
        parts += [f"{instant:%Y-%m-%d} {clock} UTC" if width >= _WIDE else clock, f"{share:.0%}"]
    parts += [pace, *([visible(note)] if note else [])]
    return Text("  ".join(parts), no_wrap=True, overflow="ellipsis")


def change_text(row: HistoryRow, change: Change) -> Text:
    """A row's change, a line a field: `+` new, `-` gone, `~` another value."""
    what = [row.type, row.kind or row.stream, "/".join(part for part in (row.namespace, row.name) if part)]
    text = Text(visible(" ".join(part for part in what if part)), "bold")
    text.append(f"\n{visible(change.headline)}", "not bold italic")
    for difference in change.differences[:_MOST_FIELDS]:
        text.append("\n")
        text.append_text(_difference_line(difference))
    if len(change.differences) > _MOST_FIELDS:
        text.append(f"\n... and {len(change.differences) - _MOST_FIELDS} fields more", "not bold")
    return text


def _difference_line(difference: Difference) -> Text:
    path = visible(difference.path)
    if difference.before is None:
        return Text(f"+ {path}: {_value(difference.after)}", "not bold green")
    if difference.after is None:
        return Text(f"- {path}: {_value(difference.before)}", "not bold red")
    return Text(f"~ {path}: {_value(difference.before)} → {_value(difference.after)}", "not bold yellow")


def _value(value: str | None) -> str:
    text = visible(value or "")
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}... ({len(text):,} characters)"


def keys_in_words(keys: Iterable[tuple[str, str]]) -> str:
    """A line for each meaning of keys: the keys, and the meaning."""
    by_meaning: dict[str, list[str]] = {}
    for key, meaning in keys:
        by_meaning.setdefault(meaning, []).append(key)
    return "\n".join(f"{' '.join(dict.fromkeys(names)):<12} {meaning}" for meaning, names in by_meaning.items())


def volume_line(volume: dict[str, Any]) -> Text:
    """A volume in a line: what it is called, how it stands, what it waits for."""
    line = f"{volume['label']} · {volume['standing'] or 'standing unknown'}"
    if volume["phase"]:
        line += f", waits in {volume['phase']} ({volume['owner']}) for {took(volume['waiting_us'])} so far"
    known = ", ".join(filter(None, (volume["storage_class"], volume["driver"], volume["pv_name"])))
    return plain(f"{line} · {known}" if known else line)


def evidence(phase: dict[str, Any], milestones: Sequence[dict[str, Any]]) -> Text:
    """What shows that a phase began and ended: seq, time and source; then its last error."""
    text = Text(no_wrap=True, overflow="ellipsis")
    state = "" if phase["state"] == "done" else f" ({phase['state']})"
    text.append(visible(f"{phase['phase']}, {phase['owner']}{state}"), "bold")
    ends = (
        ("began", phase["from_milestone"], phase["evidence_from"]),
        ("ended", phase["to_milestone"], phase["evidence_to"]),
    )
    for verb, milestone, seq in ends:
        if milestone is None:
            continue
        text.append("\n" + visible(f"{verb}: {milestone}  {_proof(milestone, phase['use_id'], seq, milestones)}"))
    if phase["last_error"]:
        tries = f"{phase['attempts']} tries, last error" if (phase["attempts"] or 0) > 1 else "last error"
        text.append("\n" + visible(f"{tries}: {' '.join(phase['last_error'].split())}"))
    return text


def _proof(name: str, use_id: str | None, seq: int | None, milestones: Sequence[dict[str, Any]]) -> str:
    if seq is None:
        return "when is not known"
    shown = [each for each in milestones if each["evidence"] == seq and each["milestone"] == name]
    told = next((each for each in shown if each["use_id"] == use_id), shown[0] if shown else None)
    if told is None:
        return f"seq {seq}"
    bound = "at the latest " if told["happened_at"] is None else ""
    return f"{bound}{told['instant']:%H:%M:%S.%f}"[:-3] + f" UTC  seq {seq}  {told['source']}"
