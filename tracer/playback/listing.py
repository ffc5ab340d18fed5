"""LIST and GET: an answer is joined from the objects' recorded bytes, never encoded anew."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tracer.playback.resource import Key, Resource
from tracer.playback.selectors import selector
from tracer.playback.status import bad_request, continue_expired, expired, invalid, not_found, too_new
from tracer.playback.tables import Printer
from tracer.playback.world import World

_KEPT_LISTS = 8
"""Lists of one resource that can be continued at the same time."""


class _Token(msgspec.Struct):
    list_id: int
    start: int


class _Kept(msgspec.Struct):
    """A list that is being read in pages: as it was when the first was asked for."""

    items: Sequence[bytes]
    revision: int
    epoch: int


class Lists:
    """The lists that somebody may still continue."""

    def __init__(self) -> None:
        self._kept: dict[Resource, dict[int, _Kept]] = {}
        self._next_id = 1

    def keep(self, resource: Resource, kept: _Kept) -> int:
        """Keep a list; the token's number for it."""
        lists = self._kept.setdefault(resource, {})
        if len(lists) >= _KEPT_LISTS:
            lists.pop(min(lists))
        self._next_id += 1
        lists[self._next_id] = kept
        return self._next_id

    def find(self, resource: Resource, list_id: int) -> _Kept:
        """The list of a token. Raises Refusal (410) when the world no longer has its revision."""
        kept = self._kept.get(resource, {}).get(list_id)
        if kept is None or kept.epoch != resource.epoch or kept.revision < resource.oldest:
            raise continue_expired()
        return kept


def get_object(world: World, resource: Resource, key: Key, printer: Printer | None) -> bytes:
    """The body of a GET. Raises Refusal (404)."""
    text = resource.state.get(key)
    is_made_up = resource is world.namespaces and key[1] == "kube-system" and not world.trace.manifest.cluster.uid
    if text is None or is_made_up:
        raise not_found(resource.kind.plural, resource.kind.group, key[1])
    if printer is None:
        return text
    return printer.table([text], {"resourceVersion": str(resource.revision)}, world.now)


def list_objects(
    world: World,
    resource: Resource,
    namespace: str | None,
    query: Mapping[str, str],
    printer: Printer | None,
    lists: Lists,
) -> bytes:
    """The body of a LIST. Raises Refusal for options that cannot be met."""
    limit = _number(query, "limit")
    if query.get("sendInitialEvents"):
        raise invalid("sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list")
    list_id = 0
    if query.get("continue"):
        token = _token(query["continue"])
        kept, start, list_id = lists.find(resource, token.list_id), token.start, token.list_id
    else:
        _check_revision(resource, query)
        kept, start = _Kept(_matching(resource, namespace, query), resource.revision, resource.epoch), 0
    end = start + limit if limit else len(kept.items)
    metadata: dict[str, Any] = {"resourceVersion": str(kept.revision)}
    if end < len(kept.items):
        list_id = list_id or lists.keep(resource, kept)
        metadata["continue"] = base64.urlsafe_b64encode(msgspec.json.encode(_Token(list_id, end))).decode()
        metadata["remainingItemCount"] = len(kept.items) - end
    page = kept.items[start:end]
    if printer is not None:
        return printer.table(page, metadata, world.now)
    return _joined(resource, metadata, page)


def _joined(resource: Resource, metadata: dict[str, Any], page: Sequence[bytes]) -> bytes:
    head = {"kind": f"{resource.kind.kind}List", "apiVersion": resource.api_version, "metadata": metadata}
    return msgspec.json.encode(head)[:-1] + b',"items":[' + b",".join(page) + b"]}"


def _matching(resource: Resource, namespace: str | None, query: Mapping[str, str]) -> list[bytes]:
    matches = selector(resource.kind, query.get("labelSelector", ""), query.get("fieldSelector", ""))
    items = resource.items(namespace)
    return [text for key, text in items if matches is None or matches(key, text)]


def _check_revision(resource: Resource, query: Mapping[str, str]) -> None:
    match = query.get("resourceVersionMatch", "")
    asked = _number(query, "resourceVersion")
    if match and not query.get("resourceVersion"):
        raise invalid("resourceVersionMatch: Forbidden: it is forbidden unless resourceVersion is given")
    if match not in ("", "Exact", "NotOlderThan"):
        raise invalid(f'resourceVersionMatch: Unsupported value: "{match}"')
    if asked > resource.revision:
        raise too_new(asked, resource.revision)
    if match == "Exact" and asked != resource.revision:
        raise expired(asked, resource.revision)


def _number(query: Mapping[str, str], name: str) -> int:
    text = query.get(name) or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise bad_request(f'{name}: Invalid value: "{text}": must be a non-negative number')
    return int(text)


def _token(text: str) -> _Token:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text), type=_Token)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise bad_request("continue key is not valid") from None
