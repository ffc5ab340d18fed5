"""gRPC codes, and the errors that carry them."""

from __future__ import annotations

import re

from tracer.logs.calls.vocabulary import CODE, ERROR, Pairs

_CODE = re.compile(r"rpc error: code = (\w{1,40}) desc = ")
_CODE_NUMBERS = (  # noqa: SIM905
    "OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted"
    " FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss Unauthenticated"
).split()


def error_pairs(text: str) -> Pairs:
    """Code and text of an error; a `rpc error` may stand anywhere in it."""
    if not text or text in ("<nil>", "null", "nil"):
        return [(CODE, "OK")]
    match = _CODE.search(text)
    return [(ERROR, text)] if match is None else [(CODE, match[1]), (ERROR, text[match.end() :])]


def code_name(number: int) -> str:
    """The name of a gRPC code; the number itself for one that gRPC does not have."""
    return _CODE_NUMBERS[number] if 0 <= number < len(_CODE_NUMBERS) else str(number)
