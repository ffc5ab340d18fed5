"""A container whose log is followed, and what its pod's status says of it."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from tracer.logfollow.lines import Run
from tracer.logfollow.pods import Latest


@dataclass(frozen=True, slots=True)
class Container:
    """A container, whatever its runs."""

    namespace: str
    pod: str
    pod_uid: str
    name: str
    component: str | None

    def run(self, restart: int, node: str | None) -> Run:
        """One of its runs."""
        return Run(self.namespace, self.pod, self.pod_uid, self.name, restart, self.component, node)


class Sight:
    """What is known of a container by its pod's status."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.latest: Latest | None = None
        """None until the status was seen."""
        self.node: str | None = None
        self.is_gone = False
        """The pod is no more: its name may be another pod's already."""
        self.news = asyncio.Event()
        """Set when any of it changes; who acts on it clears it before."""

    def saw(self, latest: Latest, node: str | None) -> None:
        """The pod's status says so."""
        known = self.latest
        self.node = node or self.node
        if known is None or latest.restart >= known.restart:
            self.latest = latest
        if known is None or self.latest != known:
            self.news.set()

    def gone(self) -> None:
        """The pod was deleted."""
        self.is_gone = True
        self.news.set()

    def has_begun(self, restart: int) -> bool:
        """Whether a run has a log, as far as the status says."""
        return self.latest is not None and (self.latest.restart > restart or self.latest.has_log)

    def is_over(self, restart: int) -> bool:
        """Whether a run has ended."""
        return self.is_gone or (self.latest is not None and (self.latest.restart > restart or self.latest.is_over))

    def lost_because(self, restart: int) -> str | None:
        """Why nobody has a run's log any more, or its pod's name may be another pod's; None if it can be read."""
        if self.is_gone:
            return "the pod was deleted"
        latest = self.latest
        if latest is None or latest.restart <= restart or (latest.restart == restart + 1 and latest.has_previous):
            return None
        return "a later run took its place"

    async def wait(self, seconds: float) -> None:
        """Wait, but not longer than until there is news."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.news.wait()
