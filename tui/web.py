"""The replay in a browser: textual-serve starts a process for each page that is open."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

from tracer.errors import VolreelError

_HOST = "127.0.0.1"


def serve(port: int, arguments: Sequence[str]) -> None:
    """Serve `volreel` with these arguments to browsers on this machine until Ctrl-C.

    Raises VolreelError where textual-serve is not installed.
    """
    try:
        from textual_serve.server import Server  # noqa: PLC0415 - it is optional
    except ImportError as error:
        raise VolreelError("--web needs textual-serve. Install it: pip install 'volreel[web]'.") from error
    command = shlex.join([sys.executable, "-m", "volreel", *arguments])
    Server(command, host=_HOST, port=port, title="volreel").serve()
