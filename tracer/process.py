"""Settings of a recorder's whole process: it runs for days beside what it watches, so it is to be small and steady."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from importlib.abc import MetaPathFinder

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # <malloc.h>
_LARGE = 256 << 10
_YOUNG = 200_000
"""Objects made before Python looks for cycles: at its default of 700 that is a quarter of a recorder's time."""

_SWITCH_S = 0.001
"""How soon a thread that has written to the disk gets its turn; at Python's default of 5 ms the disk would wait."""


_NOT_NEEDED = frozenset({"numpy", "pandas"})
"""What pyarrow imports where it is installed, and does without where it is not: 50 MB."""


class _Refusing(MetaPathFinder):
    """Says of what pyarrow is not to import that it is not installed."""

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        """Raise ModuleNotFoundError for it; leave every other module to the finders behind."""
        if name in _NOT_NEEDED:
            raise ModuleNotFoundError(f"{name} is not used in this process", name=name)


def settle() -> None:
    """Make freed memory go back to the system, and look for cyclic garbage less often. Call it before pyarrow is there.

    glibc keeps an arena for each thread and raises its thresholds as it goes, and Arrow's own allocator keeps what it
    had: with these settings a recorder needs about a third less. It imports numpy and pandas where they are installed,
    for nothing that is asked of it here. Measured in benchmarks/RESULTS.md.
    """
    gc.set_threshold(_YOUNG, 20, 20)
    sys.setswitchinterval(_SWITCH_S)
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    if "pyarrow" not in sys.modules:
        sys.meta_path.insert(0, _Refusing())
    _set_up_malloc()


def _set_up_malloc() -> None:
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # not glibc
        return
    mallopt(_M_ARENA_MAX, 1)
    mallopt(_M_MMAP_THRESHOLD, _LARGE)
    mallopt(_M_TRIM_THRESHOLD, 4 * _LARGE)
