"""What component wrote a log line: told by its pod, where the capture holds it, and else by the container's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tracer.components import components
from tracer.watch.drivers import driver_names


class _Spec(msgspec.Struct):
    containers: list[Any] = []
    volumes: list[Any] | None = None
    init: list[Any] | None = msgspec.field(name="initContainers", default=None)


class _Pod(msgspec.Struct):
    spec: _Spec = msgspec.field(default_factory=_Spec)


_DECODER = msgspec.json.Decoder(_Pod)


class Components:
    """The containers of the pods that have been seen."""

    def __init__(self) -> None:
        self._drivers: set[str] = set()
        self._found: dict[str, dict[str, str]] = {}
        """Pod uid -> container -> component; pods that run none are left out."""

    def learn_drivers(self, kind: str, columns: Mapping[str, Sequence[Any]]) -> None:
        """Take in observations of a kind, which may name CSI drivers."""
        self._drivers.update(driver_names(kind, columns))

    def learn_pods(self, uids: Sequence[Any], texts: Sequence[bytes]) -> None:
        """Take in observations of pods, as they stand in the capture."""
        for uid, text in zip(uids, texts, strict=True):
            if uid in self._found:
                continue
            try:
                spec = _DECODER.decode(text).spec
            except msgspec.DecodeError:
                continue
            if found := components([*(spec.init or ()), *spec.containers], spec.volumes, self._drivers):
                self._found[uid] = found

    def of(self, pod_uid: str | None, container: str, by_name: str | None) -> str | None:
        """The component of a container; `by_name` where its pod does not tell."""
        return self._found.get(pod_uid or "", {}).get(container, by_name)
