"""What a name on the command line means: which volume, which uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracer.errors import VolreelError

if TYPE_CHECKING:
    from analysis.trace import Trace

_SHOWN_CANDIDATES = 8


class UnknownName(VolreelError):
    """A name that no volume and no pod of the trace has."""


class AmbiguousName(VolreelError):
    """A name that several volumes have."""


def volume_named(trace: Trace, name: str) -> str:
    """The volume_id of the one volume that a name means. Raises UnknownName, AmbiguousName (with the candidates)."""
    found = trace.named_volumes(name).rows(named=True)
    if not found:
        raise UnknownName(f"no volume, claim or pod of {trace.path} is called {name!r}. `volreel volumes` lists them.")
    if len(found) > 1:
        candidates = "; ".join(_candidate(volume) for volume in found[:_SHOWN_CANDIDATES])
        more = f"; and {len(found) - _SHOWN_CANDIDATES} more" if len(found) > _SHOWN_CANDIDATES else ""
        raise AmbiguousName(f"{name!r} is the name of {len(found)} volumes. Give one of: {candidates}{more}.")
    return str(found[0]["volume_id"])


def uses_named(trace: Trace, name: str) -> list[str]:
    """The use_ids of a pod, or of a volume, that a name means. Raises UnknownName, AmbiguousName."""
    uses = trace.named_uses(name)
    if uses.is_empty():
        uses = trace.named_uses(name, volume_named(trace, name))
    if uses.is_empty():
        raise UnknownName(f"no pod of {trace.path} used {name!r}. `volreel timeline` shows the volume itself.")
    return uses["use_id"].to_list()


def _candidate(volume: dict[str, Any]) -> str:
    end = f"{volume['ended_at']:%H:%M:%S}" if volume["ended_at"] else "the end"
    name = volume["pv_name"] or volume["volume_id"]
    return f"{name} ({volume['label']}, {volume['first_observed_at']:%Y-%m-%d %H:%M:%S} to {end} UTC)"
