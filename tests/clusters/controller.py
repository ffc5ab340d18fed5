"""What all controllers have in common: a queue of objects, each looked at by one worker at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from clusters.api_server import Object, uid_of
from clusters.simulation import Process

if TYPE_CHECKING:
    from cluster import Cluster


class Controller:
    """Looks at an object when it changes, and after a failure again, later and later.

    A subclass says in `sync` what it does about an object; it sees the world as it is, never a change.
    """

    first_retry, longest_retry = 1.0, 300.0
    kinds: tuple[str, ...] = ()
    """It looks at objects of these kinds whenever they change."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.api = cluster.api
        self.simulation = cluster.simulation
        self.is_running = True
        self._life = 0
        self._due: dict[str, float] = {}
        self._busy: set[str] = set()
        self._again: dict[str, Object] = {}
        self._failures: dict[str, int] = {}
        for kind in self.kinds:
            self.api.watch(kind, self.on_change)

    def on_change(self, changed: Object) -> None:
        self.enqueue(changed)

    def sync(self, found: Object) -> Process:
        raise NotImplementedError

    # -- running ------------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """The process ends: whatever it was doing is not gone on with."""
        self.is_running = False
        self._life += 1
        for each in (self._due, self._busy, self._again, self._failures):
            each.clear()

    def start(self) -> None:
        """A new process: it lists what there is, and looks at all of it."""
        self.is_running = True
        for kind in self.kinds:
            for each in self.api.all(kind):
                self.on_change(each)

    # -- the queue ----------------------------------------------------------------------------------------------------

    def enqueue(self, found: Object, delay: float = 0.0) -> None:
        """Look at an object so many seconds from now, or earlier if that is due already."""
        key, when = uid_of(found), self.simulation.now + delay
        if not self.is_running or self._due.get(key, when + 1.0) <= when:
            return
        self._due[key] = when
        life = self._life
        self.simulation.after(delay, lambda: self._work(found, when, life))

    def retry(self, found: Object, at_least: float = 0.0) -> None:
        """Look at it again after a failure, later each time."""
        failures = self._failures[uid_of(found)] = self._failures.get(uid_of(found), 0) + 1
        delay = float(min(self.longest_retry, self.first_retry * 2 ** (failures - 1)))
        self.enqueue(found, max(delay, at_least))

    def failures(self, found: Object) -> int:
        return self._failures.get(uid_of(found), 0)

    def forget(self, found: Object) -> None:
        """It went well: the next failure is a first one."""
        self._failures.pop(uid_of(found), None)

    def go(self, process: Process, done: Callable[[], None] = lambda: None) -> None:
        """Do something beside; it ends with this process."""
        self.simulation.start(self._living(process), done)

    def _work(self, found: Object, when: float, life: int) -> None:
        key = uid_of(found)
        if self._life != life or self._due.get(key) != when:
            return
        del self._due[key]
        if key in self._busy:
            self._again[key] = found
            return
        self._busy.add(key)
        self.go(self.sync(found), lambda: self._done(key, life))

    def _done(self, key: str, life: int) -> None:
        if self._life != life:
            return
        self._busy.discard(key)
        if key in self._again:
            self.enqueue(self._again.pop(key))

    def _living(self, process: Process) -> Process:
        life = self._life
        for pause in process:
            yield pause
            if self._life != life:
                return
