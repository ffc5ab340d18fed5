"""Keeping secrets off the disk: what is taken out of an object before the journal sees it.

A rule gets the JSON text of one part of an object and returns it without its secrets; what was removed is marked. Rules
are pure and cached: a pod's containers are the same in every version of it. Which rule guards which part of which
kind is in `kinds.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

REMOVED = "(removed by volreel)"

Rule = Callable[[bytes], bytes]
"""JSON text in, JSON text out: the same object when there was nothing to remove."""

_KEY = re.compile(
    r"pass(?:word|wd|phrase|code)|\bpwd\b|secret|token|credential|private.?key|access.?key|account.?key|api.?key"
    r"|encryption.?key|auth",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"(?:name|namespace|ref|class|mode|type|file|path|enabled|seconds|audience)s?$", re.IGNORECASE)
_ASSIGNED = re.compile(
    r"(?P<key>\b[\w.-]*(?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|(?:private|access|account|api)[-_]?key)"
    r"[\w.-]*)(?P<sep>\s*[=:]\s*|\\?\"\s*:\s*\\?\")(?P<value>(?!\(removed by volreel\))[^\s,;&\"'\\]+)",
    re.IGNORECASE,
)


def is_credential_key(key: str) -> bool:
    """Whether a key of a parameter map names a credential, and not a reference to one (`...-secret-name`)."""
    return bool(_KEY.search(key)) and not is_reference(key)


def is_reference(key: str) -> bool:
    """Whether a key names where a credential is, or what kind it is, rather than the credential."""
    return bool(_REFERENCE.search(key))


def scrub_text(value: str) -> str:
    """Text without the values in `password=...` and its kin, as mount options and error messages have them."""
    return _ASSIGNED.sub(_mask, value)


def _mask(match: re.Match[str]) -> str:
    if _REFERENCE.search(match["key"]):
        return match[0]
    return f"{match['key']}{match['sep']}{REMOVED}"


def _rule(change: Callable[[Any], Any]) -> Rule:
    """A rule from a function on decoded JSON; equal output means that the text is left as it came."""

    @lru_cache(maxsize=2048)
    def apply(text: bytes) -> bytes:
        before = msgspec.json.decode(text)
        after = change(before)
        return text if after == before else msgspec.json.encode(after)

    return apply


def _scrub_containers(value: Any) -> Any:
    return [_scrub_container(each) for each in value] if isinstance(value, list) else value


def _scrub_container(container: Any) -> Any:
    if not isinstance(container, dict):
        return container
    clean = dict(container)
    if isinstance(clean.get("env"), list):
        clean["env"] = [{**each, "value": REMOVED} if "value" in each else each for each in _dicts(clean["env"])]
    for key in ("command", "args"):
        if key in clean:
            clean[key] = _scrub_arguments(clean[key])
    for key in ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle"):
        if key in clean:
            clean[key] = _scrub_probe(clean[key])
    return clean


def _scrub_arguments(arguments: Any) -> Any:
    """`--password=x`, and `--password x` in two."""
    if not isinstance(arguments, list):
        return arguments
    clean: list[Any] = []
    for index, each in enumerate(arguments):
        before = arguments[index - 1] if index else None
        is_flag = isinstance(before, str) and before.startswith("-") and "=" not in before and is_credential_key(before)
        if is_flag and isinstance(each, str) and not each.startswith("-"):
            clean.append(REMOVED)
        else:
            clean.append(scrub_text(each) if isinstance(each, str) else each)
    return clean


def _scrub_probe(value: Any) -> Any:
    """HTTP headers of a probe carry tokens; the commands of one carry passwords."""
    if isinstance(value, list):
        return [_scrub_probe(each) for each in value]
    if not isinstance(value, dict):
        return value
    clean = {key: _scrub_probe(each) for key, each in value.items()}
    if isinstance(clean.get("httpHeaders"), list):
        clean["httpHeaders"] = [{**each, "value": REMOVED} for each in _dicts(clean["httpHeaders"])]
    if "command" in clean:
        clean["command"] = _scrub_arguments(clean["command"])
    return clean


def _scrub_deep(value: Any) -> Any:
    """Any JSON: values under credential keys go, texts are scrubbed."""
    if isinstance(value, dict):
        return {
            key: REMOVED if is_credential_key(key) and isinstance(each, str) and each else _scrub_deep(each)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_scrub_deep(each) for each in value]
    return scrub_text(value) if isinstance(value, str) else value


def _scrub_pod_spec(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    clean = dict(value)
    for key in ("containers", "initContainers", "ephemeralContainers"):
        if key in clean:
            clean[key] = _scrub_containers(clean[key])
    if "volumes" in clean:
        clean["volumes"] = _scrub_deep(clean["volumes"])
    return clean


def _scrub_template(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    clean = {**value, "spec": _scrub_pod_spec(value.get("spec"))} if "spec" in value else dict(value)
    if isinstance(clean.get("metadata"), dict):
        clean["metadata"] = _without_last_applied(clean["metadata"])
    return clean


def _without_last_applied(metadata: dict[str, Any]) -> dict[str, Any]:
    annotations = metadata.get("annotations")
    if not isinstance(annotations, dict) or LAST_APPLIED not in annotations:
        return metadata
    return {**metadata, "annotations": {**annotations, LAST_APPLIED: REMOVED}}


def _dicts(value: list[Any]) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)]


LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

remove: Rule = _rule(lambda value: REMOVED)
"""The whole part goes."""
containers: Rule = _rule(_scrub_containers)
"""A list of containers: environment values, credentials in arguments, headers of probes."""
template: Rule = _rule(_scrub_template)
"""A pod template."""
parameters: Rule = _rule(_scrub_deep)
"""Parameters, volumeAttributes, mount options, volumes: values under credential keys."""
sentence: Rule = _rule(_scrub_deep)
"""A message, or objects with messages in them."""
drop: Rule = _rule(lambda value: None)
"""Not a secret: too large, and of no use to storage."""


def scrub_object(text: bytes) -> bytes:
    """A whole object of a kind without rules of its own, as text: whatever any rule here would take out of any part.

    Raises msgspec.DecodeError for what is no JSON.
    """
    before = msgspec.json.decode(text)
    after = _scrub_any(before)
    if isinstance(after, dict) and after.get("kind") == "Secret":
        after |= {
            key: dict.fromkeys(after[key], REMOVED)
            for key in ("data", "stringData")
            if isinstance(after.get(key), dict)
        }
    return text if after == before else msgspec.json.encode(after)


def _scrub_any(value: Any) -> Any:
    if isinstance(value, list):
        return [_scrub_any(each) for each in value]
    if not isinstance(value, dict):
        return scrub_text(value) if isinstance(value, str) else value
    if isinstance(value.get("metadata"), dict):
        value = {**value, "metadata": _without_last_applied(value["metadata"])}
    value = _scrub_pod_spec(value)
    return {
        key: REMOVED if is_credential_key(key) and isinstance(each, str) and each else _scrub_any(each)
        for key, each in value.items()
    }
