"""Which containers' logs are followed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from tracer.components import components
from tracer.errors import VolreelError
from tracer.labels import Labels, label_requirements


class _Metadata(msgspec.Struct):
    labels: dict[str, str] | None = None


class _Container(msgspec.Struct):
    name: str


class _Spec(msgspec.Struct):
    containers: list[_Container] = []
    init: list[_Container] | None = msgspec.field(name="initContainers", default=None)


class _Pod(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    spec: _Spec = msgspec.field(default_factory=_Spec)


_DECODER = msgspec.json.Decoder(_Pod)


@dataclass(frozen=True, slots=True)
class Selection:
    """Storage's own containers, with what the user adds and removes by the labels of pods."""

    added: tuple[str, ...] = ()
    """Label selectors: of a pod that one of them matches every container is followed."""
    removed: tuple[str, ...] = ()
    """Label selectors: of a pod that one of them matches none is."""

    def check(self) -> None:
        """Raises VolreelError for a selector that is none."""
        for text in (*self.added, *self.removed):
            try:
                label_requirements(text)
            except ValueError as error:
                raise VolreelError(
                    f"{text!r} is no label selector ({error}). Write it as for kubectl -l: app=csi,tier!=test."
                ) from error

    def adds(self, labels: Labels | None) -> bool:
        """Whether a pod with these labels is followed whatever it runs."""
        return bool(self.added) and _any(self.added, labels or {}) and not _any(self.removed, labels or {})

    def containers(
        self, text: bytes, specs: Sequence[object], volumes: object, drivers: Collection[str] = ()
    ) -> Mapping[str, str | None]:
        """Container name -> component, of those containers of a pod that are followed.

        `text` is the pod's JSON; `specs` are its lists of containers; `drivers` are the cluster's, by name.
        """
        try:
            pod = _DECODER.decode(text)
        except msgspec.DecodeError:
            return {}
        labels = pod.metadata.labels or {}
        if _any(self.removed, labels):
            return {}
        every = [each for spec in specs if isinstance(spec, list) for each in spec]
        found: dict[str, str | None] = dict(components(every, volumes, drivers))
        if self.adds(labels):
            names = [each.name for each in (*(pod.spec.init or ()), *pod.spec.containers)]
            found = {name: found.get(name) for name in names}
        return found


def _any(selectors: Sequence[str], labels: Labels) -> bool:
    return any(all(test(labels) for test in label_requirements(text)) for text in selectors)
