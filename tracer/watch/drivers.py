"""The names of a cluster's CSI drivers: a container that is told one of them belongs to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow.compute as pc

from tracer.trace import Trace
from tracer.trace.schema import OBJECTS

_NAMES_THEM = ("CSIDriver", "CSINode")


def driver_names(kind: str, columns: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    """The drivers that observations of a kind name: a CSIDriver is one, a CSINode lists those that are registered."""
    if kind == "CSIDriver":
        yield from columns["name"]
    elif kind == "CSINode":
        # A column that is null in all rows is not there.
        for listed in columns.get("node_drivers", ()):
            yield from (name for name, *_ in listed or () if name is not None)


def known_drivers(trace: Trace) -> set[str]:
    """The drivers that a trace names. Raises TraceDamaged."""
    found: set[str] = set()
    for batch in trace.batches(OBJECTS, ("kind", "name", "node_drivers")):
        for kind in _NAMES_THEM:
            rows = batch.filter(pc.equal(batch["kind"], kind)).to_pylist()
            listed = [[(each["name"],) for each in row["node_drivers"] or ()] for row in rows]
            found.update(driver_names(kind, {"name": [row["name"] for row in rows], "node_drivers": listed}))
    return found
