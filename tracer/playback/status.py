"""What an API server says when it refuses: Status objects, in the words that clients know."""

from __future__ import annotations

from typing import Any

import msgspec


class Refusal(Exception):
    """A request that is answered with a Status object instead of what it asked for."""

    def __init__(self, code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.body = status(code, reason, message, details)


def status(code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> bytes:
    """A failure as JSON, in the shape of `meta/v1 Status`."""
    body: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    body |= {"message": message, "reason": reason}
    if details is not None:
        body["details"] = details
    return msgspec.json.encode({**body, "code": code})


def no_such_path() -> Refusal:
    """404: nothing is served under this path."""
    return Refusal(404, "NotFound", "the server could not find the requested resource", {})


def not_found(plural: str, group: str, name: str) -> Refusal:
    """404: no object of this name now."""
    qualified = f"{plural}.{group}" if group else plural
    details = {"name": name, "kind": plural} | ({"group": group} if group else {})
    return Refusal(404, "NotFound", f'{qualified} "{name}" not found', details)


def read_only() -> Refusal:
    """405: a write."""
    message = "a served trace is read-only: the server does not allow this method on the requested resource"
    return Refusal(405, "MethodNotAllowed", message, {})


def expired(asked: int | str, oldest: int) -> Refusal:
    """410: a revision that the server no longer has."""
    return Refusal(410, "Expired", f"too old resource version: {asked} ({oldest})")


def continue_expired() -> Refusal:
    """410: the list that a continue token belongs to is gone."""
    message = (
        "The provided continue parameter is too old to display a consistent list result. "
        "You must start a new list without the continue parameter."
    )
    return Refusal(410, "Expired", message)


def too_new(asked: int, current: int) -> Refusal:
    """504: a list at a revision that has not been yet."""
    details = {
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
        "retryAfterSeconds": 1,
    }
    return Refusal(504, "Timeout", f"Timeout: Too large resource version: {asked}, current: {current}", details)


def bad_request(message: str) -> Refusal:
    """400: the request makes no sense."""
    return Refusal(400, "BadRequest", message)


def not_acceptable(message: str) -> Refusal:
    """406: asked for in a way that this server does not know."""
    return Refusal(406, "NotAcceptable", message)


def internal_error(error: Exception) -> Refusal:
    """500: a bug of ours, said where it is seen."""
    return Refusal(500, "InternalError", f"this is a bug in volreel: {type(error).__name__}: {error}", {})


def invalid(message: str) -> Refusal:
    """422: options that contradict each other."""
    return Refusal(422, "Invalid", f"ListOptions.meta.k8s.io is invalid: {message}")
