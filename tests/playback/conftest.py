from __future__ import annotations

from pathlib import Path

import pytest
from small_trace import SmallTrace

from tracer.ndjson.importing import import_ndjson

REAL = Path(__file__).parents[3] / "shared" / "real" / "text" / "events.ndjson.gz"


@pytest.fixture
def small(tmp_path: Path) -> SmallTrace:
    return SmallTrace(tmp_path / "small.trace")


@pytest.fixture(scope="session")
def whole_capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All 17 scenarios; it begins with a history that is rewound."""
    if not REAL.exists():
        pytest.skip("the captures are not here")
    trace = tmp_path_factory.mktemp("capture") / "text.trace"
    import_ndjson([str(REAL)], trace)
    return trace
