"""How far a long command has come: on a terminal, and only there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

Advance = Callable[[int, int | None], None]
"""Told how much is done, and of how much (None: not known)."""


@contextmanager
def progress(what: str) -> Iterator[Advance]:
    """A bar on stderr, from when it is first told something to the end; nothing at all where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with ExitStack() as shown:
        advance: Advance | None = None

        def tell(done: int, total: int | None) -> None:
            nonlocal advance
            advance = advance or _bar(what, shown)
            advance(done, total)

        yield tell


def _bar(what: str, shown: ExitStack) -> Advance:
    from rich.console import Console  # noqa: PLC0415 - a pipe does not pay for it
    from rich.progress import Progress  # noqa: PLC0415

    bar = shown.enter_context(Progress(console=Console(stderr=True), transient=True))
    task = bar.add_task(what, total=None)
    return lambda done, total: bar.update(task, completed=done, total=total)
