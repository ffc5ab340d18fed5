"""csi-lib-utils up to 0.17: a call in two lines, its answer in two more, made into one each as newer ones write."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.calls.driver import joined_requests
from analysis.calls.lines import Line
from analysis.calls.matching import match
from analysis.calls.stretches import Stretch

_WINDOW = 512


def one_line_each(stretch: Stretch) -> Stretch:
    """The lines in their order, one a call and one an answer; lines of newer sidecars as they are."""
    if not any(line.phase in ("request", "error") for line in stretch.lines):
        return stretch
    kept = [line for line in stretch.lines if line.phase == "after"]
    return stretch._replace(lines=sorted([*joined_requests(stretch), *_joined_answers(stretch), *kept]))


def _joined_answers(stretch: Stretch) -> list[Line]:
    """The responses, each with the code of its error line, which follows and says <nil> where all was well."""
    settled = stretch.settled("response", "error")
    # Whether one of these has failed is not known, so that its being empty says nothing.
    responses = [
        line._replace(result=None) if line.result == "{}" else line
        for line in stretch.lines[:settled]
        if line.phase == "response"
    ]
    errors: list[Line] = []
    candidates: list[list[int]] = []
    waiting: list[int] = []
    for line in stretch.lines[settled:]:
        if line.phase == "response":
            waiting.append(len(responses))
            responses.append(line)
        elif line.phase == "error":
            if len(waiting) == 1:
                place = waiting.pop()
                responses[place] = responses[place]._replace(code=line.code, error=line.error)
                continue
            possible = [place for place in waiting[-_WINDOW:] if line.code == "OK" or responses[place].result == "{}"]
            errors.append(line)
            candidates.append(possible)
            if len(errors) == len(waiting):
                _join(responses, errors, candidates)
                errors, candidates, waiting = [], [], []
    _join(responses, errors, candidates)
    return responses


def _join(responses: list[Line], errors: Sequence[Line], candidates: Sequence[Sequence[int]]) -> None:
    for error, response in match(len(responses), candidates).pairs.items():
        told = errors[error]
        responses[response] = responses[response]._replace(code=told.code, error=told.error)
