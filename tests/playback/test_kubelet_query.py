"""A served trace's kubelet logs: the node log query, as a kubelet answers it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from served import served
from small_trace import NODES, SmallTrace, instant

from tracer.logs.lifting import LogLifter

PATH = "/api/v1/nodes/n1/proxy/logs/"
STREAM = "log//n1//kubelet/0"


class KubeletTrace(SmallTrace):
    """A small trace with a node and its kubelet's lines."""

    def line(self, at: float, text: str) -> KubeletTrace:
        raw = f"{instant(at):%Y-%m-%dT%H:%M:%S.%f}000Z {text}"
        row: dict[str, Any] = {**LogLifter().lift([STREAM], [raw]), "stream": [STREAM], "node": ["n1"]}
        self.writer.log(1, len(raw), row, self._us(at))
        return self


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    small = KubeletTrace(tmp_path / "t.trace")
    small.observe(0, "LISTED", {"metadata": {"name": "n1", "uid": "uid-n1", "resourceVersion": "1"}}, NODES)
    small.line(1, "I1123 07:00:01.000000     812 kubelet.go:1] one").line(2.000042, "two").line(3, "  three")
    return small.ended()


async def test_lines_come_as_from_the_journal_and_the_date_is_the_worlds(trace: Path) -> None:
    async with served(trace) as api:
        code, body = await api.raw(f"{PATH}?query=kubelet")
        async with api._session.get(f"{api.server.url}{PATH}?query=kubelet") as answer:
            assert answer.headers["Date"] == "Mon, 23 Nov 2026 07:00:03 GMT"
    assert (code, body) == (
        200,
        b"Nov 23 07:00:01.000000 n1 kubelet: I1123 07:00:01.000000     812 kubelet.go:1] one\n"
        b"Nov 23 07:00:02.000042 n1 kubelet: two\n"
        b"Nov 23 07:00:03.000000 n1 kubelet:   three\n",
    )


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("sinceTime=2026-11-23T07:00:02.9Z", [b"two", b"three"]),
        ("tailLines=1", [b"three"]),
        ("tailLines=0", []),
        ("sinceTime=2027-01-01T00:00:00Z", []),
    ],
)
async def test_part_of_it_can_be_asked_for(trace: Path, query: str, words: list[bytes]) -> None:
    async with served(trace) as api:
        _, body = await api.raw(f"{PATH}?query=kubelet&{query}")
    assert [line.split()[-1] for line in body.splitlines()] == words


async def test_at_an_instant_it_ends_there(trace: Path) -> None:
    async with served(trace, at="+2500ms") as api:
        _, body = await api.raw(f"{PATH}?query=kubelet")
    assert body.count(b"\n") == 2


@pytest.mark.parametrize(
    ("path", "code", "word"),
    [
        ("/api/v1/nodes/other/proxy/logs/?query=kubelet", 404, '"other" not found'),
        (f"{PATH}?query=containerd", 404, "the trace holds no such log"),
        (PATH, 404, "requested resource"),
        (f"{PATH}?query=kubelet&pattern=x", 406, "pattern"),
        (f"{PATH}?query=kubelet&tailLines=100001", 406, "between 0 and 100000"),
        (f"{PATH}?query=kubelet&sinceTime=yesterday", 400, "invalid time format"),
        ("/api/v1/nodes/n1/proxy/exec", 404, "requested resource"),
    ],
)
async def test_what_cannot_be_had_is_refused_as_an_api_server_would(
    trace: Path, path: str, code: int, word: str
) -> None:
    async with served(trace) as api:
        found = await api.refused(path)
    assert found[0] == code
    assert word in found[2]
