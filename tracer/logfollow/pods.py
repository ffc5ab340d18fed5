"""What following needs of a pod: its containers, and which run of each there is."""

from __future__ import annotations

from datetime import datetime

import msgspec


class _State(msgspec.Struct):
    running: dict[str, object] | None = None
    waiting: dict[str, object] | None = None
    terminated: dict[str, object] | None = None


class _Status(msgspec.Struct):
    name: str
    restarts: int = msgspec.field(name="restartCount", default=0)
    state: _State | None = None
    last: _State | None = msgspec.field(name="lastState", default=None)


class _PodStatus(msgspec.Struct):
    main: list[_Status] | None = msgspec.field(name="containerStatuses", default=None)
    init: list[_Status] | None = msgspec.field(name="initContainerStatuses", default=None)
    ephemeral: list[_Status] | None = msgspec.field(name="ephemeralContainerStatuses", default=None)


class _Metadata(msgspec.Struct):
    name: str
    uid: str
    namespace: str = ""


class _Spec(msgspec.Struct):
    node: str | None = msgspec.field(name="nodeName", default=None)


class _Pod(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _PodStatus = msgspec.field(default_factory=_PodStatus)


_DECODER = msgspec.json.Decoder(_Pod)


class Latest(msgspec.Struct, frozen=True):
    """The latest run of a container, as its pod's status says."""

    restart: int
    """Which run: its restartCount."""
    has_log: bool
    """Whether it is running or has ended: a container that waits for its first start has no log."""
    is_over: bool
    """Whether it has ended."""
    has_previous: bool
    """Whether the log of the run before can be asked for."""
    is_between: bool
    """Whether it has ended and the next one waits to start."""
    started_s: int | None
    """When it began, seconds since 1970."""


class PodState(msgspec.Struct, frozen=True):
    """A pod as its status says."""

    namespace: str
    name: str
    uid: str
    node: str | None
    containers: dict[str, Latest]


def pod_state(text: bytes) -> PodState | None:
    """Read a pod's JSON; None for what is no pod."""
    try:
        pod = _DECODER.decode(text)
    except msgspec.DecodeError:
        return None
    status, about = pod.status, pod.metadata
    found = {each.name: _latest(each) for some in (status.init, status.main, status.ephemeral) for each in some or ()}
    return PodState(about.namespace, about.name, about.uid, pod.spec.node, found)


def _latest(status: _Status) -> Latest:
    state, last = status.state or _State(), status.last or _State()
    restart, began = status.restarts, state.running or state.terminated
    if began is None and last.terminated is not None:  # between two runs the count is still that of the one that ended
        return Latest(
            restart, has_log=True, is_over=True, has_previous=False, is_between=True, started_s=_second(last.terminated)
        )
    return Latest(
        restart=restart,
        has_log=began is not None,
        is_over=state.terminated is not None,
        has_previous=last.terminated is not None and restart > 0,
        is_between=False,
        started_s=_second(began) if began else None,
    )


def _second(state: dict[str, object]) -> int | None:
    try:
        return int(datetime.fromisoformat(str(state.get("startedAt"))).timestamp())
    except ValueError:
        return None
