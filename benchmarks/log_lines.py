"""How fast log lines are taken apart, how small they are kept, that none is slow: `python -m benchmarks.log_lines`.

Times are of the processor, in one process. The anchors are what any reader of klog does at least: `str.split` into
words, and one regular expression over the header. `--fuzz N` takes apart N random and mutated lines and reports the
slowest.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import string
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

REAL = Path(__file__).parent.parent.parent / "shared" / "real"
STAMP = "2026-11-23T07:32:17.001274030Z "
HEADER = re.compile(r"([IWEF])(\d{4} \d\d:\d\d:\d\d)\.(\d{6}) +(\d+) ([^:]+:\d+)\] (.*)")
_ROUNDS = 5
FUZZED = 1_000_000
_WINDOW = 4096


def captured() -> list[tuple[str, str]]:
    """Streams and lines of the captured containers and of the host's components."""
    found = []
    for capture in ("text", "json"):
        file = REAL / capture / "logs.ndjson.gz"
        if file.exists():
            with gzip.open(file) as text:
                found += [(each["stream"], each["line"]) for each in map(json.loads, text)]
    for name in ("kubelet", "kube-controller-manager", "kube-scheduler"):
        file = REAL / "text" / f"{name}.log.gz"
        if file.exists():
            with gzip.open(file, "rt", newline="\n") as text:
                found += [(name, STAMP + line.rstrip("\n")) for line in text]
    return found


def generated(count: int) -> list[tuple[str, str]]:
    """Lines of a busy attacher: no two are alike, which is the worst case."""
    chance = random.Random(7)
    lines = []
    for number in range(count):
        micros, volume = number % 1_000_000, f"{chance.getrandbits(128):032x}"
        head = f"{STAMP}I1123 07:{number // 60_000 % 60:02d}:{number // 1000 % 60:02d}.{micros:06d}       1 "
        match number % 4:
            case 0:
                text = f'csi_handler.go:264] "Attaching" VolumeAttachment="csi-{volume}{volume}" driver="d"'
            case 1:
                request = f'{{\\"node_id\\":\\"n\\",\\"volume_id\\":\\"{volume}\\"}}'
                method = "/csi.v1.Controller/ControllerPublishVolume"
                text = f'connection.go:264] "GRPC call" method="{method}" request="{request}"'
            case 2:
                text = 'connection.go:270] "GRPC response" response="{}" err=null'
            case _:
                text = f"server.go:98] volume {volume} is attached, it took {number} ms"
        lines.append(("s", head + text))
    return lines


_VALUE = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,}|\d{2,})(?![0-9A-Za-z])"
)


def varied(lines: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The klog lines among these, each with ids and numbers of its own: real shapes, of which no two are alike."""
    chance = random.Random(5)

    def other(match: re.Match[str]) -> str:
        digits = "123456789" if match[0].isdigit() else "0123456789abcdef"
        return "".join([each if each == "-" else chance.choice(digits) for each in match[0]])

    found = []
    for stream, line in lines:
        head, bracket, rest = line.partition("] ")
        if bracket and HEADER.match(line, len(STAMP)):
            found.append((stream, f"{head}] {_VALUE.sub(other, rest)}"))
    return found


def seconds(work: Callable[[], object]) -> float:
    """Processor time, the best of some rounds: the others had company. Caches are as a long run leaves them."""
    times = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def rates(lines: Sequence[tuple[str, str]]) -> dict[str, float]:
    """Lines per second of the anchors, of the dialect alone, and of everything up to the columns."""
    from tracer.logs.calendar import Calendar
    from tracer.logs.dialects import klog_text
    from tracer.logs.lifting import LogLifter

    texts = [line[len(STAMP) :] for _, line in lines]
    streams, whole = [stream for stream, _ in lines], [line for _, line in lines]
    calendar = Calendar()
    calendar.stamped(1_795_419_137)

    def lift() -> None:
        lifter = LogLifter()
        for at in range(0, len(lines), _WINDOW):
            lifter.lift(streams[at : at + _WINDOW], whole[at : at + _WINDOW])

    contenders: dict[str, Callable[[], object]] = {
        "str.split": lambda: [text.split(" ") for text in texts],
        "header regex": lambda: [HEADER.match(text) for text in texts],
        "klog dialect, fields derived": lambda: [klog_text.parse(text, calendar) for text in texts],
        "all of it: secrets, dialects, columns": lift,
    }
    return {name: len(lines) / seconds(work) for name, work in contenders.items()}


def bytes_per_line() -> float | None:
    """What the captured containers' lines take when they are sealed."""
    from tracer.ndjson.importing import import_ndjson
    from tracer.trace import open_trace
    from tracer.trace.schema import LOGS

    size = rows = 0
    for capture in ("text", "json"):
        file = REAL / capture / "logs.ndjson.gz"
        if not file.exists():
            return None
        with tempfile.TemporaryDirectory() as folder:
            import_ndjson([str(file)], Path(folder) / "t.trace")
            trace = open_trace(Path(folder) / "t.trace")
            size += sum(path.stat().st_size for path in trace.sealed_files(LOGS))
            rows += trace.rows(LOGS)
    return size / rows


_MEGABYTE = 1_000_000


def _filled(text: str) -> str:
    return (text * (_MEGABYTE // len(text) + 1))[:_MEGABYTE]


HOSTILE = {
    "secrets, all kinds": _filled("secret passwd pwd token credential authorization bearer api_key "),
    "secrets, quoted": _filled('apikey="a" '),
    "secrets, proto": _filled('key:"password" value:"x" '),
    "secrets, removed": _filled("secret=***stripped***"),
    "secret, backslashes": 'secret="' + _filled("\\") + '"',
    "secret, open": "secrets:{" + _filled("x"),
    "secret, late": _filled("x ") + "secret=hunter2",
    "sixteen megabytes": _filled("ke") * 16,
    "escapes": '"' + "\\x1b" * 8_000 + '"',
    "JSON keys": '{"level":"info","ts":1,' + ",".join(f'"k{each}":{each}' for each in range(2300)) + "}",
    "escaped quotes, never closed": '"' + '\\"' * 500_000,
    "quotes": '"' * 1_000_000,
    "keys without end": '"x"' + " a=" * 300_000,
    "brackets": '"x" a=' + "{[" * 500_000,
    "backslashes": '"x" a="' + "\\" * 1_000_000,
    "secrets": "secret=" * 150_000,
    "secrets, nested": '"secrets":{' * 90_000,
    "braces": "{" * 1_000_000,
    "JSON arrays": '{"ts":1795417742309.4,"a":' + "[" * 900_000,
    "sentence": ' for volume "' * 80_000,
    "logrus": 'time="' + "a=" * 500_000,
    "blanks": " " * 1_000_000,
    "GRPC request": 'GRPC request: {"volume_id":"' + "x" * 1_000_000 + '"}',
    "proto text": "/csi.v1.Node/X called with request: " + 'name:"' * 160_000,
}
"""A megabyte each, but for those that would be refused for their length."""


def slowest(lines: Iterator[tuple[str, str]]) -> tuple[float, str]:
    """Milliseconds of processor time of the slowest line, and its name."""
    from tracer.logs.lifting import LogLifter

    worst = (0.0, "")
    for name, line in lines:
        best = 1e9
        for _ in range(3):  # the best of three: what is slow is the line, not the machine's other work
            lifter = LogLifter()
            started = time.process_time()
            lifter.lift(["s"], [line])
            best = min(best, (time.process_time() - started) * 1000)
            if best < 1:
                break
        worst = max(worst, (best, name))
    return worst


HOSTILE_BYTES = {
    "no UTF-8": b"\xff",
    "torn characters": b"\xf0\x9f\x98",
    "characters of four bytes": "\U0001f600".encode(),
    "klog of no UTF-8": b'I1123 07:32:17.001245       1 a.go:1] "x" secret="\xff',
}
"""What lines are filled with, from their first byte to their last."""


def growth() -> tuple[float, str, float]:
    """How many times longer a line of 16 MB takes than one of 1 MB, at worst; which; its milliseconds."""
    from tracer.logs.decoding import text_of
    from tracer.logs.lifting import LogLifter

    def spent(line: bytes) -> float:
        best = 1e9
        for _ in range(5):
            lifter = LogLifter()
            started = time.process_time()
            lifter.lift(["s"], [text_of(line)])
            best = min(best, (time.process_time() - started) * 1000)
        return best

    found = []
    for name, unit in HOSTILE_BYTES.items():
        longest = (STAMP.encode() + unit * ((16 << 20) // len(unit)))[: 16 << 20]
        took = spent(longest)
        found.append((took / spent(longest[: 1 << 20]), name, took))
    return max(found)


EXAMPLES = [
    STAMP + line
    for line in (
        r'I1123 07:32:17.403210       1 connection.go:264] "GRPC call" method="/csi.v1.Identity/Probe" request="{}"',
        'I1123 07:32:17.403210       1 c.go:270] "GRPC response" response="{}" err="rpc error: code = Aborted desc = "',
        'E1123 07:32:17.403210     812 x.go:1] "MountVolume.SetUp failed for volume \\"pvc-1\\" : no" err=<',
        'I1123 07:32:17.403210       1 s.go:1] gRPCCall: {"Method":"/csi.v1.Node/X","Request":{"secrets":{"a":"b"}}}',
        '{"ts":1795417742309.4856,"caller":"l.go:300","msg":"Successfully renewed lease","lock":"a/b","v":5}',
        '{"level":"info","time":"2026-08-11T09:12:13.123456789Z","caller":"s.go:1","msg":"m","TraceId":"t"}',
        '{"driver":"d","level":"info","msg":"NodePublishVolume: req: {}","time":"2026-08-11T09:12:13Z"}',
        'time="2026-08-11T09:12:13Z" level=info msg="NodeStageVolume: req: {\\"volume_id\\":\\"p\\"}" file="y.go:1"',
        '2026-08-11T09:12:13.123Z\tINFO\tdriver\tc/p.go:12\tCreateVolume called\t{"name": "pvc-1"}',
        "2026/08/11 09:12:13.123456 main.go:42: listening on unix:///csi/csi.sock",
        'I1123 07:32:17.403210 1 u.go:1] ID: 17 Req-ID: pvc-6b GRPC request: {"secrets":"***stripped***"}',
        'I1123 07:32:17.403210 1 u.go:1] /csi.v1.Controller/X called with request: secrets:<key:"a" value:"b">',
    )
]
"""One of each dialect and shape at least: what is mutated, where the captures are not there either."""


def mutated(count: int, seeds: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Random lines, and captured ones cut, joined and sprinkled with what parsers stumble over."""
    chance = random.Random(11)
    odd = [
        '"',
        "\\",
        "{",
        "}",
        "[",
        "=",
        "=<",
        "\x1b",
        "\x00",
        "\u2028",
        "é",
        " >",
        "\t",
        "secrets",
        ":",
        "]",
        "\ud800",
    ]
    for number in range(count):
        if number % 4 == 0:
            yield str(number), "".join(chance.choices(string.printable, k=chance.randrange(200)))
            continue
        line = list(chance.choice(seeds)[:2000])
        for _ in range(chance.randrange(1, 8)):
            at = chance.randrange(len(line) + 1)
            match chance.randrange(3):
                case 0:
                    line.insert(at, chance.choice(odd))
                case 1:
                    del line[at : at + chance.randrange(20)]
                case _:
                    line[at:at] = chance.choice(seeds)[: chance.randrange(60)]
        yield str(number), "".join(line)


def _fuzz(count: int) -> str:
    seeds = [*EXAMPLES, *(line for _, line in captured()[::197] or generated(100))]
    from tracer.logs.lifting import LogLifter

    worst = 0.0
    lifter = LogLifter()
    for _, line in mutated(count, seeds):
        started = time.process_time()
        lifter.lift(["s"], [line])
        spent = (time.process_time() - started) * 1000
        if spent > 5:  # was it the line?
            spent = slowest(iter([("", line)]))[0]
        worst = max(worst, spent)
    return f"{count:,} random and mutated lines: none failed, the slowest took {worst:.1f} ms"


def report(fuzz: int = FUZZED) -> str:
    """The tables, as Markdown."""
    from tracer.process import settle

    settle()
    parts = ["| lines | contender | lines/s | of the header regex |", "| --- | --- | ---: | ---: |"]
    real = captured()
    sets = {"captured": real, "captured, ids changed": varied(real), "generated, all different": generated(100_000)}
    for name, lines in sets.items():
        if not lines:
            continue
        found = rates(lines)
        for contender, rate in found.items():
            parts.append(f"| {name} | {contender} | {rate:,.0f} | {rate / found['header regex']:.2f} |")
    size = bytes_per_line()
    parts += ["", f"Sealed: {size:.1f} bytes per captured line." if size else "Sealed: the captures are not here."]
    worst, which = slowest(
        (name, STAMP + "I1123 07:32:17.001245       1 a.go:1] " + line) for name, line in HOSTILE.items()
    )
    bare, other = slowest((name, line) for name, line in HOSTILE.items())
    worst, which = max((worst, which), (bare, other))
    parts.append(f"Slowest of {2 * len(HOSTILE)} hostile lines of a megabyte: {worst:.1f} ms ({which}).")
    times, name, took = growth()
    parts.append(f"A hostile line of 16 MB takes {times:.1f} times as long as one of 1 MB ({name}: {took:.1f} ms).")
    parts.append(f"{_fuzz(fuzz)}.")
    return "\n".join(parts)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fuzz", type=int, default=FUZZED, help="how many random and mutated lines")
    print(report(parser.parse_args().fuzz))


if __name__ == "__main__":
    main()
