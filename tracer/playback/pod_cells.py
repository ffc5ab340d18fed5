"""How kubectl sums a pod up: READY, STATUS and RESTARTS (as pkg/printers/internalversion counts them)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracer.playback.ages import age, parsed

_TERMINAL = {"Succeeded", "Failed"}


@dataclass(slots=True)
class _Restarts:
    count: int = 0
    last: datetime | None = None
    stamp: Any = None

    def add(self, container: dict[str, Any]) -> None:
        self.count += container.get("restartCount") or 0
        stamp = _of(container, "lastState", "terminated").get("finishedAt")
        instant = parsed(stamp)
        if instant is not None and (self.last is None or instant > self.last):
            self.last, self.stamp = instant, stamp


@dataclass(slots=True)
class _Summary:
    ready: int
    total: int
    reason: str
    restarts: _Restarts


def ready(pod: dict[str, Any], _now: datetime) -> str:
    """`1/2`"""
    summary = _summary(pod)
    return f"{summary.ready}/{summary.total}"


def status(pod: dict[str, Any], _now: datetime) -> str:
    """`Running`, `Init:0/1`, `ContainerCreating`, `Terminating`, ..."""
    return _summary(pod).reason


def restarts(pod: dict[str, Any], now: datetime) -> str:
    """`0`, `3 (5m ago)`"""
    found = _summary(pod).restarts
    return f"{found.count} ({age(found.stamp, now)} ago)" if found.count and found.last else str(found.count)


def readiness_gates(pod: dict[str, Any], _now: datetime) -> str:
    """`1/2`, or `<none>`"""
    gates = [gate.get("conditionType") for gate in _of(pod, "spec").get("readinessGates") or []]
    return f"{sum(_is_true(pod, gate) for gate in gates)}/{len(gates)}" if gates else "<none>"


def _of(value: dict[str, Any], *steps: str) -> dict[str, Any]:
    for step in steps:
        found = value.get(step)
        value = found if isinstance(found, dict) else {}
    return value


def _is_true(pod: dict[str, Any], condition: str) -> bool:
    conditions = _of(pod, "status").get("conditions") or []
    return next((each.get("status") == "True" for each in conditions if each.get("type") == condition), False)


def _summary(pod: dict[str, Any]) -> _Summary:
    spec, state = _of(pod, "spec"), _of(pod, "status")
    sidecars = {each.get("name") for each in spec.get("initContainers") or [] if each.get("restartPolicy") == "Always"}
    reason = state.get("reason") or state.get("phase") or ""
    for condition in state.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            reason = "SchedulingGated"
    summary = _Summary(0, len(spec.get("containers") or []) + len(sidecars), reason, _Restarts())
    of_sidecars = _Restarts()
    is_initializing = _initialize(pod, sidecars, summary, of_sidecars)
    if not is_initializing or _is_true(pod, "Initialized"):
        summary.restarts = of_sidecars
        _run(pod, summary)
    if _of(pod, "metadata").get("deletionTimestamp"):
        if state.get("reason") == "NodeLost":
            summary.reason = "Unknown"
        elif state.get("phase") not in _TERMINAL:
            summary.reason = "Terminating"
    return summary


def _initialize(pod: dict[str, Any], sidecars: set[Any], summary: _Summary, of_sidecars: _Restarts) -> bool:
    """Go through the init containers up to the one that holds the pod up; whether there is one."""
    for index, container in enumerate(_of(pod, "status").get("initContainerStatuses") or []):
        is_sidecar = container.get("name") in sidecars
        summary.restarts.add(container)
        if is_sidecar:
            of_sidecars.add(container)
        state = _of(container, "state")
        ended = state.get("terminated")
        if ended is not None and not ended.get("exitCode"):
            continue
        if is_sidecar and container.get("started"):
            summary.ready += bool(container.get("ready"))
            continue
        waiting = _of(state, "waiting").get("reason")
        if ended is not None:
            summary.reason = f"Init:{_ended(ended)}"
        elif waiting and waiting != "PodInitializing":
            summary.reason = f"Init:{waiting}"
        else:
            summary.reason = f"Init:{index}/{len(_of(pod, 'spec').get('initContainers') or [])}"
        return True
    return False


def _run(pod: dict[str, Any], summary: _Summary) -> None:
    """Go through the containers, the last one first: the first with a reason has the word."""
    is_running = False
    for container in reversed(_of(pod, "status").get("containerStatuses") or []):
        summary.restarts.add(container)
        state = _of(container, "state")
        if _of(state, "waiting").get("reason"):
            summary.reason = state["waiting"]["reason"]
        elif state.get("terminated") is not None:
            summary.reason = _ended(state["terminated"])
        elif container.get("ready") and state.get("running") is not None:
            is_running = True
            summary.ready += 1
    if summary.reason == "Completed" and is_running:
        summary.reason = "Running" if _is_true(pod, "Ready") else "NotReady"


def _ended(terminated: dict[str, Any]) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode') or 0}"
