"""Programs that write logs as klog does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from clusters.simulation import Simulation


class Line(NamedTuple):
    """A line that a program wrote."""

    written_at: float
    stream: str
    node: str
    text: str


@dataclass(eq=False)
class Program:
    """A process whose log is followed: a container, or what runs on a host itself."""

    simulation: Simulation
    lines: list[Line]
    stream: str
    node: str
    pid: int = 1
    is_container: bool = True

    def say(self, source: str, message: str, severity: str = "I", /, **pairs: Any) -> None:
        """A structured line: `"message" key="value"`."""
        keys = "".join(f" {key}={_value(value)}" for key, value in pairs.items())
        self.write(source, f"{_quoted(message)}{keys}", severity)

    def write(self, source: str, text: str, severity: str = "I", /) -> None:
        """A line of any text."""
        now = self.simulation.instant
        head = f"{severity}{now:%m%d %H:%M:%S.%f} {self.pid:>7} {source}] "
        # The runtime stamps a line a few dozen µs after klog has.
        stamp = f"{now:%Y-%m-%dT%H:%M:%S.%f}{self.simulation.random.randrange(1000):03d}Z " if self.is_container else ""
        for line in (head + text).split("\n"):
            self.lines.append(Line(self.simulation.now, self.stream, self.node, stamp + line))


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value)
    return "null" if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _quoted(text: str) -> str:
    """Go's %q, as far as logs need it."""
    return json.dumps(text, ensure_ascii=False)
