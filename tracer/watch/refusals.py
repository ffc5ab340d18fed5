"""What an API server says instead of what it was asked for."""

from __future__ import annotations

import msgspec

from tracer.cluster import Lost, Refused


class Gone(Exception):
    """The server no longer has the history after our revision."""


class Rewound(Exception):
    """The server's history is not the one that we followed."""

    def __init__(self, revision: int | None, why: str) -> None:
        super().__init__(why)
        self.revision = revision
        """Where the server's history stands; None where that means nothing."""


def error_event(status_text: bytes) -> Exception:
    """The exception that an ERROR event in a watch stands for: Gone, Refused or Lost."""
    try:
        status = msgspec.json.decode(status_text)
        code, message = int(status.get("code", 0)), str(status.get("message", ""))
    except (msgspec.DecodeError, TypeError, ValueError, AttributeError):
        return Lost("the watch ended with an error that cannot be read")
    if code == 410:
        return Gone(message)
    details = status.get("details")
    retry = details.get("retryAfterSeconds") if isinstance(details, dict) else None
    return Refused(code, message, float(retry) if isinstance(retry, int) and 0 <= retry < 1e9 else None)
