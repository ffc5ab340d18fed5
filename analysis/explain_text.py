"""An explanation as text: what is not known, the answer, whose turn it is, and each statement with its evidence."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from analysis.explaining.answer import Evidence, Expected, Explanation
from analysis.instants import length
from analysis.text import took
from tracer.trace.visible import visible

_SHOWN_CANDIDATES = 12


def as_text(explanation: Explanation, width: int) -> str:
    """The explanation within `width` columns. Text from the trace is shown, never obeyed."""
    return "".join([*_head(explanation, width), *_statements(explanation, width), *_candidates(explanation, width)])


def _head(explanation: Explanation, width: int) -> Iterator[str]:
    name = f"{explanation.namespace}/{explanation.name}" if explanation.namespace else explanation.name
    yield _line(f"{explanation.kind} {name} at {explanation.at:%Y-%m-%d %H:%M:%S.%f} UTC", width)
    for unknown in explanation.unknown:
        yield _line(f"not known: {unknown}", width)
    yield "\n" + _line(explanation.verdict, width)
    if turn := explanation.turn:
        since = ""
        if turn.since is not None:
            waited = length((explanation.at - turn.since).total_seconds())
            since = f", since {turn.since:%H:%M:%S.%f} ({waited})"
        yield _line(f"next: {turn.who}: {turn.what}{since}", width)
        if turn.expected is not None:
            yield _line(_expected(turn.expected), width)


def _expected(expected: Expected) -> str:
    known = f"{expected.phases} in this trace"
    if expected.censored:
        known += f", {expected.censored} of them not seen to end"
    if expected.median_us is None:
        return f"how long `{expected.phase}` takes is not known ({known})"
    return f"`{expected.phase}` takes {took(expected.median_us)} (median of {known})"


def _statements(explanation: Explanation, width: int) -> Iterator[str]:
    if explanation.statements:
        yield "\n"
    for statement in explanation.statements:
        yield _line(f"{statement.topic}: {statement.text}{_shown(statement.evidence)}", width)


def _shown(evidence: Sequence[Evidence]) -> str:
    rows = (f"{each.seq} at {each.observed_at:%H:%M:%S.%f}"[:-3] for each in evidence)
    return f" [seq {'; '.join(rows)}]" if evidence else ""


def _candidates(explanation: Explanation, width: int) -> Iterator[str]:
    candidates = explanation.candidates
    if candidates:
        yield "\n"
    for each in candidates[:_SHOWN_CANDIDATES]:
        fit = "fits" if each.failed is None else f"{each.failed}: wanted {each.wanted}, has {each.has}"
        yield _line(f"{each.volume}: {fit}{_shown((each.evidence,))}", width)
    left = Counter(each.failed or "none" for each in candidates[_SHOWN_CANDIDATES:])
    if left:
        counted = ", ".join(f"{count} by {failed}" for failed, count in left.most_common())
        yield _line(f"and {left.total()} more volumes, left out {counted}", width)


def _line(text: str, width: int) -> str:
    shown = visible(" ".join(text.split()))
    return textwrap.fill(shown, max(width, 20), subsequent_indent="  ", break_on_hyphens=False) + "\n"
