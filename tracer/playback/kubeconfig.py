"""The kubeconfig of a served trace."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import msgspec


def write_kubeconfig(path: Path, url: str, name: str) -> None:
    """Write a kubeconfig (mode 0600) for a server; what stood under the path is replaced, a link is not followed.

    Raises OSError.
    """
    body = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": url}}],
        "users": [{"name": name, "user": {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(body), indent=2) + b"\n")
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
