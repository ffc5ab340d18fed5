from __future__ import annotations

import os

# No test writes to the cache folder of who runs it, and most traces are opened only once: nothing is kept.
os.environ["XDG_CACHE_HOME"] = os.devnull
