"""Listing a collection in pages."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from tracer.cluster import Cluster, Lost
from tracer.lifting import as_revision
from tracer.watch.intake import Intake
from tracer.watch.means import Means
from tracer.watch.standing import Standing


class _ListMeta(msgspec.Struct):
    resource_version: str = msgspec.field(name="resourceVersion", default="0")
    continue_: str = msgspec.field(name="continue", default="")


class _Page(msgspec.Struct):
    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None


async def list_pages(cluster: Cluster, path: str, page: int) -> AsyncIterator[tuple[list[bytes], str]]:
    """The pages of one consistent list, as the items' JSON, and the list's revision.

    Raises Refused (410: the server forgot the list before it was read to its end), Lost.
    """
    query = {"limit": str(page)}
    while True:
        body = await cluster.get(path, query)
        try:
            found = msgspec.json.decode(body, type=_Page)
        except msgspec.DecodeError as error:
            raise Lost(f"the list is not what it should be ({error})") from error
        yield [bytes(item) for item in found.items or []], found.metadata.resource_version
        if not found.metadata.continue_:
            return
        query["continue"] = found.metadata.continue_


async def learn_list(cluster: Cluster, path: str, page: int, intake: Intake) -> None:
    """List the collection for what it says about others; nothing is written. Raises what `list_pages` raises."""
    seen: set[str] = set()
    async for items, _ in list_pages(cluster, path, page):
        pairs = [intake.lifter.object_parts(item) for item in items]
        seen.update(intake.learn([parts for parts, _ in pairs], [text for _, text in pairs]))
    intake.learned(seen)


async def take_list(means: Means, path: str, page: int, intake: Intake, standing: Standing) -> None:
    """List the collection into the trace: what is new or changed as LISTED, what is gone as VANISHED.

    After a loss the gap is written before the first row. Raises what `list_pages` raises.
    """
    clock = means.sink.writer.clock
    seen: set[str] = set()
    before = intake.counts.observations
    revision: str | None = None
    async for items, list_revision in list_pages(means.cluster, path, page):
        if revision is None:
            revision = list_revision
            standing.gap(as_revision(revision))
        pairs = [intake.lifter.object_parts(intake.lifter.listed_text(item)) for item in items]
        seen.update(intake.listed([parts for parts, _ in pairs], [text for _, text in pairs], clock.now_us()))
        await means.sink.room()
    vanished = intake.vanished(seen, clock.now_us())
    changed = intake.counts.observations - before - vanished
    detail = f"{len(seen)} objects listed, {changed} of them new or changed, {vanished} vanished"
    standing.synced(revision or "0", detail, clock.now_us())
