"""The worlds at an instant as text: what is not known, what differs, then each volume on each node."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from analysis.text import cut, table, took
from analysis.worlds import Standing
from tracer.trace.visible import visible

_GONE = "-"


def as_text(standing: Standing, width: int, *, only_drift: bool = False) -> str:
    """Within `width` columns; `only_drift` leaves out what is as it should be."""
    parts = [_head(standing, width), _drift(standing, width)]
    if not only_drift:
        parts.append(_volumes(standing, width))
    return "\n".join("".join(part) for part in parts)


def _head(standing: Standing, width: int) -> Iterator[str]:
    yield f"at {standing.at:%Y-%m-%d %H:%M:%S.%f} UTC\n"
    for source, place, why in standing.unwatched.rows():
        what = f"the log of the kubelet on {place}" if source == "kubelet" else source
        yield cut(visible(f"not known: {what} ({why or 'not recorded then'})"), width) + "\n"


def _drift(standing: Standing, width: int) -> Iterator[str]:
    rows = standing.drift.rows(named=True)
    if not rows:
        known = "as far as is known, " if standing.unwatched.height else ""
        yield f"no drift: {known}what should be attached and mounted is, and nothing else\n"
        return
    together: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        # What is not attached is not mounted either: one line says so.
        together.setdefault((row["volume"], row["node"], row["kind"], row["turn"], row["use_id"] or ""), []).append(row)
    header = ("volume", "node", "is", "for", "turn", "world")
    shown = ((_drifting(same, standing.at), same[0]["why"]) for same in together.values())
    yield f"drift: {len(together)}\n"
    yield from table(header, shown, width, flexible="volume")


def _drifting(same: list[dict[str, Any]], at: datetime) -> list[str]:
    row = same[0]
    since = took(_us(at, row["since"]))
    worlds = ", ".join(each["world"] if each["certain"] else f"{each['world']}?" for each in same)
    return [row["volume"], row["node"], row["kind"], since if row["since_known"] else f">{since}", row["turn"], worlds]


def _volumes(standing: Standing, width: int) -> Iterator[str]:
    places: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in standing.entries.rows(named=True):
        places.setdefault((row["node"], row["volume"]), []).append(row)
    if not places:
        yield "no volume is wanted, attached or mounted on a node\n"
        return
    blind = set(standing.unwatched.filter(source="kubelet")["place"])
    header = ("volume", "node", "wanted by", "attached", "mounted")
    rows = (
        ([volume, node, *_stands(entries, node in blind)], None) for (node, volume), entries in sorted(places.items())
    )
    yield from table(header, rows, width, flexible="volume")


def _stands(entries: list[dict[str, Any]], without_log: bool) -> list[str]:
    wanted = {f"{each['namespace']}/{each['pod']}" for each in entries if each["side"] == "desired"}
    attachments = [_attachment(each) for each in entries if (each["world"], each["side"]) == ("attach", "actual")]
    mounts = [each for each in entries if (each["world"], each["side"]) == ("mount", "actual")]
    mounted = ", ".join(sorted({f"{each['standing']}{'?' if each['inferred'] else ''}" for each in mounts}))
    unknown = "?" if without_log and wanted else _GONE
    return [", ".join(sorted(wanted)) or _GONE, ", ".join(attachments) or _GONE, mounted or unknown]


def _attachment(entry: dict[str, Any]) -> str:
    if entry["standing"] == "none":
        return "only the node lists it"
    return entry["standing"] if entry["listed"] or entry["standing"] != "attached" else "attached, not listed"


def _us(later: datetime, earlier: datetime) -> int:
    return round((later - earlier).total_seconds() * 1_000_000)
