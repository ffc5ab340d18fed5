"""The worlds at an instant as a person reads them: what differs, and how each volume stands on each node."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from analysis.text import took
from analysis.worlds import Standing

NO_PLACES = "no volume is wanted, attached or mounted on a node"
_NONE = "-"
_SHOWN_NODES = 3


@dataclass(frozen=True, slots=True)
class Drifting:
    """A volume on a node that is not as it should be, in one world or in both."""

    volume_id: str | None
    volume: str
    node: str
    kind: str
    """`missing` or `left over`."""
    lasted: str
    """For how long; after `>` where nobody saw it begin."""
    turn: str
    """Who must act next."""
    worlds: str
    """`attach`, `mount` or both; a `?` behind what only follows from the pod."""
    why: str | None
    """The last error."""


@dataclass(frozen=True, slots=True)
class Place:
    """A volume on a node; what there is none of is `-`, and what is not known `?`."""

    volume_id: str | None
    volume: str
    node: str
    wanted_by: str
    """The pods that want it there."""
    attached: str
    mounted: str


def not_known(standing: Standing) -> list[str]:
    """What nothing is known of at that instant, and why; the logs of kubelets in one sentence for each reason."""
    found = [
        f"not known: {source} ({why or 'not recorded then'})"
        for source, why in standing.unwatched.filter(pl.col("source") != "kubelet").select("source", "why").rows()
    ]
    kubelets = standing.unwatched.filter(source="kubelet").group_by("why", maintain_order=True).agg("place")
    for why, nodes in kubelets.rows():
        more = f" and {len(nodes) - _SHOWN_NODES} more" if len(nodes) > _SHOWN_NODES else ""
        logs = "the log of the kubelet" if len(nodes) == 1 else "the logs of the kubelets"
        named = f"{logs} on {', '.join(nodes[:_SHOWN_NODES])}{more}"
        found.append(f"not known: {named} ({why or 'not recorded then'})")
    return found


def no_drift(standing: Standing) -> str:
    """That nothing differs, as far as that is known."""
    known = "as far as is known, " if standing.unwatched.height else ""
    return f"no drift: {known}what should be attached and mounted is, and nothing else"


def drifting(standing: Standing) -> list[Drifting]:
    """What is not as it should be, the longest first. What is not attached is not mounted either: one row says so."""
    together: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in standing.drift.rows(named=True):
        together.setdefault((row["volume"], row["node"], row["kind"], row["turn"], row["use_id"] or ""), []).append(row)
    return [_drifting(same, standing) for same in together.values()]


def _drifting(same: Sequence[dict[str, Any]], standing: Standing) -> Drifting:
    row = same[0]
    lasted = took(round((standing.at - row["since"]).total_seconds() * 1_000_000))
    return Drifting(
        volume_id=row["volume_id"],
        volume=row["volume"],
        node=row["node"],
        kind=row["kind"],
        lasted=lasted if row["since_known"] else f">{lasted}",
        turn=row["turn"],
        worlds=", ".join(each["world"] if each["certain"] else f"{each['world']}?" for each in same),
        why=row["why"],
    )


def places(standing: Standing) -> list[Place]:
    """Each volume on each node where it is wanted, attached or mounted, by node and volume."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in standing.entries.rows(named=True):
        found.setdefault((row["node"], row["volume"]), []).append(row)
    blind = set(standing.unwatched.filter(source="kubelet")["place"])
    return [_place(node, volume, rows, node in blind) for (node, volume), rows in sorted(found.items())]


def _place(node: str, volume: str, entries: Iterable[dict[str, Any]], without_log: bool) -> Place:
    wanted = {f"{each['namespace']}/{each['pod']}" for each in entries if each["side"] == "desired"}
    attachments = [_attachment(each) for each in entries if (each["world"], each["side"]) == ("attach", "actual")]
    mounts = [each for each in entries if (each["world"], each["side"]) == ("mount", "actual")]
    mounted = ", ".join(sorted({f"{each['standing']}{'?' if each['inferred'] else ''}" for each in mounts}))
    return Place(
        volume_id=next((each["volume_id"] for each in entries if each["volume_id"]), None),
        volume=volume,
        node=node,
        wanted_by=", ".join(sorted(wanted)) or _NONE,
        attached=", ".join(attachments) or _NONE,
        mounted=mounted or ("?" if without_log and wanted else _NONE),
    )


def _attachment(entry: dict[str, Any]) -> str:
    if entry["standing"] == "none":
        return "only the node lists it"
    return entry["standing"] if entry["listed"] or entry["standing"] != "attached" else "attached, not listed"
