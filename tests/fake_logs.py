"""The scripted server's logs: runs of containers, followed, rotated, restarted, reset, as a kubelet serves them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

BEGIN_NS = 1_795_000_000_000_000_000


@dataclass
class LogRun:
    """One run of a container."""

    lines: list[tuple[int, bytes]] = field(default_factory=list)
    """Stamps and whole lines, line ends included."""
    first: int = 0
    """The first line that is not rotated away."""
    is_over: bool = False


@dataclass
class FakeLog:
    """The log of one container."""

    runs: list[LogRun] = field(default_factory=lambda: [LogRun()])
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    resets: int = 0
    ends: int = 0
    followers: int = 0
    cut: int = 0
    """Send pieces of this many bytes; 0 sends them whole."""
    now_ns: int = BEGIN_NS
    step_ns: int = 100_000_000
    """Between two lines."""

    @property
    def current(self) -> LogRun:
        return self.runs[-1]

    def write(self, *texts: str, at_ns: int | None = None, unfinished: bool = False) -> None:
        """The container writes lines."""
        for text in texts:
            self.now_ns = self.now_ns + self.step_ns if at_ns is None else at_ns
            end = "" if unfinished else "\n"
            self.current.lines.append((self.now_ns, f"{stamp(self.now_ns)} {text}{end}".encode()))
        self._move()

    def rotate(self) -> None:
        """The kubelet begins a new file; who follows sees nothing of it."""
        self.current.first = len(self.current.lines)

    def end(self) -> None:
        """The container ends."""
        self.current.is_over = True
        self._move()

    def restart(self) -> None:
        """The container ends and is started again."""
        self.end()
        self.runs.append(LogRun())

    def reset(self) -> None:
        """Break every connection in the middle of a line."""
        self.resets += 1
        self._move()

    def end_answers(self) -> None:
        """End every answer well, as at an API server's restart behind a proxy."""
        self.ends += 1
        self._move()

    def _move(self) -> None:
        self.moved.set()
        self.moved = asyncio.Event()

    @property
    def texts(self) -> list[str]:
        """Every line of every run, as the API sends them."""
        return [line.decode().removesuffix("\n") for run in self.runs for _, line in run.lines]


def stamp(at_ns: int) -> str:
    """RFC 3339 with nine decimals."""
    return f"{datetime.fromtimestamp(at_ns // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{at_ns % 10**9:09d}Z"


async def serve_log(request: web.Request, log: FakeLog, reset: Any) -> web.StreamResponse:
    """Answer a request for the log, which a pod with this container has."""
    query = request.query
    number = len(log.runs) - (2 if query.get("previous") == "true" else 1)
    run = log.runs[number]
    since = query.get("sinceTime")
    since_ns = int(datetime.fromisoformat(since).timestamp()) * 10**9 if since else 0
    answer = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await answer.prepare(request)
    log.followers += 1
    try:
        await _send(request, answer, log, run, since_ns, reset)
    except ConnectionError:
        pass
    finally:
        log.followers -= 1
    return answer


async def _send(
    request: web.Request, answer: web.StreamResponse, log: FakeLog, run: LogRun, since_ns: int, reset: Any
) -> None:
    place, resets, ends = run.first, log.resets, log.ends
    while True:
        moved = log.moved
        body = b"".join(line for at, line in run.lines[place:] if at >= since_ns)
        place = len(run.lines)
        step = log.cut or len(body) or 1
        for start in range(0, len(body), step):
            await answer.write(body[start : start + step])
        if log.resets > resets:
            await answer.write(stamp(log.now_ns + 1).encode() + b" half a li")
            reset(request)
            return
        if request.query.get("follow") != "true" or log.ends > ends or (run.is_over and place == len(run.lines)):
            return
        await moved.wait()
