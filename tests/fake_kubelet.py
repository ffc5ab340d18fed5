"""The scripted server's kubelets: each node's journal, as the node log query gives it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from aiohttp import web
from fake_api import NODES, FakeApi, status_answer

BEGIN_US = int(datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC).timestamp()) * 1_000_000


@dataclass
class FakeKubelet:
    """One node, and what its kubelet has said."""

    api: FakeApi
    name: str = "n1"
    zone_s: int = 0
    """The node's local time is so far ahead of UTC: journalctl takes `sinceTime` for local."""
    now_us: int = BEGIN_US
    entries: list[tuple[int, str]] = field(default_factory=list)
    """Time, and whole line."""
    texts: list[str] = field(default_factory=list)
    """What a trace is to hold."""
    refuses: web.Response | None = None
    cut: int | None = None
    """The answer ends after so many bytes."""
    asked: int = 0

    def __post_init__(self) -> None:
        self.api.put(NODES, self.name)
        self.api.answer(self._answer)

    def write(self, *texts: str, who: str = "kubelet[812]", after_us: int = 100_000) -> FakeKubelet:
        for text in texts:
            self.now_us += after_us
            at = datetime.fromtimestamp(self.now_us // 1_000_000, UTC)
            head = f"{at:%b} {at.day:2d} {at:%H:%M:%S}.{self.now_us % 1_000_000:06d} host-7 {who}: "
            self.entries.append((self.now_us, head + text.replace("\n", "\n" + " " * len(head))))
            said = text if who.startswith("kubelet") else f"{who}: {text}"
            stamp = f"{at:%Y-%m-%dT%H:%M:%S}.{self.now_us % 1_000_000:06d}000Z"
            self.texts += [f"{stamp} {line}" for line in said.split("\n")]
        return self

    def vacuum(self) -> None:
        """The journal forgets what it holds."""
        self.entries.clear()

    def delete(self) -> None:
        self.api.delete(NODES, self.name)

    def _answer(self, request: web.Request) -> web.Response | None:
        if request.path != f"/api/v1/nodes/{self.name}/proxy/logs/":
            return None
        self.asked += 1
        assert request.query["query"] == "kubelet"
        assert "untilTime" not in request.query  # the kubelet takes sinceTime for it
        if self.refuses is not None:
            return self.refuses
        found = self.entries
        if since := request.query.get("sinceTime"):
            since_us = (int(datetime.fromisoformat(since).timestamp()) - self.zone_s) * 1_000_000
            found = [each for each in found if each[0] >= since_us]
        elif tail := request.query.get("tailLines"):
            found = found[-int(tail) :]
        body = "".join(f"{line}\n" for _, line in found).encode() or b"-- No entries --\n"
        date = format_datetime(datetime.fromtimestamp(self.now_us // 1_000_000, UTC), usegmt=True)
        return web.Response(body=body[: self.cut], headers={"Date": date, "Content-Type": "text/plain;charset=UTF-8"})


def listing() -> web.Response:
    """What a kubelet answers that does not know queries: the names in /var/log."""
    return web.Response(text='<pre>\n<a href="pods/">pods/</a>\n</pre>\n', content_type="text/html")


def refusal(status: int) -> web.Response:
    return status_answer(status, f"scripted {status}")
